"""When a function that is defined again counts as the same."""

import pytest

from bigmodel_lab.widgets.rerun import same_function

SOURCE = """
def f(rate=0.1, *, steps=3):
    def loss(x):
        return x * 2.0
    return [loss(k) for k in range(steps)], rate
"""


def define(source):
    """Return the function f that a source defines."""
    names = {}
    exec(source, names)
    return names["f"]


def test_a_function_defined_again_is_the_same_wherever_it_stands():
    assert same_function(define(SOURCE), define(SOURCE))
    moved = "\n# a comment\n" + SOURCE.replace("    def", "    # another\n    def")
    assert same_function(define(SOURCE), define(moved))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1", "0.2"),  # a default
        ("steps=3", "steps=4"),  # a default of a keyword
        ("2.0", "3.0"),  # a constant in a function within
        ("2.0", "2"),
        ("x * 2.0", "x + 2.0"),
        ("range(steps)", "list(steps)"),
        ("rate=0.1, *, steps=3", "steps=0.1, *, rate=3"),
    ],
)
def test_every_change_of_what_it_does_is_seen(old, new):
    assert old in SOURCE
    assert not same_function(define(SOURCE), define(SOURCE.replace(old, new)))


def test_functions_with_variables_of_others_are_the_same_only_if_they_are_one():
    def maker(rate):
        return lambda: rate

    one = maker(1)
    assert same_function(one, one)
    assert not same_function(one, maker(1))


def test_a_method_belongs_to_its_object():
    class Owner:
        def method(self):
            pass

    one = Owner()
    assert same_function(one.method, one.method)
    assert not same_function(one.method, Owner().method)

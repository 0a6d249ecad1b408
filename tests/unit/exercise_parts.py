"""What the tests of exercises share."""

import pytest

from bigmodel_lab import exercises


def names_of(chapter):
    """Return the names of a chapter's exercises, without the chapter's."""
    parts = (name.split(".") for name in exercises.all_exercises())
    return [name for of, name in parts if of == chapter]


def assert_told_apart(one, times):
    """Assert that in so many checks each mistake is recognized by its own name.

    Else somebody would now and then be told of a mistake that they did not make.
    """
    for _ in range(times):
        cases = one.cases(one.rng())
        given = {id(arguments): one.mistaken(arguments) for arguments, _ in cases}
        with pytest.MonkeyPatch.context() as patch:  # computed once for all of them
            patch.setattr(one, "mistaken", lambda a, given=given: given[id(a)])
            for name in one.help:
                results = [given[id(arguments)][name] for arguments, _ in cases]
                feedback = one.compare(results, cases)
                assert feedback.outcome == "wrong", name
                assert feedback.misconception == name

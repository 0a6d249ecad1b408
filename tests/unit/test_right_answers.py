"""Every solution is accepted in every spelling, again and again: none by luck."""

import copy

import numpy as np
import pytest
import torch

from bigmodel_lab import exercises
from bigmodel_lab.datasets.fetching import DataUnavailable
from bigmodel_lab.exercises.judging.judge import Scored
from bigmodel_lab.exercises.judging.words import as_array

pytestmark = pytest.mark.usefixtures("same_draws")
ALL = {
    name: one
    for name, one in exercises.all_exercises().items()
    if one.inputs and not isinstance(one, Scored)
}
CASES = 200  # of each exercise, checked in groups of five


def each(value, change):
    """Return a value with `change` made to all its arrays, tensors and models."""
    if isinstance(value, (tuple, list)):
        return type(value)(each(entry, change) for entry in value)
    changed = (np.ndarray, torch.Tensor, torch.nn.Module)
    return change(value) if isinstance(value, changed) else value


def in_float32(value):
    """Return an array or tensor of fractions, or a model, in float32."""
    if isinstance(value, torch.nn.Module):
        return value.float()
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    return value.astype(np.float32) if value.dtype.kind == "f" else value


def as_tensor(value):
    """Return a result as a tensor, where it has numbers."""
    array = as_array(value)
    return value if array is None else torch.tensor(array)


def as_numpy(value):
    """Return a result as a NumPy array, where it has numbers."""
    array = as_array(value)
    return value if array is None else array


def as_list(value):
    """Return a result as numbers and lists of them."""
    array = as_array(value)
    return value if array is None else array.tolist()


def part_by_part(change):
    """Return a function that changes a result, or each part of a tuple."""

    def changed(result):
        if isinstance(result, tuple):
            return tuple(map(change, result))
        return change(result)

    return changed


def stacked(result):
    """Return a tuple of parts of one shape as one array; anything else as it is."""
    if not isinstance(result, tuple):
        return result
    array = as_array(result)
    return result if array is None else array


def spoiled(solution, arguments):
    """Return the solution's result, and leave nothing of its arguments as it was."""
    result = solution(*copy.deepcopy(arguments))
    for value in arguments:
        if isinstance(value, (np.ndarray, torch.Tensor)) and value.ndim:
            value[:] = value[0]
    return result


FORMS = {
    "float64": (lambda value: value, lambda result: result),
    "float32": (in_float32, lambda result: result),
    "a tensor": (lambda value: value, part_by_part(as_tensor)),
    "an array": (in_float32, part_by_part(as_numpy)),
    "a list": (in_float32, part_by_part(as_list)),
    "a stacked array": (in_float32, stacked),
}


def drawn(one, rng):
    """Return cases of an exercise."""
    try:
        return one.cases(rng, CASES)
    except DataUnavailable as error:
        pytest.skip(f"needs a network, once: {error}")


def refusals(one, cases, results):
    """Return what a check says of each group of five results that it refuses."""
    said = []
    for k in range(0, len(cases), 5):
        feedback = one.compare(results[k : k + 5], cases[k : k + 5])
        if feedback.outcome != "correct":
            said.append(feedback.message)
    return said


@pytest.mark.parametrize("name", ALL)
def test_no_spelling_of_the_solution_is_refused(name):
    one = ALL[name]
    cases = drawn(one, np.random.default_rng(0))
    for form, (before, after) in FORMS.items():
        results = [
            after(one.solution(*each(copy.deepcopy(arguments), before)))
            for arguments, _ in cases
        ]
        assert refusals(one, cases, results) == [], form
    for answer in one.also:
        results = [answer(*copy.deepcopy(arguments)) for arguments, _ in cases]
        assert refusals(one, cases, results) == [], answer


@pytest.mark.parametrize("name", ALL)
def test_an_answer_may_spoil_its_arguments(name):
    one = ALL[name]
    try:
        feedback = one.judge(lambda *arguments: spoiled(one.solution, arguments))
    except DataUnavailable as error:
        pytest.skip(f"needs a network, once: {error}")
    assert feedback.outcome == "correct"

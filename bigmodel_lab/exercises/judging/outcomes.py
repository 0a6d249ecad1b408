"""What an answer gave in all cases of a check, beside what is right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bigmodel_lab.exercises.judging.words import agree, as_array, slack

MANY = 3  # different values: no rule holds for so many by chance


def all_agree(given: Sequence, expected: Sequence, tolerance: float) -> bool:
    """Tell whether all results agree with the right ones."""
    allowed = slack(expected, tolerance)
    return all(
        agree(one, other, tolerance, allowed)
        for one, other in zip(given, expected, strict=True)
    )


@dataclass(frozen=True)
class Outcomes:
    """The results of an answer in all cases, the right ones, and the arguments.

    Parameters
    ----------
    given, expected : list
        The results and the right ones.
    draws : list of dict
        The arguments of each case by name; empty for a value.
    tolerance : float
        Relative tolerance of the comparison.
    right : callable or None
        What is right for other arguments: `right(**arguments)`.
    """

    given: list
    expected: list
    draws: list[dict]
    tolerance: float
    right: Callable | None = None

    @cached_property
    def a(self) -> list[np.ndarray | None]:
        """Return the results as arrays, None where they have no numbers."""
        return [as_array(value) for value in self.given]

    @cached_property
    def b(self) -> list[np.ndarray | None]:
        """Return the right results as arrays, None where they have no numbers."""
        return [as_array(value) for value in self.expected]

    def has_other_shape(self) -> bool:
        """Tell whether a result has another shape than the right one."""
        return any(
            a is not None and b is not None and a.shape != b.shape
            for a, b in zip(self.a, self.b, strict=True)
        )

    def are(self, change: Callable) -> bool:
        """Tell whether `change(right result)` is the result in every case."""
        with np.errstate(all="ignore"):
            return self.equal([change(b) for b in self.b])

    def equal(self, others: list) -> bool:
        """Tell whether the results are the others, one for each case."""
        if any(other is None for other in others):
            return False
        return all_agree(self.given, others, self.tolerance)

    def varied(self) -> bool:
        """Tell whether the right values are too many for a rule to hold by chance."""
        values = np.concatenate([b.ravel() for b in self.b])
        return len(np.unique(values[np.isfinite(values)].round(12))) >= MANY

    def tiny(self) -> bool:
        """Tell whether the results are so near to 0 that they would agree by chance."""
        largest = max(
            (abs(a).max(initial=0) for a in self.a if a is not None), default=0
        )
        return 0 < largest < 1e-6

    def arguments(self) -> Iterator[tuple[str, list]]:
        """Yield each argument's name, and its values in all cases as arrays."""
        for name in self.draws[0]:
            yield name, [as_array(draw[name]) for draw in self.draws]

    def lengths(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield in words, and for all cases, the sizes of the arguments."""
        for name, arrays in self.arguments():
            if any(a is None or a.ndim == 0 for a in arrays):
                continue
            if all(a.ndim == 1 for a in arrays):
                yield f"the length of {name}", np.array([len(a) for a in arrays])
                continue
            for axis in range(min(a.ndim for a in arrays)):
                sizes = np.array([a.shape[axis] for a in arrays])
                yield f"the size of {name} along dimension {axis}", sizes
            yield f"how many numbers {name} holds", np.array([a.size for a in arrays])

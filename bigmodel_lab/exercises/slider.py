"""Where the learning-rate slider of the panels can stand: ten notches per decade."""

import numpy as np

_NOTCHES = 10 ** (np.arange(-50, 11) / 10)


def notch_below(bound: float) -> float:
    """Return the last notch below `bound`."""
    return max(notch for notch in _NOTCHES if notch < bound)


def notch_above(bound: float) -> float:
    """Return the first notch above `bound`."""
    return min(notch for notch in _NOTCHES if notch > bound)

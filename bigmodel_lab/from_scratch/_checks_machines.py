"""What many machines refuse, and what to do instead."""

import math


def check_whole(name, value, least=1):
    """Raise ValueError unless a count is a whole number of at least `least`."""
    whole = isinstance(value, (int, float)) and value == value // 1
    if not whole or not value >= least or value == math.inf:
        raise ValueError(
            f"{name} must be a whole number of at least {least}, got {value}."
        )


def check_positive(**values):
    """Raise ValueError, with its name, unless each value is finite and above 0."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(
                f"{name} must be a finite number above 0, got {value}: times are in "
                f"seconds, sizes in bytes, a bandwidth in bytes per second."
            )


def check_not_negative(**values):
    """Raise ValueError, with its name, unless each value is finite and 0 or above."""
    for name, value in values.items():
        if not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a finite number from 0 on, got {value}.")


def check_stage(stage):
    """Raise ValueError unless ZeRO has this stage."""
    if stage not in (0, 1, 2, 3):
        raise ValueError(
            f"ZeRO has the stages 1, 2 and 3, and 0 shares nothing: got {stage}."
        )


def check_one_shape(tensors):
    """Raise ValueError unless there are tensors, all of one shape and type."""
    kinds = {(tuple(tensor.shape), tensor.dtype) for tensor in tensors}
    if not kinds:
        raise ValueError("There is no tensor to add up: give one for each machine.")
    if len(kinds) > 1:
        found = " and ".join(sorted(f"{kind[1]} {kind[0]}" for kind in kinds))
        raise ValueError(
            f"Machines can only add up tensors of one shape and type, got {found}."
        )

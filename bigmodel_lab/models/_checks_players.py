"""What a network that plays refuses, and what to do instead."""


def check_sizes(**sizes):
    """Raise ValueError, with its name, unless each size is a whole number from 1 on."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, got {size!r}."
            )


def check_planes(planes, shape):
    """Raise ValueError unless planes are two of this board for each position."""
    height, width = shape
    if planes.dim() != 4 or tuple(planes.shape[1:]) != (2, height, width):
        raise ValueError(
            f"planes must be (N, 2, {height}, {width}), got {tuple(planes.shape)}: "
            f"this network plays on {height} x {width} squares, so build another one "
            f"with PolicyValueNetwork(game)."
        )


def pair_of(found):
    """Return what a network returned; ValueError unless it is logits and values."""
    if not isinstance(found, tuple) or len(found) != 2:
        raise ValueError(
            f"A network that plays returns a pair, logits (N, M) and values (N,), got "
            f"{type(found).__name__}: give it a second head."
        )
    return found

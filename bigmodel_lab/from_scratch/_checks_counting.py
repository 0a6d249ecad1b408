"""What counting and scaling refuse, and what to do instead."""

import math

BIASES = ("all", "attention inputs", "none")


def check_whole(model):
    """Raise ValueError if a size is not a whole number of at least 1."""
    sizes = ["layers", "dimensions", "heads", "vocabulary_size", "length"]
    sizes += [name for name in ("key_value_heads", "hidden") if getattr(model, name)]
    for name in sizes:
        value = getattr(model, name)
        if value != int(value) or value < 1:
            raise ValueError(
                f"{name} must be a whole number of at least 1, got {value}."
            )
    if model.biases not in BIASES:
        raise ValueError(f"biases must be one of {BIASES}, got {model.biases!r}.")


def check_shares(model):
    """Raise ValueError if the heads do not share out what they share."""
    d, heads = model.dimensions, model.heads
    if d % heads:
        raise ValueError(
            f"{heads} heads cannot share {d} dimensions evenly: choose a number of "
            f"heads that divides them."
        )
    if heads % (model.key_value_heads or heads):
        raise ValueError(
            f"{heads} query heads cannot share {model.key_value_heads} heads of keys "
            f"and values evenly: choose a number that divides {heads}."
        )


def check_at_least(name, value, least):
    """Raise ValueError if a number is below the least that makes sense, or none."""
    if not (math.isfinite(value) and value >= least):
        raise ValueError(f"{name} must be a number of at least {least}, got {value}.")


def check_runs(parameters, tokens, losses):
    """Raise ValueError if runs cannot be fitted: other lengths, too few, no numbers."""
    if not len(parameters) == len(tokens) == len(losses):
        raise ValueError(
            f"Each run needs its parameters, tokens and loss: got {len(parameters)}, "
            f"{len(tokens)} and {len(losses)} of them."
        )
    if len({*zip(parameters, tokens, strict=True)}) < 5:
        raise ValueError(
            "Five numbers are fitted: give at least five runs that differ in their "
            "parameters or tokens."
        )
    _check_positive(parameters=parameters, tokens=tokens, losses=losses)


def check_found_law(law):
    """Return a law; ValueError if there is none, since losses rise with the size."""
    if law is None:
        raise ValueError(
            "No law fits: the losses must fall with the parameters and with the tokens."
        )
    return law


def check_law_points(x, losses, floor):
    """Raise ValueError if points do not lie above the floor, or are fewer than two."""
    if len(x) != len(losses) or len(x) < 2:
        raise ValueError(
            f"A power law needs at least two points, each with its loss: got {len(x)} "
            f"and {len(losses)}."
        )
    _check_positive(x=x, losses=losses)
    if min(losses) <= floor:
        raise ValueError(
            f"floor must be below all losses, got {floor}: the least loss is "
            f"{min(losses)}."
        )


def _check_positive(**numbers):
    """Raise ValueError if a number is not finite and above 0."""
    for name, values in numbers.items():
        if bad := [value for value in values if not 0 < value < math.inf]:
            raise ValueError(
                f"{name} must be finite and above 0, got {bad[0]}: leave out runs that "
                f"diverged."
            )

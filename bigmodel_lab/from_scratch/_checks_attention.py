"""What attention and sampling refuse, and what to do instead."""


def check_heads(dimensions, heads):
    """Raise ValueError if the numbers of a place cannot be shared out evenly."""
    if heads < 1 or dimensions % heads:
        raise ValueError(
            f"{dimensions} dimensions cannot be shared out among {heads} heads: choose "
            f"dimensions that are a multiple of the heads."
        )


def check_pairs(dimensions):
    """Raise ValueError if a head's numbers do not come in pairs."""
    if dimensions % 2:
        raise ValueError(
            f"Rotary positions turn pairs of numbers, and a head has {dimensions}: "
            f"choose dimensions so that each head gets an even number."
        )


def check_sampling(temperature, top_k, top_p):
    """Raise ValueError if a setting of the sampling is out of range."""
    if not temperature > 0:
        raise ValueError(
            f"temperature must be above 0, got {temperature}: take 0.01 for nearly "
            f"always the likeliest token, or top_k=1 for always."
        )
    if top_k is not None and (top_k != int(top_k) or top_k < 1):
        raise ValueError(
            f"top_k must be a whole number from 1 on, or None for all, got {top_k}."
        )
    if not 0 < top_p <= 1:
        raise ValueError(
            f"top_p must be above 0 and at most 1 (all tokens), got {top_p}."
        )

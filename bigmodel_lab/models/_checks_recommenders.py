"""Checks of fields: how many values each has, and ids among them."""


def check_sizes(sizes, exactly=None):
    """Refuse no fields, one without values, and another number than `exactly`."""
    if not len(sizes) or min(sizes) < 1:
        raise ValueError(
            f"sizes must say how many values each field has, 1 or more, got {sizes}."
        )
    if exactly is not None and len(sizes) != exactly:
        raise ValueError(
            f"Matrix factorization has {exactly} fields, users and films, got "
            f"{len(sizes)} sizes: take a factorization machine for more."
        )


def check_ids(ids, sizes):
    """Refuse ids that are not whole numbers (N, F), each among its field's values."""
    if ids.dim() != 2 or ids.shape[1] != len(sizes) or ids.is_floating_point():
        raise ValueError(
            f"ids must be (N, {len(sizes)}) whole numbers, one for each field, got "
            f"{ids.dtype} of shape {tuple(ids.shape)}."
        )
    wrong = (ids < 0) | (ids >= sizes)
    if wrong.any():
        row, field = wrong.nonzero()[0].tolist()
        raise ValueError(
            f"Row {row} has {ids[row, field]} in field {field}, whose ids are 0 to "
            f"{sizes[field] - 1}: what was never seen has no vector, so leave such "
            f"rows out, or keep an id for all that is unknown."
        )

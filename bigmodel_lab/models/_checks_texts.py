"""Checks of texts as lists of ids, of their classes, and of weights."""


def check_texts(ids):
    """Refuse no texts at all, and one without a single token."""
    if not len(ids):
        raise ValueError("There are no texts: give one or more.")
    empty = [number for number, text in enumerate(ids) if not len(text)]
    if empty:
        raise ValueError(
            f"Text {empty[0]} has no tokens: cut it with the encoder's tokenizer, "
            f"which marks the beginning and the end even of an empty text."
        )


def check_labels(ids, labels, classes):
    """Refuse labels that are not one class, 0 to `classes` - 1, for each text."""
    check_texts(ids)
    if labels.ndim != 1 or len(labels) != len(ids):
        raise ValueError(
            f"There are {len(ids)} texts, and labels of the shape "
            f"{tuple(labels.shape)}: give one for each text."
        )
    low, high = int(labels.min()), int(labels.max())
    if labels.is_floating_point() or low < 0 or high >= classes:
        raise ValueError(
            f"The labels go from {low} to {high} ({labels.dtype}): with {classes} "
            f"classes they must be integers from 0 to {classes - 1}."
        )


def check_finite(model):
    """Refuse a model with a weight that is infinite or NaN, and name it."""
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise ValueError(f"{name} has numbers that are infinite or NaN")

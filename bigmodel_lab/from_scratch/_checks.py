"""What the functions of this folder refuse, and what to do instead.

The guards stand here and in `_checks_text.py`, so that a function reads like its
formula. torch and pandas are imported only by the checks that need them: nobody who
works with tables has to wait for torch.
"""

import math

import numpy as np


def check_whole(name, value):
    """Raise ValueError unless a count is a whole number of at least 1."""
    number = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not number or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")


# -- losses ----------------------------------------------------------------------------


def check_same_shape(name, values, targets):
    """Raise ValueError if the shapes differ (they would broadcast) or are empty."""
    if values.shape != targets.shape:
        raise ValueError(
            f"{name} {tuple(values.shape)} and targets {tuple(targets.shape)} must "
            f"have one shape: reshape one of them, for example with "
            f"{name}.squeeze(-1)."
        )
    if values.numel() == 0:
        raise ValueError(f"{name} are empty: give at least one prediction.")


def check_yes_or_no(logits, targets):
    """Raise ValueError if the shapes differ, or a target is not from 0 to 1."""
    check_same_shape("logits", logits, targets)
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError("targets must lie from 0 to 1: they are probabilities of yes.")


def check_classification(logits, targets):
    """Raise ValueError if `targets` are neither classes nor probabilities of them."""
    if logits.dim() != 2 or not logits.numel():
        raise ValueError(
            f"logits must have shape (N, classes) with N >= 1, got "
            f"{tuple(logits.shape)}."
        )
    if targets.shape == logits.shape:
        return
    if targets.shape != logits.shape[:1] or targets.is_floating_point():
        raise ValueError(
            f"targets must be (N,) whole numbers, the classes, or (N, classes) "
            f"probabilities, got {targets.dtype} of shape {tuple(targets.shape)} for "
            f"logits {tuple(logits.shape)}."
        )
    classes = logits.shape[1]
    if targets.min() < 0 or targets.max() >= classes:
        raise ValueError(
            f"targets must be classes from 0 to {classes - 1}, got "
            f"{targets.min().item()} to {targets.max().item()}."
        )


# -- optimizers and schedules ----------------------------------------------------------


def check_optimizer(learning_rate, options):
    """Raise ValueError if the learning rate or another setting is out of its range."""
    if not (learning_rate > 0 and math.isfinite(learning_rate)):
        raise ValueError(
            f"learning_rate must be a finite number above 0, got {learning_rate}; "
            f"0.01 is a usual first try."
        )
    shares = {name: options.get(name, 0) for name in ("momentum", "decay")}
    shares |= {f"betas[{k}]": b for k, b in enumerate(options.get("betas", ()))}
    for name, value in shares.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name} must be at least 0 and below 1, got {value}.")
    for name in ("weight_decay", "epsilon"):
        if not 0 <= options.get(name, 0) < math.inf:
            raise ValueError(f"{name} must be 0 or above, got {options[name]}.")
    if options.get("nesterov") and not options["momentum"]:
        raise ValueError("nesterov needs a momentum above 0, for example 0.9.")


def check_matrices(parameters):
    """Raise ValueError if a parameter is not a matrix."""
    shapes = [tuple(theta.shape) for theta in parameters if theta.dim() != 2]
    if shapes:
        raise ValueError(
            f"Muon is for matrices, and a parameter has the shape {shapes[0]}: give it "
            f"to AdamW, and both to Together."
        )


def check_warmup(warmup, steps):
    """Raise ValueError if the warm-up is not a share, or is not longer than a step."""
    if not 0 < warmup < 1 or warmup * steps <= 1:
        raise ValueError(
            f"warmup must be a share between 0 and 1 of more than one step, got "
            f"{warmup} of {steps} steps."
        )


# -- tables ----------------------------------------------------------------------------


def check_not_empty(frame):
    """Raise ValueError if the frame has no rows or no columns."""
    if 0 in frame.shape:
        raise ValueError(
            f"The table is empty: it has {frame.shape[0]} rows and {frame.shape[1]} "
            f"columns. Did a filter or dropna() take everything?"
        )


def check_numeric(frame):
    """Raise ValueError if the frame is empty, or a column does not hold numbers."""
    from pandas.api.types import is_numeric_dtype

    check_not_empty(frame)
    _refuse(
        frame.columns[[not is_numeric_dtype(dtype) for dtype in frame.dtypes]],
        "does not hold numbers: encode its categories, or leave it out",
    )


def check_finite(matrix, names):
    """Raise ValueError if a column has infinite values, or nothing but NaN."""
    _refuse(
        names[np.isinf(matrix).any(axis=0)],
        "holds infinite values: find the division by zero or the logarithm of 0",
    )
    _refuse(
        names[np.isnan(matrix).all(axis=0)], "is missing in every row: leave it out"
    )


def _refuse(names, reason):
    """Raise ValueError with the names of these columns, if there are any."""
    if len(names):
        shown = ", ".join(repr(name) for name in names[:5])
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise ValueError(f"Column {shown}{more} {reason}.")


def check_one_column(matrix):
    """Raise ValueError if there are several columns: each has its own quartiles."""
    if matrix.shape[1] != 1:
        raise ValueError(
            f"Give one column, not {matrix.shape[1]}: each has its quartiles."
        )


def check_quartiles(lower, upper):
    """Raise ValueError if the quartiles are equal: their distance is the unit."""
    if lower == upper:
        raise ValueError(
            f"Half of the values and more are {lower:g}: the quartiles are equal, and "
            f"no distance can be measured in them."
        )


def check_spread(scale, names):
    """Raise ValueError with the names of the columns whose `scale` (d,) is 0."""
    named = zip(names or range(len(scale)), scale, strict=True)
    flat = [name for name, width in named if not width > 0]
    if flat:
        raise ValueError(
            f"Column {', '.join(map(repr, flat))} has no spread to divide by: all its "
            f"values, or the middle half of them, are the same. Leave it out, or take "
            f"a scaler that looks at other values."
        )


def check_columns(X, fitted, count):
    """Raise ValueError if X has other columns than those that a scaler was fitted on.

    `fitted` are their names, None if they had none, and `count` is their number.
    """
    names = list(getattr(X, "columns", fitted or []))
    if fitted is not None and names != fitted:
        raise ValueError(
            f"The scaler was fitted on the columns {fitted}, this has {names}: give "
            f"the same columns in the same order."
        )
    if np.shape(X)[1:] != (count,):
        raise ValueError(
            f"The scaler was fitted on columns (N, {count}), this has shape "
            f"{np.shape(X)}: give the same columns."
        )


# -- images ----------------------------------------------------------------------------


def check_images(images):
    """Return `images` if they are floats (N, C, H, W) in [0, 1].

    Raises
    ------
    TypeError
        If they are not a tensor.
    ValueError
        If they have another shape, type or range; the message says how to fix it.
    """
    import torch

    if not isinstance(images, torch.Tensor):
        raise TypeError(
            f"Images must be a torch tensor, not {type(images).__name__}: convert with "
            f"torch.as_tensor(...)."
        )
    shape = tuple(images.shape)
    if images.ndim != 4:
        raise ValueError(
            f"Images must be (N, C, H, W), got shape {shape}{_four_dimensions(shape)}."
        )
    if shape[1] not in (1, 3):
        last = ": take images.permute(0, 3, 1, 2)" if shape[3] in (1, 3) else ""
        raise ValueError(
            f"Images must have 1 or 3 channels in dimension 1, got shape {shape}{last}."
        )
    if not images.is_floating_point():
        raise ValueError(
            f"Images must be floats, got {images.dtype}: take images.float() / 255."
        )
    if images.numel() == 0:
        raise ValueError(
            f"There are no images here, the shape is {shape}: did a selection take "
            f"everything?"
        )
    low, high = (value.item() for value in images.aminmax())
    if not 0 <= low <= high <= 1:  # NaN, too
        raise ValueError(
            f"Pixels must lie in [0, 1], got {low:.8g} to {high:.8g}: "
            f"{_into_range(low, high)}."
        )
    return images


def _four_dimensions(shape):
    """Say how images of another shape become (N, C, H, W)."""
    if len(shape) == 2:
        return ": take images[None, None]"
    if len(shape) != 3:
        return ""
    if shape[2] in (1, 3):
        return ": one image with its channels last? Take images.permute(2, 0, 1)[None]"
    gray = "images[:, None] (one channel of each image)"
    if shape[0] == 3:
        return f": take images[None] if it is one color image, {gray} if it is three"
    return f": take {gray}"


def _into_range(low, high):
    """Say how to bring pixels from `low` to `high` into [0, 1]."""
    if math.isnan(low):
        return "find the step that made NaN, such as 0 / 0"
    if low >= 0 and 2 <= high <= 255:
        return "divide by 255"
    if -1 <= low < 0 and high <= 1:
        return "if they are scaled to [-1, 1], take (images + 1) / 2"
    return "undo their scaling, or cut off what is outside by images.clamp(0, 1)"


def check_shape_kept(before, after):
    """Raise ValueError if an augmentation changed the shape of the images."""
    if after.shape != before.shape:
        raise ValueError(
            f"The augmentation turned shape {tuple(before.shape)} into "
            f"{tuple(after.shape)}: crop to the old size, with padding."
        )

"""What a detector refuses: pictures, scenes and settings, and what to do instead."""


def check_pictures(pictures, side):
    """Raise ValueError unless pictures are (N, 1, side, side)."""
    if pictures.dim() != 4 or tuple(pictures.shape[1:]) != (1, side, side):
        raise ValueError(
            f"pictures must be (N, 1, {side}, {side}), got {tuple(pictures.shape)}: a "
            f"single one is pictures[:1]."
        )


def check_targets(boxes, classes, side, kinds):
    """Raise ValueError unless each box is on its picture, and has a known class."""
    if len(boxes) != len(classes):
        raise ValueError(
            f"There are boxes of {len(boxes)} scenes and classes of {len(classes)}: "
            f"give both for each."
        )
    for place, (some, labels) in enumerate(zip(boxes, classes, strict=True)):
        if tuple(some.shape) != (len(labels), 4):
            raise ValueError(
                f"Scene {place} has boxes of shape {tuple(some.shape)} and "
                f"{len(labels)} classes: give left, top, right and bottom for each."
            )
        low, high = some[:, :2], some[:, 2:]
        if not ((low >= 0) & (low < high) & (high <= side)).all():
            raise ValueError(
                f"Scene {place} has a box that is not on the picture: left < right and "
                f"top < bottom must be from 0 to {side}, got {some.tolist()}."
            )
        if len(labels) and (labels.min() < 0 or labels.max() >= kinds):
            raise ValueError(
                f"Scene {place} has the classes {labels.tolist()}: they must be from 0 "
                f"to {kinds - 1}."
            )


def check_pairs(boxes, others):
    """Raise ValueError unless there is one other box for each box."""
    if boxes.shape != others.shape or boxes.dim() != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f"Boxes are compared in pairs, (N, 4) each, got {tuple(boxes.shape)} and "
            f"{tuple(others.shape)}: `detection.iou` compares all with all."
        )


def check_answers(answers, targets):
    """Raise ValueError unless there is a target for each cell's answer."""
    if (*answers.shape[:-1], 6) != tuple(targets.shape) or answers.dim() != 4:
        raise ValueError(
            f"answers must be (N, 8, 8, 15) and targets (N, 8, 8, 6), got "
            f"{tuple(answers.shape)} and {tuple(targets.shape)}: make targets with "
            f"models.detection_targets(boxes, classes)."
        )


def check_shares(**shares):
    """Raise ValueError, with its name, unless each is None or from 0 to 1."""
    for name, share in shares.items():
        if share is not None and not 0 <= share <= 1:
            raise ValueError(f"{name} must be from 0 to 1, got {share}.")
    if shares["threshold"] is None:
        raise ValueError("threshold must be from 0 to 1, got None: 0 shows all cells.")

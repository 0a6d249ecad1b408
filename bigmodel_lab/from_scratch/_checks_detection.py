"""What detection refuses: boxes, scores, classes and scenes, and the way out."""

import numpy as np


def check_boxes(boxes):
    """Return boxes as (N, 4) float64; ValueError for other shapes, NaN, turned ones."""
    boxes = np.asarray(boxes, dtype=float)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f"Boxes must be (N, 4), left, top, right and bottom of each, got "
            f"{boxes.shape}: a single box is [[left, top, right, bottom]]."
        )
    _check_finite("Box", boxes)
    for low, high, first, second in ((0, 2, "left", "right"), (1, 3, "top", "bottom")):
        turned = boxes[:, high] < boxes[:, low]
        if turned.any():
            place = int(turned.argmax())
            raise ValueError(
                f"Box {place} has its {second} ({boxes[place, high]:g}) before its "
                f"{first} ({boxes[place, low]:g}): the order is left, top, right, "
                f"bottom, not widths and heights."
            )
    return boxes


def _check_finite(name, values):
    """Raise ValueError if a row of values has NaN, or something infinite."""
    bad = ~np.isfinite(values)
    bad = bad.any(axis=1) if values.ndim == 2 else bad
    if bad.any():
        place = int(bad.argmax())
        raise ValueError(
            f"{name} {place} is {values[place].tolist()}: NaN and infinite numbers "
            f"cannot be compared; did the training diverge?"
        )


def check_scores(right, scores):
    """Return detections as bool and their scores, (N,) each; ValueError otherwise."""
    right, scores = np.asarray(right, dtype=bool), np.asarray(scores, dtype=float)
    _check_number("detections", right, scores)
    return right, scores


def check_scored(boxes, scores):
    """Return boxes (N, 4) and scores (N,); ValueError if they do not match."""
    boxes, scores = check_boxes(boxes), np.asarray(scores, dtype=float)
    _check_number("boxes", boxes, scores)
    return boxes, scores


def _check_number(name, values, scores):
    """Raise ValueError unless there is a score, and no NaN, for each of the values."""
    if scores.shape != (len(values),):
        raise ValueError(
            f"There are {len(values)} {name} and scores of shape {scores.shape}: give "
            f"one score for each."
        )
    _check_finite("Score", scores)


def check_overlap(overlap):
    """Raise ValueError unless an overlap is a share from 0 to 1."""
    if not 0 <= overlap <= 1:
        raise ValueError(
            f"overlap must be from 0 (boxes that do not meet) to 1 (the same box), got "
            f"{overlap}."
        )


def check_count(count, right):
    """Raise ValueError unless there is a truth, and no more were found than exist."""
    if count < 1:
        raise ValueError(
            f"count must be how many true boxes there are, at least 1, got {count}: "
            f"where nothing is there to be found, recall has no meaning."
        )
    if right.sum() > count:
        raise ValueError(
            f"{right.sum()} detections are right, but only {count} boxes are true: "
            f"each counts once, see `matches`."
        )


def _check_classes(boxes, classes):
    """Return classes (N,); ValueError unless each box has one."""
    classes = np.asarray(classes)
    if classes.shape != (len(boxes),):
        raise ValueError(
            f"There are {len(boxes)} boxes and classes of shape {classes.shape}: give "
            f"one class for each box."
        )
    return classes


def check_scenes(detections, truths):
    """Return scenes' detections and truths as arrays; ValueError if they do not match.

    Also if no scene has a box.
    """
    if len(detections) != len(truths):
        raise ValueError(
            f"There are detections of {len(detections)} scenes and truths of "
            f"{len(truths)}: give both for each, empty ones where nothing is."
        )
    detections = [_check_detections(*scene) for scene in detections]
    truths = [_check_truth(*scene) for scene in truths]
    if not any(len(boxes) for boxes, _ in truths):
        raise ValueError(
            f"None of the {len(truths)} scenes has a box: the score is a share of the "
            f"boxes found, so at least one scene needs one."
        )
    return detections, truths


def _check_detections(boxes, scores, classes):
    """Return a scene's detections as arrays; ValueError if they do not match."""
    boxes, scores = check_scored(boxes, scores)
    return boxes, scores, _check_classes(boxes, classes)


def _check_truth(boxes, classes):
    """Return a scene's true boxes and classes; ValueError if they do not match."""
    boxes = check_boxes(boxes)
    return boxes, _check_classes(boxes, classes)

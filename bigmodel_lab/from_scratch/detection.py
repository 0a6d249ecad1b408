"""Finding things: how boxes overlap, which ones to keep, and what a detector is worth.

D0, D1 and D2 §6.2. A box is left, top, right, bottom, in pixels from the upper left
corner. Detectors are scored by the rules of COCO: Lin and others (2014), *Microsoft
COCO: common objects in context*, arXiv 1405.0312.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks_detection import (
    check_boxes,
    check_count,
    check_overlap,
    check_scenes,
    check_scored,
    check_scores,
)

RECALLS = np.linspace(0, 1, 101)  # at which COCO reads the precision
OVERLAPS = np.linspace(0.5, 0.95, 10)  # COCO's 0.5:0.95


# -- boxes -----------------------------------------------------------------------------


def area(boxes: np.ndarray) -> np.ndarray:
    """Return width times height of boxes (..., 4): (...)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def iou(boxes: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Return how much each box overlaps each other one: (N, 4), (M, 4) -> (N, M).

    Intersection over union: the area that both have, as a share of what they cover
    together. 1 is the same box, 0 are boxes that do not meet. Raises ValueError for
    NaN, or a box whose right is left of its left.
    """
    one, other = check_boxes(boxes)[:, None], check_boxes(others)  # (N, 1, 4), (M, 4)
    left_top = np.maximum(one[..., :2], other[:, :2])  # (N, M, 2)
    right_bottom = np.minimum(one[..., 2:], other[:, 2:])
    # Boxes that do not meet have a side below 0 here.
    both = np.maximum(right_bottom - left_top, 0).prod(axis=-1)
    together = area(one) + area(other) - both
    # Two boxes without an area cover nothing together: they do not overlap.
    return np.divide(both, together, out=np.zeros_like(both), where=together > 0)


def suppress(boxes: ArrayLike, scores: ArrayLike, overlap: float = 0.5) -> np.ndarray:
    """Return which boxes to keep, as places (K,), the best first.

    Non-maximum suppression: of boxes (N, 4) that overlap more than `overlap`, the one
    with the highest score (N,) stays: several cells see the same thing. Raises
    ValueError as `iou` does, and if scores and boxes differ in number.
    """
    boxes, scores = check_scored(boxes, scores)
    check_overlap(overlap)
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        meets = iou(boxes[[best]], boxes[left])[0]
        left = left[meets <= overlap]
    return np.array(kept, dtype=int)


# -- right or wrong --------------------------------------------------------------------


def matches(
    boxes: ArrayLike, scores: ArrayLike, truths: ArrayLike, overlap: float = 0.5
) -> np.ndarray:
    """Return which boxes (N, 4) of a picture are right: (N,) bool, in their order.

    They and the true boxes (M, 4) are of one class. The box with the best score
    chooses first, among the truths that nobody has taken, the one that it overlaps
    most; it is right if that is at least `overlap`. So a second box around the same
    digit is wrong, and so is every box where there is no truth. Raises ValueError as
    `suppress` does.
    """
    boxes, scores = check_scored(boxes, scores)
    check_overlap(overlap)
    return _claimed(iou(boxes, truths), scores, overlap)


def _claimed(overlaps, scores, least):
    """Return which boxes get a truth: overlaps (N, M), scores (N,) -> (N,) bool."""
    overlaps, right = overlaps.copy(), np.zeros(len(scores), dtype=bool)
    for box in np.argsort(-scores, kind="stable"):
        best = _last_largest(overlaps[box])
        if best is not None and overlaps[box, best] >= least:
            right[box] = True
            overlaps[:, best] = -1  # taken: each truth counts once
    return right


def _last_largest(values):
    """Return the place of the largest value, of equals the last (as COCO), or None."""
    if not len(values):
        return None
    return len(values) - 1 - values[::-1].argmax()


# -- average precision -----------------------------------------------------------------


def precision_and_recall(
    right: ArrayLike, scores: ArrayLike, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return precision (N,) and recall (N,) after the best 1, 2, ... N detections.

    `right` is (N,) bool, of all pictures; `count` is how many truths there are in all.
    Precision: which share of what was shown is right. Recall: which share of the truths
    was found. Raises ValueError if scores and detections differ in number, or there is
    no truth.
    """
    right, scores = check_scores(right, scores)
    check_count(count, right)
    found = np.cumsum(right[np.argsort(-scores, kind="stable")])
    return found / np.arange(1, len(found) + 1), found / count


def average_precision(right: ArrayLike, scores: ArrayLike, count: int) -> float:
    """Return the mean precision at the recalls 0, 0.01, ... 1: from 0 to 1.

    At a recall counts the best precision there or further on; a recall that is never
    reached counts as 0. Arguments and errors are those of `precision_and_recall`.
    """
    precision, recall = precision_and_recall(right, scores, count)
    # From the right, the highest so far: the zigzag becomes stairs that only fall.
    stairs = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, RECALLS, side="left")  # the first that reaches it
    return float(np.append(stairs, np.zeros(1))[place].mean())


def mean_average_precision(
    detections: Sequence[tuple], truths: Sequence[tuple]
) -> dict[str, float]:
    """Return the average precision, a mean over classes, at three overlaps.

    Parameters
    ----------
    detections : sequence of (boxes (N, 4), scores (N,), classes (N,))
        What was found in each scene; N may be 0.
    truths : sequence of (boxes (M, 4), classes (M,))
        What is there. In a scene with no boxes every detection is wrong, and nothing
        can be missed. A class that is in no scene is left out of the mean.

    Returns
    -------
    dict
        "0.5" and "0.75": at these overlaps; "0.5:0.95": the mean over ten of them. As
        pycocotools, if no scene has more than 100 detections of a class.

    Raises
    ------
    ValueError
        If the scenes, or a scene's boxes, scores and classes, differ in number; for
        NaN, or a box whose right is left of its left; if no scene has a box.
    """
    detections, truths = check_scenes(detections, truths)
    classes = np.unique(np.concatenate([kinds for _, kinds in truths]))
    table = [_of_class(detections, truths, kind) for kind in classes]  # (classes, 10)
    by_overlap = np.mean(table, axis=0)
    return {
        "0.5": float(by_overlap[0]),
        "0.75": float(by_overlap[5]),
        "0.5:0.95": float(by_overlap.mean()),
    }


def _of_class(detections, truths, kind):
    """Return the average precision of one class at each of the ten overlaps."""
    scenes = []
    count = sum((kinds == kind).sum() for _, kinds in truths)
    for (boxes, scores, classes), (true, kinds) in zip(detections, truths, strict=True):
        if (ours := classes == kind).any():  # where nothing was found, nothing is wrong
            scenes.append((iou(boxes[ours], true[kinds == kind]), scores[ours]))
    scores = np.concatenate([[], *(scores for _, scores in scenes)])
    precisions = []
    for overlap in OVERLAPS:
        right = np.concatenate([[], *(_claimed(*scene, overlap) for scene in scenes)])
        precisions.append(average_precision(right, scores, count))
    return precisions

"""What a detector finds: answers of cells become boxes."""

from typing import NamedTuple

import torch

from bigmodel_lab.from_scratch.detection import suppress
from bigmodel_lab.measuring import predict
from bigmodel_lab.models._checks_detector import check_shares
from bigmodel_lab.models.detector import DigitDetector


class Found(NamedTuple):
    """What was found in a picture: boxes (K, 4), scores (K,), classes (K,)."""

    boxes: torch.Tensor
    scores: torch.Tensor
    classes: torch.Tensor


def detect(
    model: DigitDetector,
    pictures: torch.Tensor,
    threshold: float = 0.3,
    overlap: float | None = 0.5,
) -> list[Found]:
    """Return what a detector finds in each picture: boxes, scores and classes.

    A score is the probability that a digit is there, times that of its class.

    Parameters
    ----------
    model : DigitDetector
        Used in evaluation mode.
    pictures : tensor (N, 1, 96, 96)
        0 for paper and 1 for ink.
    threshold : float
        The least score of what is shown. To measure average precision, take a low one,
        such as 0.01: it weighs by itself what is shown with little score.
    overlap : float or None
        Of boxes that overlap more, the best one stays. None: all of them stay.

    Returns
    -------
    list of (boxes (K, 4), scores (K,), classes (K,))
        For each picture, the best score first; K may be 0.

    Raises
    ------
    ValueError
        If pictures have another shape or NaN, or a threshold or overlap is not from 0
        to 1.
    """
    check_shares(threshold=threshold, overlap=overlap)
    return [_found(answers, threshold, overlap) for answers in predict(model, pictures)]


def _found(answers, threshold, overlap):
    """Return what the answers (8, 8, 15) of one picture say."""
    answers = answers.flatten(0, 1)  # (64, 15)
    chances, classes = answers[:, 5:].softmax(1).max(1)
    scores = answers[:, 0].sigmoid() * chances
    shown = scores >= threshold
    found = Found(answers[shown, 1:5], scores[shown], classes[shown])
    # At an overlap of 1 nothing is suppressed: only sorted, the best first.
    kept = suppress(found.boxes, found.scores, 1 if overlap is None else overlap)
    return Found(*(part[kept] for part in found))

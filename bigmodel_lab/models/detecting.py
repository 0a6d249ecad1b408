"""What a detector finds: answers of cells become boxes; and a trained one in a file."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import torch

from bigmodel_lab.from_scratch.detection import suppress
from bigmodel_lab.measuring import predict
from bigmodel_lab.models._checks_detector import check_shares
from bigmodel_lab.models._weights import reason_of
from bigmodel_lab.models.detector import DigitDetector

# In bigmodel_lab/results: made by benchmarks/detection.py.
STORED = "detector"
VERSION = "detector 1"  # of the file's layout


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


# -- a detector in a file --------------------------------------------------------------


def save_detector(model: DigitDetector, path: str | Path, **facts: str) -> None:
    """Write a detector to a file, its weights in float16; `facts` are kept beside them.

    As safetensors: it holds numbers only.
    """
    from safetensors.torch import save as as_bytes

    weights = {
        name: value.half() if value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    Path(path).write_bytes(as_bytes(weights, facts | {"version": VERSION}))


def load_detector(path: str | Path = STORED) -> tuple[DigitDetector, dict[str, str]]:
    """Return (model, facts) of a file, or of our own trained detector.

    The model is on the CPU, in evaluation mode, float32.

    Parameters
    ----------
    path : str or Path
        "detector", which `benchmarks/detection.py --train` made, or the path that
        `save_detector` wrote.

    Raises
    ------
    ValueError
        If the file is missing, damaged, of another version or no detector.
    """
    from safetensors import SafetensorError, safe_open

    name = path
    if name == STORED:
        path = files("bigmodel_lab.results") / f"{STORED}.safetensors"
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        version = facts.pop("version", "none")
        if version != VERSION:
            raise ValueError(f"its version is {version}, this library reads {VERSION}")
        model = DigitDetector()
        model.load_state_dict(weights)
    except (OSError, SafetensorError, ValueError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {reason_of(error)}"
        raise ValueError(
            f"{name} is not a detector that this library has saved ({reason}): give "
            f"{STORED!r}, or the path that models.save_detector wrote."
        ) from error
    return model.eval(), facts

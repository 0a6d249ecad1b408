"""What a model makes of one image or text: probabilities and what decided."""

import operator
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import nn

from bigmodel_lab.measuring import evaluating

BATCH = 100_000  # at most so many words go to a text classifier in one call
SMALLEST = 1e-300  # smaller probabilities count as this one, whose logarithm is -691


def _like_weights(model, image):
    """Return `image` on the device and in the number format of the model."""
    return image.to(next(model.parameters(), image))


def probabilities(model: nn.Module, image: torch.Tensor) -> torch.Tensor:
    """Return the probabilities (10,) of the digits 0 to 9 for an image (1, 1, H, W).

    Raises
    ------
    ValueError
        If the model cannot read the image, or does not return 10 finite logits.
    """
    shape = tuple(image.shape)
    try:
        with evaluating(model), torch.no_grad():
            logits = model(_like_weights(model, image))
    except Exception as error:
        raise ValueError(
            f"The model must read images {shape}, like one that begins with "
            f"nn.Flatten() or nn.Conv2d(1, ...); this one says: {error}"
        ) from error
    got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits)
    if got != (1, 10):
        raise ValueError(
            f"The model must turn an image {shape} into logits (1, 10), one for each "
            f"digit; got {got}."
        )
    if not logits.isfinite().all():
        raise ValueError(
            "The model's logits are not finite: its training has diverged; train it "
            "again with a lower learning rate."
        )
    return logits[0].float().softmax(0).cpu()


def feature_maps(model: nn.Module, image: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs of the first two convolutions for an image (1, 1, H, W).

    A list of tensors (C, H', W') after ReLU, shorter if the model has fewer `Conv2d`.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)][:2]
    maps = {}

    def keep(layer, _, output):
        maps[layer] = output[0].relu().float().cpu()

    with ExitStack() as stack, evaluating(model), torch.no_grad():
        for layer in layers:
            stack.enter_context(layer.register_forward_hook(keep))  # removed at the end
        model(_like_weights(model, image))
    return [maps[layer] for layer in layers if layer in maps]


def attribution(model: nn.Module, image: torch.Tensor, digit: int) -> torch.Tensor:
    """Return how much each pixel of an image (1, 1, H, W) speaks for a digit: (H, W).

    Below 0 it speaks against it. These are integrated gradients (Sundararajan, Taly and
    Yan, 2017) from blank paper: they are on the ink, and their sum is about what the
    ink adds to the digit's logit. No gradient is left on the parameters.
    """
    with evaluating(model):
        method = IntegratedGradients(model)
        pixels = method.attribute(_like_weights(model, image), target=digit, n_steps=20)
    return pixels[0, 0].detach().float().cpu()


def word_influence(
    probabilities: Callable, words: Sequence[str], label: int
) -> dict[str, float]:
    """Return how much each different word speaks for a class: word -> float.

    Below 0 it speaks against it. See `word_influences` for what this measures, when it
    is empty and when it is an error; the class `label` is an integer from 0.
    """
    shares, influences = word_influences(probabilities, words)
    label, last = operator.index(label), len(shares) - 1
    if not 0 <= label <= last:
        raise ValueError(f"no class has the number {label}: they are 0 to {last}.")
    return {word: float(by_class[label]) for word, by_class in influences.items()}


def word_influences(
    probabilities: Callable, words: Sequence[str], most: int | None = None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what a text classifier makes of a text, and what each word adds to it.

    A word's influence is how much the log-odds of a class, ln(p / (1 - p)), fall when
    all occurrences of the word are left out (Robnik-Šikonja and Kononenko, 2008). In a
    logistic regression with two classes, that is coefficient times count.

    Parameters
    ----------
    probabilities : callable
        From N documents, a list of lists of words, to probabilities (N, C), an array
        or a tensor. No document is empty.
    words : list of str
        The words of the text.
    most : int, optional
        How many different words to weigh, from the first on; all if not given.

    Returns
    -------
    shares : numpy.ndarray
        (C,), the probabilities for the text as it is.
    influences : dict
        Word -> array (C,), in the order of first occurrence. Empty if there is
        only one different word: without it, there is no text left to compare with.

    Raises
    ------
    ValueError
        If there are no words, the model fails on them, or its answer is not N rows of
        two or more probabilities that sum to 1.
    """
    if isinstance(words, str) or not len(words):
        raise ValueError(f"words must be a list with at least one word, got {words!r}.")
    different = list(dict.fromkeys(words))
    left_out = different[:most] if len(different) > 1 else []
    texts = [words, *([w for w in words if w != out] for out in left_out)]
    size = max(1, BATCH // len(words))  # documents a call: memory stays bounded
    shares = np.concatenate(
        [
            _shares(probabilities, texts[k : k + size])
            for k in range(0, len(texts), size)
        ]
    )  # (1 + V, C)
    # Sum the others: where the model is sure, 1 - p rounds to 0, which hides them.
    others = shares @ (1 - np.eye(shares.shape[1]))  # (1 + V, C)
    log_odds = np.log(shares.clip(SMALLEST)) - np.log(others.clip(SMALLEST))
    falls = log_odds[0] - log_odds[1:]  # (V, C)
    return shares[0], dict(zip(left_out, falls, strict=True))


def _shares(probabilities, documents):
    """Return the probabilities (N, C) of N documents, checked, in float64."""
    try:
        shares = probabilities(documents)
        if isinstance(shares, torch.Tensor):
            shares = shares.detach().cpu().double()
        shares = np.asarray(shares, float)
    except Exception as error:
        raise ValueError(
            f"The model cannot read texts of {len(documents[0])} words: "
            f"{type(error).__name__}: {error}"
        ) from error
    if shares.ndim != 2 or len(shares) != len(documents) or shares.shape[1] < 2:
        raise ValueError(
            f"The model must turn {len(documents)} texts into probabilities "
            f"({len(documents)}, classes) of two or more classes; got {shares.shape}."
        )
    if not np.isfinite(shares).all():
        raise ValueError(
            "The model's probabilities are not finite: its training has diverged; "
            "train it again with a lower learning rate."
        )
    if shares.min() < 0 or abs(shares.sum(1) - 1).max() > 0.01:
        raise ValueError(
            f"Probabilities must be from 0 to 1 and sum to 1; got "
            f"{shares[0].round(3).tolist()}: logits need a softmax first."
        )
    return shares

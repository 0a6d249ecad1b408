"""Numbers that say how far they may move: `about` writes them, `comparable` compares.

Each processor adds in its own order, and after many steps of training the last digits
show it. `95.6 ± 0.9` may move by its ±, `≈ 0.25` by three units of its last
digit, and everything else not at all.
"""

import copy
import math
import re
from collections import defaultdict

import numpy as np
from numpy.typing import ArrayLike

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]\d+)?"
_MOVABLE = re.compile(
    rf"≈ (?P<about>{_NUMBER})|(?P<mean>{_NUMBER}) ± (?P<spread>{_NUMBER})"
)
_PIXELS = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
UNITS = 3  # how many units of its last digit a number after ≈ may move


def about(
    value: ArrayLike,
    spread: float | None = None,
    unit: str = "",
    *,
    decimals: int | None = None,
    sign: bool = False,
) -> str:
    """Return a number as text with its tolerance: "95.6 ± 0.9 %" or "≈ 0.25".

    Use it to print late losses, accuracies and whatever else another processor computes
    a little differently: the tests compare the number within its tolerance.

    Parameters
    ----------
    value : float, or array_like of shape (N,)
        The number; or N results, one for each seed or fold, to show their mean and ±.
    spread : float, optional
        How far the number may move; of N results it is their standard deviation.
    unit : str
        What follows the number, as in "%".
    decimals : int, optional
        Digits after the point, with ≈; by default, two digits are significant. Digits
        before the point are never dropped: give large numbers in thousands.
    sign : bool
        True to write a plus sign too.

    Returns
    -------
    str
        With a spread, "number ± spread": the spread is rounded to two digits if they
        begin with up to 354 and to one from 355 on (Particle Data Group, Review of
        Particle Physics, §5.3), and the number to the same place. Without a spread,
        "≈ number". A number that is not finite has no tolerance.

    Raises
    ------
    ValueError
        If `value` is an array with a spread, with fewer than two numbers or with more
        than one axis, or if the spread is negative.
    """
    numbers = np.asarray(value.tolist() if hasattr(value, "tolist") else value, float)
    if numbers.ndim:
        if spread is not None or numbers.ndim > 1 or numbers.size < 2:
            raise ValueError(
                f"about() takes one number and its spread, or the results of two seeds "
                f"or more in one row, not shape {numbers.shape} with spread={spread}."
            )
        spread = numbers.std(ddof=1)
    number = numbers.mean().item()
    plus, behind = "+" if sign else "", f" {unit}" if unit else ""
    if not math.isfinite(number):
        return f"{number:{plus}}{behind}"
    if spread is None:
        place = -decimals if decimals is not None else _exponent(number, digits=2) - 1
        if abs(number) < 1e6:
            place = min(place, 0)
        return f"≈ {_rounded(number, place, plus)}{behind}"
    if not spread >= 0:
        raise ValueError(f"A spread must be 0 or more, not {spread}.")
    two_digits = f"{spread:.2e}" < "3.55"
    place = (_exponent(spread) if spread else _exponent(number)) - two_digits
    return f"{_rounded(number, place, plus)} ± {_rounded(spread, place)}{behind}"


def _exponent(number, digits=7):
    """Return the power of ten of a number's first digit, once rounded: -1 for 0.25."""
    return int(f"{number:.{digits - 1}e}".partition("e")[2])


def _rounded(number, place, plus=""):
    """Return a number as text, rounded to 10**place."""
    if number and not -4 <= _exponent(number) < 6:
        return f"{number:{plus}.{max(_exponent(number) - place, 0)}e}"
    return f"{round(number, -place):{plus}z,.{max(-place, 0)}f}"


def comparable(fresh, stored):
    """Return copies of two lists of outputs of a cell, equal if they say the same.

    What may differ is made equal: in the fresh outputs, each number within the stored
    one's tolerance becomes the stored one; the pixels of figures are hidden in both
    (their alt text is not). What still differs is a real difference.
    """
    fresh, stored = copy.deepcopy((list(fresh), list(stored)))
    ours, theirs = _texts(fresh), _texts(stored)
    for kind, slots in ours.items():
        for holder, key in slots + theirs[kind]:
            holder[key] = _PIXELS.sub("PIXELS", holder[key])
        for (new, key), (old, _) in zip(slots, theirs[kind], strict=False):
            new[key] = settled(new[key], old[key])
    return fresh, stored


def differences(fresh, stored):
    """Yield the first unequal words (fresh, stored) of each text of two outputs."""
    fresh, stored = (_texts(outputs) for outputs in comparable(fresh, stored))
    for kind in fresh.keys() | stored.keys():
        if len(fresh[kind]) != len(stored[kind]):
            yield (
                f"{len(fresh[kind])} times {kind}",
                f"{len(stored[kind])} times {kind}",
            )
        for (new, key), (old, _) in zip(fresh[kind], stored[kind], strict=False):
            if new[key] != old[key]:
                yield _first_difference(new[key], old[key])


def settled(fresh, stored):
    """Return a fresh text in which the numbers within tolerance are the stored ones.

    Where such a number has become longer or shorter, the spaces that line up a table
    may differ too.
    """
    olds, news = list(_MOVABLE.finditer(stored)), list(_MOVABLE.finditer(fresh))
    if len(olds) != len(news):
        return fresh
    old_of = {
        new.start(): old[0]
        for new, old in zip(news, olds, strict=True)
        if _within(new, old)
    }
    text = _MOVABLE.sub(lambda new: old_of.get(new.start(), new[0]), fresh)
    aligned = all(len(old_of.get(new.start(), new[0])) == len(new[0]) for new in news)
    return stored if not aligned and _words(text) == _words(stored) else text


def _within(new, old):
    """Tell whether the new number is within the old one's tolerance.

    The ± itself is a measurement: it may halve or double.
    """
    if old["about"]:
        return bool(new["about"]) and _apart(new["about"], old["about"]) <= UNITS
    if new["about"]:
        return False
    ours, spread = _value(new["spread"]), _value(old["spread"])
    near = abs(_value(new["mean"]) - _value(old["mean"])) <= spread * (1 + 1e-9)
    return near and spread / 2 <= ours <= spread * 2


def _apart(new, old):
    """Return how many units of the old number's last digit the two are apart."""
    digits, _, exponent = old.partition("e")
    decimals = len(digits.partition(".")[2])
    return round(abs(_value(new) - _value(old)) * 10 ** (decimals - int(exponent or 0)))


def _value(text):
    """Return the number in a text like "33,100"."""
    return float(text.replace(",", ""))


def _words(text):
    """Return the words of each line, without the spaces that line them up."""
    return [line.split() for line in text.splitlines()]


def _texts(outputs):
    """Return where a cell's outputs keep each text, as (dict, key), by its kind."""
    texts = defaultdict(list)
    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]].append((output, "text"))
        for kind, text in output.get("data", {}).items():
            if isinstance(text, str) and not kind.startswith("image/"):
                texts[kind].append((output["data"], kind))
    return texts


def _first_difference(new, old):
    """Return the first words in which two texts differ, a number with its ± or ≈."""
    word = re.compile(rf"{_MOVABLE.pattern}|[^\s<>]+")
    pairs = zip(word.finditer(new), word.finditer(old), strict=False)
    return next(((a[0], b[0]) for a, b in pairs if a[0] != b[0]), (new, old))

"""What attention weights say in words: where a head looks, and where a character."""

from typing import NamedTuple

import numpy as np

from bigmodel_lab.widgets.choices import spoken

# What a reader reads.
START = "the start"
KINDS = {
    "itself": "at the place itself",
    "back": "one place back",
    "back2": "two places back",
    "start": "at the start",
    "column": "at the same place in earlier lines",
    "marks": "at the marks",
}
MOSTLY, OFTEN = "looks mostly {kind}", "looks often {kinds}"
SPREAD = "spread out"
RHYME = "before a rhyme place, at the earlier one"
SHORT = "too short a text to tell"
LOOKS_AT = "{name} looks at {seen}."
REST, REST_OF_ONE = "the other {others} have {rest:.0%}", "the other one has {rest:.0%}"
NOTHING_LARGE = "everything a little"

MOST, SOME = 0.5, 0.3  # the shares that are called "mostly" and "often"
NAMED = 4  # places that a sentence names, at most
LEAST = 0.03  # a smaller share is not named
FIRST = 3  # the first place from which start, one and two places back are different


class Place(NamedTuple):
    """A place of a text that begins at place 0 with the start."""

    character: str
    line: int  # from 1; 0 is the start
    column: int  # from 1; 0 is the start or a mark


def places_of(text: str) -> list[Place]:
    """Return the places of a text, the start before its first character."""
    places, line, column = [Place("\n", 0, 0)], 1, 0
    for character in text:
        if character.isalnum():
            if places[-1].column == 0 < places[-1].line:  # after a mark
                line, column = line + 1, 0
            column += 1
        places.append(Place(character, line, column if character.isalnum() else 0))
    return places


def describe(weights: np.ndarray, places: list[Place]) -> str:
    """Return in a few words where a head looks, from its weights (T, T).

    "Mostly" is half of its weight or more, on average over the places; "often" is 30 %
    or more, and twice what a head has there that looks everywhere alike.
    """
    if len(places) <= FIRST:
        return SHORT
    masks = _targets(places)
    rhyme = _share(weights, masks.pop("rhyme"), first=1)
    shares = {kind: _share(weights, mask) for kind, mask in masks.items()}
    best = max(shares, key=lambda kind: shares[kind][0])
    often = [KINDS[kind] for kind, pair in shares.items() if _is_more(*pair)]
    if shares[best][0] >= MOST and _is_more(*shares[best]):
        words = MOSTLY.format(kind=KINDS[best])
    else:
        words = OFTEN.format(kinds=listed(often)) if often else SPREAD
    return f"{words}; {RHYME}" if _is_more(*rhyme) else words


def _is_more(share, chance):
    """Tell whether a share is worth a word: large, and larger than by chance."""
    return share >= SOME and share >= 2 * chance


def _share(weights, mask, first=FIRST):
    """Return the mean share on a mask (T, T), and that of weights that are all alike.

    Only places count that have a target: the first line has no earlier line.
    """
    asked = mask.any(1)
    asked[:first] = False
    if not asked.any():
        return 0.0, 1.0
    seen = np.arange(1, len(mask) + 1)[asked]  # the places up to this one
    share = (weights * mask).sum(1)[asked].mean()
    return float(share), float((mask.sum(1)[asked] / seen).mean())


def _targets(places):
    """Return for each kind which places (columns) it means for which ones (rows)."""
    line, column = (np.array([place[k] for place in places]) for k in (1, 2))
    size = len(places)
    before = np.tri(size, dtype=bool, k=-1)
    alike = (column[:, None] == column) & (column > 0) & before
    ends = [k for k in range(1, size - 1) if column[k] and not column[k + 1]]
    rhymes = [k for k in ends if line[k] % 2 == 0]  # by rule; line 1 may rhyme, too
    rhyme = np.zeros((size, size), dtype=bool)
    for k in rhymes[1:]:  # its character is drawn one place before it
        rhyme[k - 1, [earlier for earlier in rhymes if earlier < k]] = True
    masks = {
        "itself": np.eye(size, dtype=bool),
        "back": np.eye(size, k=-1, dtype=bool),
        "back2": np.eye(size, k=-2, dtype=bool),
        "start": before & (np.arange(size) == 0),
        "column": alike,
        "marks": before & (column == 0) & (line > 0),
        "rhyme": rhyme,
    }
    return masks


def clearest(weights: np.ndarray) -> int:
    """Return the number of the head that looks most at a single place, on average.

    `weights` are (layers, heads, T, T); the heads are counted through all layers.
    """
    return int(weights[..., -(-weights.shape[-1] // 2) :, :].max(-1).mean(-1).argmax())


def strongest(shares: np.ndarray, count: int = NAMED) -> list[int]:
    """Return the places with the largest shares (T,), none below 3 %."""
    order = np.argsort(-shares, kind="stable")[:count]
    return [int(k) for k in order if shares[k] >= LEAST]


def sentence_of(shares: np.ndarray, place: int, places: list[Place]) -> str:
    """Return in a sentence what the character at a place looks at, with shares (T,)."""
    best = strongest(shares)
    names = ["itself" if k == place else name_of(k, places) for k in best]
    seen = [f"{name} ({shares[k]:.0%})" for k, name in zip(best, names, strict=True)]
    others, rest = place + 1 - len(best), 1 - sum(shares[best])
    words = listed(seen) if seen else NOTHING_LARGE
    if others and rest >= 0.005:
        said = REST if others > 1 else REST_OF_ONE
        words += f"; {said.format(rest=rest, others=others)}"
    name = name_of(place, places)
    return LOOKS_AT.format(name=name[0].upper() + name[1:], seen=words)


def name_of(place: int, places: list[Place]) -> str:
    """Return a place in words: its character, sound and meaning, its line if needed."""
    character, line, _ = places[place]
    if place == 0:
        return START
    sign, sound, meaning = spoken(character)
    if sound:
        name = f"{sign} {sound} “{meaning}”"
    else:
        name = f"the {meaning}" if meaning else sign
    several = sum(other.character == character for other in places) > 1
    return f"{name} of line {line}" if several else name


def listed(parts: list[str]) -> str:
    """Return parts as a list in a sentence: "a, b and c"."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last

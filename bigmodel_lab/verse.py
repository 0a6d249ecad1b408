"""What a program can tell of a quatrain: its form, its tones, its rhyme, its repeats.

A quatrain is a text such as "床前明月光，疑是地上霜。举头望明月，低头思故乡。", perhaps
ill-formed, as a model wrote it. Sounds are those of today's Mandarin (pinyin), by the
commonest reading of each character, or by that of verse. They have changed in twelve
centuries: about a fifth of the poets' rhymes are none today, and are misjudged here.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

MARKS = "，。，。"  # what stands after each line
_MARK = re.compile("[，。！？；、：,.!?;:\\s]+")
_CHINESE = re.compile("[\u4e00-\u9fff]")
# Rhymes disregard the glide before the vowel; "ie" has another vowel than "e".
_RHYME = {
    **{"ia": "a", "ua": "a", "uo": "o", "ie": "ê", "ve": "ê"},
    **{"iao": "ao", "iou": "ou", "uei": "ei"},
    **{"ian": "an", "uan": "an", "van": "an", "in": "en", "uen": "en", "vn": "en"},
    **{"iang": "ang", "uang": "ang", "ing": "eng", "ueng": "eng", "iong": "ong"},
}
# Where another reading than today's commonest is the one of verse.
_IN_VERSE = {
    **{"似": "sì", "尽": "jìn", "长": "cháng", "还": "huán", "重": "chóng"},
    **{"朝": "zhāo", "了": "liǎo", "著": "zhuó", "曲": "qǔ", "兴": "xìng"},
    **{"塞": "sài", "泊": "bó", "没": "mò", "弹": "tán", "种": "zhòng"},
}


def lines(text: str) -> list[str]:
    """Return the lines of a poem: what stands between its marks."""
    return [line for line in _MARK.split(text) if line]


def well_formed(text: str, characters: int = 7) -> bool:
    """Tell whether these are four lines of so many Chinese characters, with ，。，。"""
    line = f"[\u4e00-\u9fff]{{{characters}}}"
    return re.fullmatch("".join(line + mark for mark in MARKS), text) is not None


def rhymes(text: str) -> bool:
    """Tell whether lines 2 and 4 end alike: the same pinyin final, not the same word.

    Of real poems about 80 % do: modern pinyin misjudges about a fifth of their rhymes,
    which were true when they were written.
    """
    ends = [line[-1] for line in lines(text)]
    if len(ends) != 4 or ends[1] == ends[3]:
        return False
    return rhyme(ends[1]) == rhyme(ends[3])


def rhyme(character: str) -> str:
    """Return what must be alike for a rhyme: a character's final, without its glide."""
    return _sound(character)[1]


def tonal(text: str) -> float:
    """Return the share of lines in which level and oblique tones alternate, 0 to 1.

    They alternate at the places 2, 4 and 6 of a line, or 2 and 4 of five. Level are
    Mandarin's first and second tones. Words that once ended in -p, -t or -k were
    oblique, and are misjudged where Mandarin has made them level.
    """
    alternating = [_alternates(line) for line in lines(text)]
    return sum(alternating) / len(alternating) if alternating else 0.0


def _alternates(line):
    """Tell whether no two neighbors of the even places have tones of one kind."""
    level = [_sound(character)[2] for character in line[1:-1:2]]
    return len(level) > 1 and all(map(bool.__ne__, level, level[1:]))


def begins(text: str, initials: str) -> float:
    """Return the share of lines that begin with the characters asked for, 0 to 1.

    An acrostic (cang tou shi): the first characters of its lines are a message.
    """
    firsts = [line[0] for line in lines(text)]
    right = sum(map(str.__eq__, firsts, initials))
    return right / max(len(firsts), len(initials), 1)


def repeated(text: str) -> float:
    """Return the share of characters that occur before in the same poem, 0 to 1."""
    characters = _CHINESE.findall(text)
    return 1 - len(set(characters)) / len(characters) if characters else 0.0


def measure(texts: Iterable[str], characters: int = 7) -> dict[str, float]:
    """Return the means over texts of "form", "tones", "rhyme" and "repeated", 0 to 1.

    An ill-formed text counts as 0 for tones and rhyme, so that no model does better by
    writing fewer poems.

    Parameters
    ----------
    texts : list of str
        Poems with their marks.
    characters : int
        Characters of a line, 7 or 5.

    Raises
    ------
    TypeError
        If `texts` is not a list of texts.
    ValueError
        If there is none.
    """
    texts = _texts(texts)
    if not texts:
        raise ValueError("There is no poem to measure: give at least one text.")
    rows = []
    for text in texts:
        form = well_formed(text, characters)
        rows.append((form, form and tonal(text), form and rhymes(text), repeated(text)))
    means = np.mean(np.array(rows, dtype=float), axis=0).tolist()
    return dict(zip(("form", "tones", "rhyme", "repeated"), means, strict=True))


def shuffled(poems: Iterable[str], seed: int = 0) -> list[str]:
    """Return first halves of poems with the second half of another: rhyme by chance.

    Raises
    ------
    TypeError
        If `poems` is not a list of texts.
    """
    poems = _texts(poems)
    order = np.random.RandomState(seed).permutation(len(poems))
    other = dict(zip(order, np.roll(order, 1), strict=True))  # never itself
    halves = [(poem[: len(poem) // 2], poem[len(poem) // 2 :]) for poem in poems]
    return [halves[k][0] + halves[other[k]][1] for k in range(len(poems))]


def pinyin(text: str) -> str:
    """Return how the characters sound, as in "chuáng qián míng yuè guāng"."""
    return " ".join(_sound(character)[0] for character in _CHINESE.findall(text))


def gloss(text: str) -> list[str]:
    """Return an English word or two for each Chinese character; "·" if none is known.

    Of a character's meanings it is one, and not always the poem's.
    """
    return [_glosses().get(character, "·") for character in _CHINESE.findall(text)]


def show(poems: Iterable[str], titles: Iterable[str] | None = None) -> "Shown":
    """Show poems to everyone: each character with its sound above and its gloss below.

    Parameters
    ----------
    poems : list of str
        Texts with marks, or of 20 or 28 characters without; ill-formed ones, too.
    titles : list of str, optional
        One for each poem, such as its author.

    Returns
    -------
    Shown
        It displays itself as the last expression of a cell, and prints as plain text.

    Raises
    ------
    TypeError
        If `poems` or `titles` is not a list of texts.
    ValueError
        If there is not one title for each poem.
    """
    poems = _texts(poems)
    titles = [""] * len(poems) if titles is None else _texts(titles, "title")
    if len(titles) != len(poems):
        raise ValueError(
            f"Give one title for each poem: {len(titles)} titles, {len(poems)} poems."
        )
    return Shown(tuple(zip(titles, poems, strict=True)))


@dataclass(frozen=True)
class Shown:
    """Poems as `show` shows them: pairs of a title, perhaps empty, and a text."""

    poems: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        """Return the poems as plain text: each line, its pinyin, its glosses."""
        blocks = []
        for title, poem in self.poems:
            rows = [title] if title else []
            for line in _marked_lines(poem):
                rows += [line, f"    {pinyin(line)}", f"    {', '.join(gloss(line))}"]
            blocks.append("\n".join(rows))
        return "\n\n".join(blocks)

    def _repr_html_(self):
        """Return the poems for a page, beside each other where it is wide enough."""
        figures = "".join(_figure(title, poem) for title, poem in self.poems)
        return f'<div class="lab-verse">{figures}</div>'


def _figure(title, poem):
    """Return a poem with its title in HTML."""
    caption = f"<figcaption>{html.escape(title)}</figcaption>" if title else ""
    rows = [map(_word, re.findall(".[，。]?", line)) for line in _marked_lines(poem)]
    rows = "".join(f'<div class="lab-line">{"".join(row)}</div>' for row in rows)
    return f"<figure>{caption}{rows}</figure>"


def _word(text):
    """Return a character, and the mark after it, with its sound and gloss in HTML."""
    character, mark = map(html.escape, (text[0], text[1:]))
    sound, (word,) = pinyin(text) or "&nbsp;", gloss(text) or ["·"]
    return (
        f'<span class="lab-word"><span lang="zh"><ruby>{character}<rp> (</rp>'
        f'<rt lang="zh-Latn">{sound}</rt><rp>)</rp></ruby><i>{mark}</i></span> '
        f'<small lang="en">{html.escape(word)}</small> </span>'
    )


def _marked_lines(text):
    """Return the lines of a poem, each with the marks after it."""
    return [line for line in re.findall(r"[^，。\n]*[，。]*", text) if line]


@cache
def _sound(character):
    """Return a character's pinyin, its rhyme, and whether its tone is level."""
    from pypinyin import Style, lazy_pinyin  # its dictionaries take a moment to load
    from pypinyin.contrib.tone_convert import to_finals, to_tone3

    if not _CHINESE.match(character):
        return character, character, False
    (usual,) = lazy_pinyin(character, style=Style.TONE)
    spoken = _IN_VERSE.get(character, usual)
    final = to_finals(spoken)
    return spoken, _RHYME.get(final, final), to_tone3(spoken)[-1] in "12"


@cache
def _glosses():
    """Return the words of `datasets/glosses.txt`, by character."""
    file = resources.files("bigmodel_lab").joinpath("datasets", "glosses.txt")
    rows = file.read_text(encoding="utf-8").splitlines()
    return dict(row.split(" ", 1) for row in rows)


def _texts(texts, what="poem"):
    """Return texts as a list; TypeError if they are no list, or not texts."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise TypeError(f"Give every {what} in a list: [{texts!r}], not {texts!r}.")
    texts = list(texts)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"Every {what} must be a text (str), not {text!r}.")
    return texts

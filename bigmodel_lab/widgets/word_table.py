"""The words that speak for a class and against it, as HTML: in the text, in a table."""

import html
import unicodedata
from collections.abc import Collection
from itertools import zip_longest

from bigmodel_lab.colors import BLUE, GRAY, ORANGE

WORDS_STYLE = f""".lab-words {{ border-spacing: 0; }}
.lab-words {{ font-variant-numeric: tabular-nums; max-width: 100%; }}
.lab-words :is(caption, th) {{ text-align: left; }}
.lab-words :is(th, td) {{ padding: 0 16px 0 0; vertical-align: top; }}
.lab-words td {{ max-width: 180px; }}
.lab-words td:nth-child(even) {{ text-align: right; }}
.lab-text {{ white-space: pre-wrap; margin: 8px 0; }}
.lab-text span {{ border-radius: 3px; }}
.lab-text .lab-unknown {{ text-decoration: underline dotted 2px; }}
.lab-text .lab-unread {{ color: var(--jp-content-font-color2, {GRAY}); }}
"""


def colored_text(
    text: str,
    words: list[str],
    influence: dict[str, float],
    unknown: Collection[str] = (),
    unread: bool = False,
) -> str:
    """Return a text as HTML with its words blue (for) or orange (against).

    Parameters
    ----------
    text : str
        The text as it was typed.
    words : list of str
        Its words in order, possibly in lower case and in Unicode's form NFKC; one that
        is not found in the text gets no color.
    influence : dict
        Word -> how much it speaks for the class; the strongest has the fullest color.
    unknown : collection of str
        Words to underline with dots.
    unread : bool
        Whether to gray out what follows the last word.
    """
    largest = max(map(abs, influence.values()), default=0) or 1
    text = unicodedata.normalize("NFC", text)  # one é, not e and an accent
    # As in words, but one letter for one, so that positions stay the same.
    folded = "".join(
        unicodedata.normalize("NFKC", letter).lower()[0]
        for letter in text.replace("’", "'")
    )
    parts, end = [], 0
    for word in words[: len(text)]:  # there cannot be more words than letters
        start = folded.find(word.lower(), end)
        if start < 0:
            continue
        parts.append(html.escape(text[end:start]))
        end = start + len(word)
        value = influence.get(word, 0)
        color = BLUE if value > 0 else ORANGE
        opacity = round(153 * abs(value) / largest)  # up to 60 %: letters stay readable
        dotted = " class=lab-unknown" if word in unknown else ""
        number = f' title="{_signed(value)}"' if word in influence else ""
        parts.append(
            f'<span{dotted}{number} style="background: {color}{opacity:02x}">'
            f"{html.escape(text[start:end])}</span>"
        )
    gray = " class=lab-unread" if unread else ""
    rest = f"<span{gray}>{html.escape(text[end:])}</span>"
    return f'<div class="lab-text">{"".join(parts)}{rest}</div>'


def strongest_words(influence: dict[str, float], name: str, count: int = 5) -> str:
    """Return an HTML table of the words that speak most for class `name` and against.

    Words whose number would read 0.00 are left out; without words there is no table.
    """
    ranked = sorted(influence.items(), key=lambda pair: -abs(pair[1]))
    shown = [(html.escape(word), v) for word, v in ranked if abs(v) >= 0.005]
    if not shown:
        return ""
    favor = [f"<td>{word}</td><td>{_signed(v)}</td>" for word, v in shown if v > 0]
    against = [f"<td>{word}</td><td>{_signed(v)}</td>" for word, v in shown if v < 0]
    pairs = zip_longest(favor[:count], against[:count], fillvalue="<td></td><td></td>")
    rows = "".join(f"<tr>{left}{right}</tr>" for left, right in pairs)
    heads = "".join(
        f'<th colspan=2><span style="color: {color}" aria-hidden="true">■</span> '
        f"{side} {html.escape(name)}</th>"
        for side, color in (("for", BLUE), ("against", ORANGE))
    )
    return (
        f'<table class="lab-words"><caption>What a word adds to the log-odds'
        f"</caption><tr>{heads}</tr>{rows}</table>"
    )


def _signed(value):
    """Return a number with its sign, as in +0.25 or −0.25."""
    return f"{value:+.2f}".replace("-", "−")

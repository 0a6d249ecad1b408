"""The words that speak for a class and against it, as HTML: in the text, in a table."""

import html
import unicodedata
from itertools import zip_longest

from bigmodel_lab.colors import BLUE, GRAY, ORANGE

EVIDENCE_STYLE = f""".lab-words {{ border-spacing: 0; }}
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


def colored(text, words, influence, unknown=(), unread=False):
    """Return a text as HTML with its words blue (for) or orange (against).

    Parameters
    ----------
    text : str
        The text as it was typed.
    words : list of str
        Its words in their order, perhaps in lower case and in Unicode's usual form
        (NFKC); one that is not found in the text gets no color.
    influence : dict
        Word -> how much it speaks for the class; the strongest has the fullest color.
    unknown : collection of str
        Words to underline with dots.
    unread : bool
        Whether to show what follows after the last word in gray.
    """
    largest = max(map(abs, influence.values()), default=0) or 1
    text = unicodedata.normalize("NFC", text)  # one é, not e and an accent
    folded = "".join(map(_folded, text))
    parts, end = [], 0
    for word in words[: len(text)]:  # it cannot have more
        start = folded.find(word.lower(), end)
        if start < 0:
            continue
        parts.append(html.escape(text[end:start]))
        end = start + len(word)
        value = influence.get(word, 0)
        color = BLUE if value > 0 else ORANGE
        opacity = round(153 * abs(value) / largest)  # up to 60 %: letters stay readable
        dotted = " class=lab-unknown" * (word in unknown)
        number = f' title="{_signed(value)}"' * (word in influence)
        parts.append(
            f'<span{dotted}{number} style="background: {color}{opacity:02x}">'
            f"{html.escape(text[start:end])}</span>"
        )
    rest = f"<span{' class=lab-unread' * unread}>{html.escape(text[end:])}</span>"
    return f'<div class="lab-text">{"".join(parts)}{rest}</div>'


def strongest(influence, name, count=5):
    """Return an HTML table of the words that speak most for class `name` and against.

    Words that would be given as 0.00 are left out; without words there is no table.
    """
    ranked = sorted(influence.items(), key=lambda pair: -abs(pair[1]))
    sides = [
        [(html.escape(word), _signed(v)) for word, v in ranked if sign * v >= 0.005]
        for sign in (1, -1)
    ]
    if not any(sides):
        return ""
    rows = "".join(
        f"<tr>{''.join(f'<td>{word}</td><td>{value}</td>' for word, value in row)}</tr>"
        for row in zip_longest(*(side[:count] for side in sides), fillvalue=("", ""))
    )
    heads = "".join(
        f'<th colspan=2><span style="color: {color}" aria-hidden="true">■</span> {way} '
        f"{html.escape(name)}</th>"
        for way, color in (("for", BLUE), ("against", ORANGE))
    )
    return (
        f'<table class="lab-words"><caption>What a word adds to the log-odds'
        f"</caption><tr>{heads}</tr>{rows}</table>"
    )


def _folded(letter):
    """Return a letter as it is in a word, but always one: so places stay the same."""
    return "'" if letter == "’" else unicodedata.normalize("NFKC", letter).lower()[0]


def _signed(value):
    """Return a number with its sign, as in +0.25 or −0.25."""
    return f"{value:+.2f}".replace("-", "−")

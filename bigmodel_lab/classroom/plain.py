"""Text of strangers, made plain: for a terminal, and for a cell of a spreadsheet."""

import re

# Control characters, halves of characters, and what turns the direction of writing.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")
# What a spreadsheet takes for a formula, at the start of a cell. A program that expects
# another separator starts one after ; or |, too.
_FORMULA = re.compile(r"""(^|[;|])([\s"']*)(?=[=+\-@＝＋－＠])""")


def shown(text: str) -> str:
    """Return a text with what cannot be seen, or read as UTF-8, as escapes."""
    return _UNSEEN.sub(_escape, _BREAK.sub("↵ ", text))


def _escape(match):
    """Return the escape of a character; of a byte that is no UTF-8, the byte's."""
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cell(value: object) -> object:
    """Return what goes into a CSV file for a value: no text of it is a formula there.

    Once done, doing it again changes nothing.
    """
    if not isinstance(value, str):
        return value
    return _FORMULA.sub(_quoted, shown(value))


def _quoted(match):
    """Return the start of a cell with the quote that makes it text."""
    return match[0] if match[2].endswith("'") else f"{match[0]}'"


def short(text: str, length: int) -> str:
    """Return a text for a table: shown, and cut to `length` characters."""
    text = shown(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"

"""The beginning of a poem as a reader types it, and as a model was taught to read."""

from bigmodel_lab.from_scratch.text import Characters

COMMA, STOP = "，", "。"
# Other marks, each with the one of the two that stands where it may stand.
LIKE = dict.fromkeys(",，、;；:：", COMMA) | dict.fromkeys(".。．!！?？…", STOP)


def marked(text: str, alphabet: Characters, characters: int = 7) -> str:
    """Return the beginning of a poem with the marks that its reader forgot.

    Blanks and line breaks go. A mark that the alphabet lacks becomes a comma or a full
    stop, and after a line of so many `characters` that goes on without a mark comes the
    one that belongs there. All else stays as it is, unknown characters too.
    """
    taught = COMMA in alphabet.ids and STOP in alphabet.ids
    written, length, lines = [], 0, 0
    for character in "".join(text.split()):
        if taught and character not in alphabet.ids:
            character = LIKE.get(character, character)
        if character in LIKE:
            length, lines = 0, lines + 1
        elif length == characters and taught:
            written.append((COMMA, STOP)[lines % 2])
            length, lines = 1, lines + 1
        else:
            length += 1
        written.append(character)
    return "".join(written)

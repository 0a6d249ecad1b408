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


def instruction_in(text: str) -> str:
    """Return the four characters that lines are to begin with; "" for any other text.

    Four characters with a mark among them are the beginning of a line, as others are.
    """
    characters = "".join(text.split())
    return characters if len(characters) == 4 and not set(LIKE) & set(text) else ""


def check_fits(text: str, characters: int):
    """Raise ValueError if a text cannot begin four lines of so many characters.

    A line that ends, by a mark or a line break, may be one or more lines of a poem
    whose marks were forgotten, but nothing between.
    """
    text = text.strip()
    ended = "".join("\n" if c in LIKE else c for c in text).split("\n")[:-1]
    for count in (len("".join(line.split())) for line in ended):
        if count > characters and count % characters:
            raise ValueError(
                f"Its lines have {characters} characters, and one of yours has "
                f"{count}: shorten that line."
            )
    whole, count = 4 * characters, sum(c not in LIKE for c in "".join(text.split()))
    if count > whole:
        raise ValueError(
            f"Its poems have {whole} characters, and your text has {count}: shorten it."
        )

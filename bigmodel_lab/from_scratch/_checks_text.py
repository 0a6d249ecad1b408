"""What `text.py` refuses, and what to do instead."""

import operator
import unicodedata
from collections import Counter


def check_text(text):
    """Raise ValueError if `text` is not a str, or holds nothing but blanks."""
    if not isinstance(text, str):
        raise ValueError(f"text must be a str, got {type(text).__name__}.")
    if not text.strip():
        raise ValueError("text is empty: it has no words.")


def check_language(words, text, language, script):
    """Raise ValueError if no words were found, or all letters are of another script."""
    if words and (script in _scripts(text) or not any(_scripts(text))):
        return
    start = text if len(text) <= 20 else f"{text[:20]}…"
    scripts = Counter(_scripts(text))
    if not scripts:
        raise ValueError(f"no {language} word in {start!r}: it has no letters.")
    found = scripts.most_common(1)[0][0]
    other = {"Latin": "english_words", "Chinese": "chinese_words"}.get(found)
    advice = f"; cut it with {other}." if other else "."
    raise ValueError(
        f"no {language} word in {start!r}: its letters are {found}{advice}"
    )


def _scripts(text):
    """Yield the script of each letter, such as "Latin": its Unicode name's start.

    One by one, because the first letter of most texts is enough.
    """
    for letter in filter(str.isalpha, text):
        script = unicodedata.name(letter, "of no name").split()[0]
        yield "Chinese" if script == "CJK" else script.capitalize()


def check_words(words, name):
    """Raise TypeError if `words` is not a list of str: a str would become letters."""
    if isinstance(words, str):
        raise TypeError(
            f"{name} must be a list of words, got the text {_shown(words)}: cut it "
            f"with english_words or chinese_words; a single document goes into a list."
        )
    if not (hasattr(words, "__len__") and all(isinstance(w, str) for w in words)):
        raise TypeError(f"{name} must be a list of words, got {_shown(words)}.")


def check_texts(texts):
    """Return `texts` as a list; an error if they are not texts, or all empty."""
    texts = [texts] if isinstance(texts, str) else list(texts)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text {index} must be a str, got {_shown(text)}.")
    if not any(texts):
        raise ValueError("there is no text: give at least one character.")
    return texts


def check_characters(text, ids):
    """Raise ValueError with the characters of `text` that have no id."""
    unknown = [c for c in dict.fromkeys(text) if c not in ids]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise ValueError(
            f"Of {len(ids):,} characters, none is {'、'.join(unknown[:5])}{more}: "
            f"leave out or replace what the training texts do not have."
        )


def check_one_length(texts):
    """Return texts as a list; ValueError if there are none, or of several lengths."""
    texts = check_texts(texts)
    for text in texts:
        if len(text) != len(texts[0]):
            raise ValueError(
                f"Texts of one length are needed: {texts[0]!r:.40} has "
                f"{len(texts[0])} characters, {text!r:.40} has {len(text)}. Make rows "
                f"of each form by itself."
            )
    return texts


def check_documents(documents):
    """Return `documents` as a list; an error if they are not lists of words."""
    documents = list(documents)
    for index, document in enumerate(documents):
        check_words(document, f"document {index}")
    if not any(map(len, documents)):
        raise ValueError("documents have no words: give at least one list of words.")
    return documents


def check_no_empty_document(documents):
    """Raise ValueError if a document has no words: its row would be divided by 0."""
    for index, document in enumerate(documents):
        if len(document) == 0:
            raise ValueError(f"document {index} has no words: leave it out.")


def check_vocabulary(words, counts, min_count, size):
    """Raise ValueError if a vocabulary has no room for a word, or no word is left."""
    if size is not None and size < 3:
        raise ValueError(
            f"size must be 3 or more (padding, unknown, one word), got {size}."
        )
    if not words:
        top = min(counts, key=lambda word: (-counts[word], word))
        raise ValueError(
            f"no word occurs min_count={min_count} times; the most frequent, {top!r}, "
            f"occurs {counts[top]} times."
        )


def check_ids(ids, size):
    """Return `ids` as a list of int; ValueError if a vocabulary has no such id."""
    ids = [operator.index(i) for i in ids]
    for i in ids:
        if not 0 <= i < size:
            raise ValueError(f"no word has the id {i}: ids are 0 to {size - 1}.")
    return ids


def check_sequences(sequences):
    """Return `sequences` as lists of int; an error if they are not ids, or none."""
    rows = []
    for index, sequence in enumerate(sequences):
        try:
            rows.append([operator.index(i) for i in sequence])
        except TypeError:
            raise TypeError(
                f"sequence {index} must be a list of ids, as Vocabulary.encode returns "
                f"it, got {_shown(sequence)}."
            ) from None
    if not rows:
        raise ValueError("sequences is empty: give at least one list of ids.")
    return rows


def check_length(length):
    """Raise ValueError if padded rows would have no column."""
    if length < 1:
        raise ValueError(f"length must be 1 or more, got {length}.")


def _shown(value):
    """Return the start of what `value` looks like."""
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"

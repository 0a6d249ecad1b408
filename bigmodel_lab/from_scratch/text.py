"""From text to numbers: words, vocabularies, padded sequences of ids, TF-IDF."""

import functools
import operator
import re
import unicodedata
import warnings
from collections import Counter

import numpy as np
import torch

PADDING, UNKNOWN = "<pad>", "<unk>"  # ids 0 and 1 of every vocabulary

_LATIN = "0-9a-zß-öø-ɏḁ-ỿ"  # digits and lower-case letters, also with accents
_ENGLISH_WORD = re.compile(f"[{_LATIN}]+(?:'[{_LATIN}]+)*")


def english_words(text):
    """Return the words of an English text in lower case, as a list of str.

    A word is a run of letters and digits; an apostrophe inside belongs to it ("don't").
    HTML line breaks (`<br />`) are blanks.

    Raises
    ------
    ValueError
        If `text` is not a str, is empty, or has no English word.
    """
    text = _plain(text)
    words = _ENGLISH_WORD.findall(text.lower().replace("’", "'"))
    return _checked(words, text, "English", "Latin")


def chinese_words(text):
    """Return the words of a Chinese text as jieba cuts it, as a list of str.

    Punctuation and blanks are left out; numbers and Latin words stay as they are. The
    first call reads jieba's dictionary, which takes about a second.

    Raises
    ------
    ValueError
        If `text` is not a str, is empty, or has no Chinese word.
    """
    text = _plain(text)
    cut = _tokenizer().lcut(text)
    words = [word for word in cut if any(letter.isalnum() for letter in word)]
    return _checked(words, text, "Chinese", "Chinese")


@functools.cache
def _tokenizer():
    """Return jieba's tokenizer, which says nothing and leaves no file behind."""
    with warnings.catch_warnings():
        # jieba 0.42.1 is from 2020: invalid escape sequences, pkg_resources.
        warnings.simplefilter("ignore")
        import jieba
    tokenizer = jieba.Tokenizer()
    # What tokenizer.initialize() does, without its log and its temporary file.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def _plain(text):
    """Return `text` without HTML line breaks, each letter in its usual Unicode form."""
    if not isinstance(text, str):
        raise ValueError(f"text must be a str, got {type(text).__name__}.")
    if not text.strip():
        raise ValueError("text is empty: it has no words.")
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    return unicodedata.normalize("NFKC", text)  # one é, not e and an accent; Ａ is A


def _checked(words, text, language, script):
    """Return `words`; an error if there are none, or all letters of another script."""
    if words and (script in _scripts(text) or not any(_scripts(text))):
        return words
    start = text if len(text) <= 20 else f"{text[:20]}…"
    scripts = Counter(_scripts(text))
    if not scripts:
        raise ValueError(f"no {language} word in {start!r}: it has no letters.")
    found = scripts.most_common(1)[0][0]
    other = {"Latin": "english_words", "Chinese": "chinese_words"}.get(found)
    raise ValueError(
        f"no {language} word in {start!r}: its letters are {found}"
        + (f"; cut it with {other}." if other else ".")
    )


def _scripts(text):
    """Yield the script of each letter, for example "Latin": its Unicode name's start.

    One by one: most texts show theirs by their first letter.
    """
    for letter in filter(str.isalpha, text):
        script = unicodedata.name(letter, "of no name").split()[0]
        yield "Chinese" if script == "CJK" else script.capitalize()


class Vocabulary:
    """The words of a corpus by number: 0 is padding, 1 any unknown word.

    Then come the words from the most to the least frequent, equally frequent ones in
    alphabetical order.

    Parameters
    ----------
    documents : list of lists of str
        The words of each document.
    size : int, optional
        How many ids there are at most, with those of padding and the unknown word.
    min_count : int
        How often a word must occur to get an id.

    Attributes
    ----------
    words : list of str
        The word of each id.
    ids : dict
        The id of each word.

    Raises
    ------
    TypeError
        If a document is not a list of words.
    ValueError
        If no word is left, or `size` is below 3.
    """

    def __init__(self, documents, size=None, min_count=1):
        documents = _documents(documents)
        if size is not None and size < 3:
            raise ValueError(
                f"size must be 3 or more (padding, unknown, one word), got {size}."
            )
        counts = Counter(word for document in documents for word in document)
        frequent = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [
            word
            for word in frequent
            if counts[word] >= min_count and word not in (PADDING, UNKNOWN)
        ]
        if not kept:
            raise ValueError(
                f"no word occurs min_count={min_count} times; the most frequent, "
                f"{frequent[0]!r}, occurs {counts[frequent[0]]} times."
            )
        self.words = [PADDING, UNKNOWN, *kept][:size]
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self):
        """Return the number of ids, padding and unknown included."""
        return len(self.words)

    def encode(self, words):
        """Return the ids of a list of words; 1 for a word that has none."""
        _check_words(words, "words")
        return [self.ids.get(word, self.ids[UNKNOWN]) for word in words]

    def decode(self, ids):
        """Return the words of a list of ids; ValueError for an id that has none."""
        ids = [operator.index(i) for i in ids]
        last = len(self) - 1
        for i in ids:
            if not 0 <= i <= last:
                raise ValueError(f"no word has the id {i}: ids are 0 to {last}.")
        return [self.words[i] for i in ids]


def pad(sequences, length=None):
    """Return lists of ids as one tensor: zeros fill the short, the long are cut.

    Parameters
    ----------
    sequences : list of lists of int
        N lists, as `Vocabulary.encode` makes them.
    length : int, optional
        Columns of the result; as many as the longest list has if not given.

    Returns
    -------
    torch.Tensor
        (N, length), int64.

    Raises
    ------
    TypeError
        If a sequence is not a list of ids.
    ValueError
        If there are no sequences, or `length` is below 1.
    """
    rows = []
    for index, sequence in enumerate(sequences):
        try:
            rows.append(list(map(operator.index, sequence)))
        except TypeError:
            raise TypeError(
                f"sequence {index} must be a list of ids, as Vocabulary.encode returns "
                f"it, got {_shown(sequence)}."
            ) from None
    if not rows:
        raise ValueError("sequences is empty: give at least one list of ids.")
    if length is None:
        length = max(map(len, rows))
    if length < 1:
        raise ValueError(f"length must be 1 or more, got {length}.")
    padded = np.zeros((len(rows), length), dtype=np.int64)
    for ids, row in zip(padded, rows, strict=True):
        ids[: len(row)] = row[:length]
    return torch.from_numpy(padded)  # (N, length)


def tf_idf(documents):
    """Return how much each word says about each document, and the words.

    The word's count in the document (tf) times its rarity in the corpus (idf),
    ln((1 + N) / (1 + df)) + 1 for a word in df of N documents; then each row is divided
    by its length. These are the defaults of scikit-learn's TfidfVectorizer. The matrix
    is dense: 8 N V bytes.

    Parameters
    ----------
    documents : list of lists of str
        The words of N documents.

    Returns
    -------
    weights : numpy.ndarray
        (N, V), float64, rows of length 1.
    words : list of str
        The V different words in alphabetical order, one for each column.

    Raises
    ------
    TypeError
        If a document is not a list of words.
    ValueError
        If there are no documents, or one of them is empty.
    """
    documents = _documents(documents)
    for index, document in enumerate(documents):
        if len(document) == 0:
            raise ValueError(f"document {index} has no words: leave it out.")
    words = sorted({word for document in documents for word in document})
    column = {word: j for j, word in enumerate(words)}

    tf = np.zeros((len(documents), len(words)))  # (N, V)
    for row, document in zip(tf, documents, strict=True):
        for word in document:
            row[column[word]] += 1
    df = np.count_nonzero(tf, axis=0)  # (V,)
    idf = np.log((1 + len(documents)) / (1 + df)) + 1  # (V,)
    weights = tf * idf  # (N, V)
    return weights / np.linalg.norm(weights, axis=1, keepdims=True), words


def idf(ids, vocabulary_size):
    """Return how rare each word is, (V,) float32, for ids (N, L) of N documents.

    ln((1 + N) / (1 + df)) + 1 for an id in df documents, as in `tf_idf`; 0 for padding.
    Repeated ids of a document count once.
    """
    once = torch.cat([document.unique() for document in ids])
    df = torch.bincount(once, minlength=vocabulary_size)  # (V,)
    weights = torch.log((1 + len(ids)) / (1 + df)) + 1
    weights[0] = 0
    return weights


def _documents(documents):
    """Return `documents` as a list; an error if they are not lists of words."""
    documents = list(documents)
    for index, document in enumerate(documents):
        _check_words(document, f"document {index}")
    if not any(map(len, documents)):
        raise ValueError("documents have no words: give at least one list of words.")
    return documents


def _check_words(words, name):
    """Raise TypeError if `words` is not a list of str: a str would become letters."""
    if isinstance(words, str):
        raise TypeError(
            f"{name} must be a list of words, got the text {_shown(words)}: cut it "
            f"with english_words or chinese_words; a single document goes into a list."
        )
    if not (hasattr(words, "__len__") and all(isinstance(w, str) for w in words)):
        raise TypeError(f"{name} must be a list of words, got {_shown(words)}.")


def _shown(value):
    """Return the start of what `value` looks like."""
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"

"""From text to numbers: words, vocabularies, padded sequences of ids, TF-IDF."""

import functools
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from bigmodel_lab.from_scratch._checks_text import (
    check_characters,
    check_documents,
    check_ids,
    check_language,
    check_length,
    check_no_empty_document,
    check_one_length,
    check_sequences,
    check_text,
    check_texts,
    check_vocabulary,
    check_words,
)

PADDING, UNKNOWN = "<pad>", "<unk>"  # ids 0 and 1 of every vocabulary

_LATIN = "0-9a-zß-öø-ɏḁ-ỿ"  # digits and lower-case letters, also with accents
_ENGLISH_WORD = re.compile(f"[{_LATIN}]+(?:'[{_LATIN}]+)*")


def english_words(text: str) -> list[str]:
    """Return the words of an English text in lower case.

    A word is a run of letters and digits; an apostrophe inside belongs to it ("don't").
    HTML line breaks (`<br />`) count as blanks.

    Raises
    ------
    ValueError
        If `text` is not a str, is empty, or has no English word.
    """
    check_text(text)
    text = _plain(text)
    # "The" and "the" become one word, and so do "don’t" and "don't".
    words = _ENGLISH_WORD.findall(text.lower().replace("’", "'"))
    check_language(words, text, "English", "Latin")
    return words


def chinese_words(text: str) -> list[str]:
    """Return the words of a Chinese text as jieba cuts it.

    Punctuation and blanks are left out; numbers and Latin words stay as they are. The
    first call reads jieba's dictionary, which takes about a second.

    Raises
    ------
    ValueError
        If `text` is not a str, is empty, or has no Chinese word.
    """
    check_text(text)
    text = _plain(text)
    # No blanks show where a word ends: jieba looks for the cut that its dictionary of
    # word frequencies makes most probable.
    cut = _tokenizer().lcut(text)
    # It returns punctuation and blanks, too; a word has a letter or a digit.
    words = [word for word in cut if any(letter.isalnum() for letter in word)]
    check_language(words, text, "Chinese", "Chinese")
    return words


@functools.cache
def _tokenizer():
    """Return jieba's tokenizer, silent and leaving no file behind."""
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
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    # What looks the same gets the same code: é as one letter, not e and an accent,
    # and the wide Ａ of Chinese fonts as A.
    return unicodedata.normalize("NFKC", text)


class Vocabulary:
    """The words of a corpus by number: 0 is padding, 1 any unknown word.

    Then come the words from the most to the least frequent, equally frequent ones in
    alphabetical order.

    Parameters
    ----------
    documents : list of lists of str
        The words of each document.
    size : int, optional
        How many ids there are at most, including padding and the unknown word.
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

    def __init__(
        self,
        documents: Iterable[Sequence[str]],
        size: int | None = None,
        min_count: int = 1,
    ):
        # Count how often each word occurs in all documents together.
        counts = Counter(w for document in check_documents(documents) for w in document)
        # Drop the rare ones: a model sees them too seldom to learn what they mean.
        words = {w for w in counts if counts[w] >= min_count} - {PADDING, UNKNOWN}
        check_vocabulary(words, counts, min_count, size)
        # Rank them, so that cutting at `size` keeps the most frequent. Ties go by the
        # alphabet, so that a word has the same id on every run.
        ranked = sorted(words, key=lambda word: (-counts[word], word))
        # The place in this list is the id; the two special words come first.
        self.words = [PADDING, UNKNOWN, *ranked][:size]
        # And the other direction: from a word to its place.
        self.ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self):
        """Return the number of ids, including padding and the unknown word."""
        return len(self.words)

    def encode(self, words: Sequence[str]) -> list[int]:
        """Return the ids of a list of words; 1 for a word that has none.

        Raises
        ------
        TypeError
            If `words` is not a list of words.
        """
        check_words(words, "words")
        return [self.ids.get(word, self.ids[UNKNOWN]) for word in words]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the words of a list of ids; ValueError for an id that has none."""
        return [self.words[i] for i in check_ids(ids, len(self))]


class Characters:
    r"""The characters of texts by number, in the order of their code points.

    "\n" is one of them: before a text it says begin, after it end. Its number is 0,
    since nothing in a line of text comes before it.

    Attributes
    ----------
    characters : list of str
        The character of each id.
    ids : dict
        The id of each character.

    Raises
    ------
    ValueError
        If there is no text.
    """

    def __init__(self, texts: Iterable[str]):
        self.characters = sorted({"\n"}.union(*check_texts(texts)))
        self.ids = {character: i for i, character in enumerate(self.characters)}

    def __len__(self):
        """Return the number of characters."""
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        """Return the id of each character; ValueError names those that have none."""
        check_characters(text, self.ids)
        return [self.ids[character] for character in text]

    def rows(self, texts: Iterable[str]) -> torch.Tensor:
        """Return the ids (N, T) of texts that have one length T.

        ValueError if there are none, or of several lengths: such as poems of two forms.
        """
        ids = [self.encode(text) for text in check_one_length(texts)]
        return torch.from_numpy(np.array(ids))  # (N, T), int64

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of a list of ids; ValueError for an id that has none."""
        return "".join(self.characters[i] for i in check_ids(ids, len(self)))


def pad(sequences: Iterable[Sequence[int]], length: int | None = None) -> torch.Tensor:
    """Return lists of ids as one tensor: zeros fill the short, the long are cut.

    Parameters
    ----------
    sequences : list of lists of int
        N lists, as `Vocabulary.encode` makes them.
    length : int, optional
        Columns of the result; by default, as many as the longest list has.

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
    rows = check_sequences(sequences)
    if length is None:
        length = max(map(len, rows))
    check_length(length)
    # Begin with padding everywhere: its id is 0.
    padded = np.zeros((len(rows), length), dtype=np.int64)
    # Write each list over the start of its row; what does not fit is cut off.
    for ids, row in zip(padded, rows, strict=True):
        ids[: len(row)] = row[:length]
    return torch.from_numpy(padded)  # (N, length)


def tf_idf(documents: Iterable[Sequence[str]]) -> tuple[np.ndarray, list[str]]:
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
    documents = check_documents(documents)
    check_no_empty_document(documents)
    # Give each different word a column.
    words = sorted({word for document in documents for word in document})
    column = {word: j for j, word in enumerate(words)}
    # Count each word of each document in its cell.
    tf = np.zeros((len(documents), len(words)))  # (N, V)
    for row, document in zip(tf, documents, strict=True):
        for word in document:
            row[column[word]] += 1
    # A word that every document has tells nothing apart, so rare words weigh more.
    weights = tf * _rarity(np.count_nonzero(tf, axis=0), len(documents), np.log)
    # Bring all rows to length 1: a long document is not a more important one.
    return weights / np.linalg.norm(weights, axis=1, keepdims=True), words


def idf(ids: torch.Tensor, vocabulary_size: int) -> torch.Tensor:
    """Return how rare each word is, (V,) float32, for ids (N, L) of N documents.

    ln((1 + N) / (1 + df)) + 1 for an id in df documents, as in `tf_idf`; 0 for padding.
    Repeated ids of a document count once.
    """
    # Keep each id of a document once, so that counting ids counts documents.
    once = torch.cat([document.unique() for document in ids])
    df = torch.bincount(once, minlength=vocabulary_size)  # (V,)
    weights = _rarity(df, len(ids), torch.log)  # (V,)
    # Padding is not a word.
    weights[0] = 0
    return weights


def _rarity(df, documents, log):
    """Return the idf of words that are in `df` (V,) documents each; `log` is theirs."""
    # 1 for a word that all documents have, more for a rarer one. Adding 1 above and
    # below, as if one more document had every word, also avoids a division by 0.
    return log((1 + documents) / (1 + df)) + 1

r"""Byte-pair encoding: the tokens of GPT, learned from a text.

A text is a row of bytes. `learn` joins the pair of neighbors that is the most frequent,
again and again (Sennrich et al. 2016, on bytes as in Radford et al. 2019); `encode`
repeats the same merges on any other text. `b"".join(tokens).decode()` undoes it.
"""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import regex

from bigmodel_lab.from_scratch._checks_language import (
    check_merges,
    check_pair,
    check_ranks,
    check_string,
)

# How GPT-2 cuts a text before any merge: an ending such as 's; a run of letters, of
# digits, or of other signs, each with the blank before it; blanks. So no token goes
# from one word into the next. The Chinese characters between two signs are one run.
GPT2_WORDS = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)
# The 256 bytes in GPT-2's order: those of visible characters come first.
BYTES = sorted(range(256), key=lambda b: (chr(b) == " " or not chr(b).isprintable(), b))


def words(text: str, pattern: str = GPT2_WORDS) -> list[str]:
    """Return the pieces that `pattern` cuts a text into; joined, they are the text."""
    check_string(text)
    return [match.group() for match in regex.finditer(pattern, text)]


def learn(
    text: str, merges: int, pattern: str = GPT2_WORDS
) -> list[tuple[bytes, bytes]]:
    """Return the first `merges` pairs of tokens to join, in the order of their joining.

    The same pairs in the same order as the package tokenizers finds.

    Raises
    ------
    ValueError
        If `text` is empty or too short for so many merges, or `merges` is below 1.
    """
    check_merges(merges)
    corpus, learned = _Corpus(words(text, pattern)), []
    while len(learned) < merges:
        pair = corpus.most_frequent_pair()
        check_pair(pair, len(learned), merges)
        # From now on the two are one token, which can be part of a pair itself.
        corpus.join(pair)
        learned.append(pair)
    return learned


def ranks(merges: list[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """Return the rank of each token, its id: first the 256 bytes, then the merges."""
    tokens = [*(bytes([b]) for b in BYTES), *(left + right for left, right in merges)]
    return {token: rank for rank, token in enumerate(tokens)}


def encode(
    text: str, ranks: dict[bytes, int], pattern: str = GPT2_WORDS
) -> list[bytes]:
    """Return the tokens of a text, as bytes: `ranks[token]` is the id of one.

    Parameters
    ----------
    text : str
        What to encode.
    ranks : dict
        The rank of each token, by `ranks(merges)` or from `lab.datasets.vocabulary`.
    pattern : str
        How to cut the text into words, as when the ranks were learned.

    Raises
    ------
    TypeError
        If `ranks` is a list of merges.
    ValueError
        If `text` is not a str.
    """
    check_ranks(ranks)
    pieces = words(text, pattern)
    return [token for word in pieces for token in _encode_word(word.encode(), ranks)]


def _encode_word(word, ranks):
    """Return the tokens of one word, given as bytes."""
    tokens = [bytes([b]) for b in word]
    while len(tokens) > 1:
        # A pair can be joined if that is a token; the one learned first goes first.
        found = [ranks.get(left + right, math.inf) for left, right in pairwise(tokens)]
        i = found.index(min(found))
        if found[i] == math.inf:
            break
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
    return tokens


class _Corpus:
    """The different words of a text as lists of tokens, and how often each pair is."""

    def __init__(self, words):
        # A word that is there a thousand times is merged once and counts a thousand.
        counts = Counter(words)
        self.words = [[bytes([b]) for b in word.encode()] for word in counts]
        self.times = list(counts.values())
        self.rank = ranks([])
        # Of each pair: how often it is there, and in which words.
        self.pairs, self.where = defaultdict(int), defaultdict(set)
        for i in range(len(self.words)):
            self._count(i, 1)

    def _count(self, i, sign):
        """Add the pairs of word `i` to the counts, or take them away with sign -1."""
        times = sign * self.times[i]
        for pair in pairwise(self.words[i]):
            self.pairs[pair] += times
            self.where[pair].add(i)

    def most_frequent_pair(self):
        """Return the pair to join, or None if every word is one token."""
        most = max(self.pairs.values(), default=0)
        tied = [pair for pair, count in self.pairs.items() if count == most > 0]
        # Nothing says which of equally frequent pairs is better. As tokenizers does,
        # take the one whose tokens are older: the left one, then the right one.
        return min(tied, key=lambda pair: [self.rank[t] for t in pair], default=None)

    def join(self, pair):
        """Make one token of the pair in all words; only those that have it change."""
        self.rank[b"".join(pair)] = len(self.rank)
        for i in self.where.pop(pair):
            self._count(i, -1)
            self.words[i] = _joined(self.words[i], pair)
            self._count(i, 1)
        # Gone everywhere, so there is no need to look at its count again.
        del self.pairs[pair], self.where[pair]


def _joined(tokens, pair):
    """Return the tokens with each occurrence of the pair joined, from the left."""
    joined = []
    for token in tokens:
        if joined and token == pair[1] and joined[-1] == pair[0]:
            joined[-1] += token
        else:
            joined.append(token)
    return joined

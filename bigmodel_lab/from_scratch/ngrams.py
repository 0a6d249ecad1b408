"""Language models that count: the next token by the few before it, smoothed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bigmodel_lab.from_scratch._checks_language import (
    check_histories,
    check_model,
    check_rows,
)


class _Level(NamedTuple):
    """What is known of n-grams of one length: n - 1 tokens of history and the next."""

    grams: np.ndarray  # the different n-grams, as numbers in ascending order
    seen: np.ndarray  # of each: the probability of its last token by its own count
    histories: np.ndarray  # the different histories, as numbers in ascending order
    starts: np.ndarray  # where the n-grams of each history start, and the end
    rest: np.ndarray  # of each history: the probability left for shorter histories


class KneserNey:
    """Interpolated Kneser-Ney smoothing (Kneser & Ney 1995; Chen & Goodman 1999).

    The probability of token w after the history h, which is the last `order` - 1 tokens
    or, near the start of a row, all before it:

        p(w | h) = max(c(hw) - d, 0) / c(h) + d * kinds(h) / c(h) * p(w | h')

    c(hw) is how often w came after h, c(h) the sum of these counts, kinds(h) how many
    different w came after h, d the discount; h' is h without its first token. After a
    history that never occurred, only p(w | h') counts. Below the shortest history lies
    1 / vocabulary_size. The shorter histories count differently: c(h'w) is in how many
    different contexts h'w occurred, so a token that is only frequent after one other
    ("Francisco") is not expected elsewhere.

    Parameters
    ----------
    rows : array of int
        (N, T), the ids of N texts. The first one of a row is only ever a history.
    order : int
        Length of the longest n-gram, from 1 to 5.
    vocabulary_size : int
        How many ids there are, V; V ** `order` must be below 2 ** 63.
    discount : float
        What is taken off each count for tokens not seen yet, between 0 and 1.

    Raises
    ------
    TypeError
        If `rows` are not integers.
    ValueError
        If a setting or an id is out of its range, or rows are shorter than `order`.
    """

    def __init__(
        self, rows: ArrayLike, order: int, vocabulary_size: int, discount: float = 0.75
    ):
        check_model(order, discount, vocabulary_size)
        rows = check_rows(rows, vocabulary_size, shortest=max(order, 2))
        self.order, self.vocabulary_size = order, vocabulary_size
        self.levels, contexts = [], np.empty(0, dtype=np.int64)
        # From the longest n-grams down to single tokens.
        for n in range(order, 0, -1):
            grams = np.concatenate([self._grams_of(rows, n), contexts])
            grams, counts = np.unique(grams, return_counts=True)
            self.levels.insert(0, _level(grams, counts, discount, vocabulary_size))
            # Each different n-gram is a context of the n-gram without its first token.
            contexts = grams % vocabulary_size ** (n - 1)

    def _grams_of(self, rows, n):
        """Return the n-grams of rows that are counted as often as they occur.

        The longest everywhere, shorter ones only where a row starts: no token before
        them could be their context.
        """
        last = rows.shape[1] if n == self.order else n
        return self._packed(rows[:, :last], n).ravel()

    def _packed(self, rows, n):
        """Return the n-grams that predict a token of the rows, (N, ...), as numbers.

        The n-gram 3, 1, 4 is 314 if there are ten ids: a number is looked up faster
        than a tuple, and its first and last digits come off by division.
        """
        # The first token of a row is not predicted.
        ends = np.arange(max(n - 1, 1), rows.shape[1])
        packed = np.zeros((len(rows), len(ends)), dtype=np.int64)
        for back in range(n - 1, -1, -1):
            packed = packed * self.vocabulary_size + rows[:, ends - back]
        return packed

    def bits(self, rows: ArrayLike) -> np.ndarray:
        """Return -log2 of the probability of each token but the first, (N, T - 1).

        Errors as for the model, but rows can have any T from 2.
        """
        rows = check_rows(rows, self.vocabulary_size)
        p = np.full((len(rows), rows.shape[1] - 1), 1 / self.vocabulary_size)
        for n, level in enumerate(self.levels[: rows.shape[1]], start=1):
            grams = self._packed(rows, n)
            histories = grams // self.vocabulary_size
            # The places that have a history of this length: not the row's start.
            here = p[:, max(n - 2, 0) :]
            here *= _look_up(histories, level.histories, level.rest, missing=1)
            here += _look_up(grams, level.grams, level.seen, missing=0)
        return -np.log2(p)

    def probabilities(self, histories: ArrayLike) -> np.ndarray:
        """Return the probability of each next token: (N, V), or (V,) for one history.

        Parameters
        ----------
        histories : array of int
            (N, L), or (L,) for one. The last `order` - 1 ids are looked at. Fewer are
            the start of a row.

        Raises
        ------
        TypeError
            If they are not integers.
        ValueError
            If an id is not in the vocabulary.
        """
        histories = check_histories(histories, self.vocabulary_size)
        if histories.ndim == 1:
            return self._after(histories)
        return np.stack([self._after(history) for history in histories])

    def _after(self, history):
        """Return the probabilities (V,) of the token after one history (L,)."""
        p = np.full(self.vocabulary_size, 1 / self.vocabulary_size)
        packed = 0
        for n, level in enumerate(self.levels[: len(history) + 1]):
            # The history of n tokens, as in `_packed`: one more in front at each level.
            if n:
                packed += history[-n] * self.vocabulary_size ** (n - 1)
            i = np.searchsorted(level.histories, packed)
            if i < len(level.histories) and level.histories[i] == packed:
                found = slice(*level.starts[i : i + 2])
                p *= level.rest[i]
                p[level.grams[found] % self.vocabulary_size] += level.seen[found]
        return p


def _look_up(keys, known, values, missing):
    """Return the value of each key, where `known` has it; else `missing`."""
    # The place where a key would stand in the ascending order; there may stand another.
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], missing)


def _level(grams, counts, discount, vocabulary_size):
    """Return the two parts of the formula for the n-grams (M,), which have counts."""
    # In ascending order, the n-grams of one history stand together.
    histories, starts, kinds = np.unique(
        grams // vocabulary_size, return_index=True, return_counts=True
    )
    totals = np.add.reduceat(counts, starts)
    # A count is 1 or more, so something is left of it without the discount.
    seen = (counts - discount) / np.repeat(totals, kinds)
    # What was taken off after this history goes to the tokens after the next shorter.
    rest = discount * kinds / totals
    return _Level(grams, seen, histories, np.append(starts, len(grams)), rest)

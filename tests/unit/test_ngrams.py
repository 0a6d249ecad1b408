"""Kneser-Ney, against its definition with dictionaries and numbers made by hand."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from bigmodel_lab import datasets
from bigmodel_lab.from_scratch.ngrams import KneserNey


class Dictionaries:
    """The definition, one n-gram at a time."""

    def __init__(self, rows, order, vocabulary_size, discount):
        self.order, self.V, self.d = order, vocabulary_size, discount
        self.counts = [defaultdict(Counter) for _ in range(order)]
        for row in rows:
            for t in range(1, len(row)):
                history = self.history(row[:t])
                self.counts[len(history)][history][row[t]] += 1
        for n in range(order - 1, 0, -1):
            for history, counts in self.counts[n].items():
                for token in counts:
                    self.counts[n - 1][history[1:]][token] += 1

    def history(self, tokens):
        return tuple(tokens[max(0, len(tokens) - self.order + 1) :])

    def probability(self, token, history):
        below = self.probability(token, history[1:]) if history else 1 / self.V
        counts = self.counts[len(history)].get(history)
        if not counts:
            return below
        share = max(counts[token] - self.d, 0) + self.d * len(counts) * below
        return share / counts.total()


def random_rows(rng, vocabulary_size, shape):
    """Return rows with a start token, in which some tokens are much more frequent."""
    rows = (vocabulary_size * rng.random(shape) ** 2).astype(int)
    rows[:, 0] = 0
    return rows


@pytest.mark.parametrize("order", range(1, 6))
@pytest.mark.parametrize("seed", range(4))
def test_probabilities_and_bits_are_those_of_the_definition(order, seed):
    rng = np.random.default_rng(seed)
    vocabulary_size, length = int(rng.integers(2, 9)), int(rng.integers(5, 9))
    discount = rng.uniform(0.1, 0.9)
    rows = random_rows(rng, vocabulary_size, (30, length))
    model = KneserNey(rows, order, vocabulary_size, discount)
    plain = Dictionaries(rows.tolist(), order, vocabulary_size, discount)
    new = random_rows(rng, vocabulary_size, (10, length + 2))
    bits = model.bits(new)
    assert bits.shape == (10, length + 1)
    for t in range(1, length + 2):
        p = model.probabilities(new[:, :t])
        expected = [
            [plain.probability(w, plain.history(row[:t])) for w in range(len(p[0]))]
            for row in new.tolist()
        ]
        np.testing.assert_allclose(p, expected, rtol=1e-12)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_allclose(2 ** -bits[:, t - 1], p[range(10), new[:, t]])


def test_numbers_made_by_hand():
    # Two rows, 0 1 2 and 0 2 2, a discount of 0.5. Bigrams: 01, 02, 12, 22, each once.
    # In different contexts: 1 after 0 (one), 2 after 0, 1 and 2 (three).
    model = KneserNey([[0, 1, 2], [0, 2, 2]], order=2, vocabulary_size=3, discount=0.5)
    rest = 0.5 * 2 / 4 / 3  # two kinds among four contexts, shared by three ids
    alone = np.array([0, 0.5 / 4, 2.5 / 4]) + rest
    np.testing.assert_allclose(model.probabilities([]), alone)
    after_0 = np.array([0, 0.5 / 2, 0.5 / 2]) + 0.5 * 2 / 2 * alone
    np.testing.assert_allclose(model.probabilities([0]), after_0)
    after_1 = np.array([0, 0, 0.5]) + 0.5 * alone
    np.testing.assert_allclose(model.probabilities([1]), after_1)
    np.testing.assert_allclose(model.bits([[0, 1]]), [[-np.log2(after_0[1])]])


def test_a_token_of_one_context_is_not_expected_in_others():
    # 1 ("Francisco") is as frequent as 3, but only ever after 2 ("San").
    rows = [[0, 2, 1], [0, 2, 1], [0, 2, 1], [0, 4, 3], [0, 5, 3], [0, 6, 3]]
    p = KneserNey(rows, order=2, vocabulary_size=8).probabilities([7])
    assert p[3] > 2 * p[1]


def test_only_the_last_tokens_of_a_long_history_count():
    rows = random_rows(np.random.default_rng(0), 5, (50, 9))
    model = KneserNey(rows, order=3, vocabulary_size=5)
    for length in (2, 3, 8):
        np.testing.assert_array_equal(
            model.probabilities(rows[:, :8][:, -length:]),
            model.probabilities(rows[:, 6:8]),
        )


def test_more_context_helps_with_poems():
    train, validation, _ = datasets.tang_poems()
    characters = sorted({c for part in (train, validation) for c in "".join(part.poem)})
    ids = {c: i for i, c in enumerate(["\n", *characters])}
    known, new = (
        np.array([[ids[c] for c in f"\n{poem}\n"] for poem in part["poem"]])
        for part in (train[::10], validation[::10])
    )
    unigram, bigram, trigram = (
        KneserNey(known, order, len(ids), 0.9).bits(new).mean() for order in (1, 2, 3)
    )
    assert unigram > bigram + 1 > trigram + 1


ROWS = [[0, 1, 2], [0, 2, 1]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ROWS, 0, 3), "order must be 1, 2, 3, 4 or 5, got 0"),
        ((ROWS, 6, 3), "order must be .*, got 6"),
        ((ROWS, 2, 3, 0), "discount must be between 0 and 1, got 0"),
        ((ROWS, 2, 3, 1.0), "discount must be between 0 and 1, got 1.0"),
        ((ROWS, 2, 2), "rows have the id 2, but vocabulary_size=2 allows 0 to 1"),
        (([[0, -1]], 2, 2), "rows have the id -1"),
        ((ROWS, 5, 3), r"T >= 5, got \(2, 3\)"),
        (([0, 1, 2], 1, 3), r"rows must have shape \(N, T\) .*, got \(3,\)"),
        ((ROWS, 5, 7000), "from 1 to 6208 for order 5, got 7000"),
        ((ROWS, 1, 0), "vocabulary_size must be from 1"),
    ],
)
def test_what_is_out_of_range_is_told(arguments, says):
    with pytest.raises(ValueError, match=says):
        KneserNey(*arguments)


def test_texts_are_no_ids():
    with pytest.raises(TypeError, match="rows must be ids, which are integers, got <U"):
        KneserNey([["春", "眠"]], 2, 3)
    model = KneserNey(ROWS, 2, 3)
    with pytest.raises(TypeError, match="histories must be ids"):
        model.probabilities([0.5])
    with pytest.raises(ValueError, match="histories have the id 3"):
        model.probabilities([[0, 3]])
    with pytest.raises(ValueError, match=r"\(L,\) for one, got \(\)"):
        model.probabilities(0)

"""Exercises of chapter 06: words as ids, honest metrics, CNN, LSTM, naive Bayes."""

import functools
import itertools
from collections import Counter

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.datasets import chinese_reviews
from bigmodel_lab.exercises.draws import normal, torch_seeded_by
from bigmodel_lab.exercises.judging.judge import exercise, scored
from bigmodel_lab.from_scratch.text import chinese_words

_WORDS = ["ball", "bat", "game", "goal", "moon", "ship", "star", "team", "win"]

# -- 1 ---------------------------------------------------------------------------------


def _two_corpora(rng):
    """Return train and test documents and min_count; every wrong count shows."""
    least = int(rng.integers(2, 4))
    words = sorted(rng.choice(_WORDS, 8, replace=False).tolist())
    # b, c and d, e are tied; c comes before b, but d before e.
    b, c, d, e, rare, new, once, top = words
    rest = [top] * (least + 3) + [b] * (least + 1) + [c] * least
    rest += [d] * (least - 2) + [e] * (least - 1) + [rare] * (least - 1)
    rest = rng.permutation(rest).tolist()
    third = len(rest) // 3
    # d is twice in one document: counting documents would lose it.
    train = [[c, d, e, d], rest[:third], rest[third:]]
    test = [rare] * 2 + [new] * (least + 1) + [once, top, b, c, d, e]
    test = rng.permutation(test).tolist()
    return train, [test[:5], test[5:]], least


@exercise(
    inputs=_two_corpora,
    hints=[
        "Count the words of all training documents first, keep those that occur often "
        "enough, and put them in order. What may the test documents add to that?",
        "Sort the kept words by `(-counts[word], word)`: the most frequent come first, "
        "and words that are equally frequent in alphabetical order.",
        "With `ids = {word: i for i, word in enumerate(kept, start=2)}`, the same for "
        "both parts, a document becomes `[ids.get(word, 1) for word in document]`. "
        "`lab.text.Vocabulary(train, min_count=min_count)` does all of it.",
    ],
)
def encode_both(train, test, min_count):
    """Return (ids of train, ids of test): a list of ids for each document.

    train and test are lists of documents, a document a list of words. A word that
    occurs at least min_count (a number) times in train has an id from 2 on: the most
    frequent first, equally frequent ones in alphabetical order. Any other word is 1.
    """
    counts = Counter(word for document in train for word in document)
    kept = [word for word in counts if counts[word] >= min_count]
    kept.sort(key=lambda word: (-counts[word], word))
    ids = {word: i for i, word in enumerate(kept, start=2)}
    train, test = (
        [[ids.get(word, 1) for word in document] for document in part]
        for part in (train, test)
    )
    return train, test


def _encoded(parts, kept, first=2, unknown=1):
    """Return the ids of both parts; the words kept have the ids from `first` on."""
    ids = {word: i for i, word in enumerate(kept, start=first)}
    return tuple([[ids.get(w, unknown) for w in words] for words in p] for p in parts)


def _frequent(documents, min_count):
    """Return the frequent words, the most frequent first, then alphabetical."""
    counts = Counter(word for document in documents for word in document)
    kept = [word for word in counts if counts[word] >= min_count]
    return sorted(kept, key=lambda word: (-counts[word], word))


@encode_both.mistakes
def _(train, test, min_count):
    """
    counted_in_both_parts: You counted the test documents too: words that occur only
        there have an id, whose embedding no training text ever moves. The vocabulary is
        learned from train alone.
    a_vocabulary_each: The test documents have a vocabulary of their own, so that the
        same id means one word in training and another one in the test. Use that of
        train for both.
    unknown_dropped: You left the unknown words out, so their neighbors moved together.
        An id of its own, 1, says that a word was there.
    unknown_as_padding: You gave unknown words the id 0, and that is padding: a model
        that skips the padding would not see that a word was there. Unknown is 1.
    more_than_min_count: Words that occur exactly min_count times are missing: "at
        least" is `>=`.
    every_word_kept: You kept every word of train. One that occurs fewer than min_count
        times is unknown there too: that is how the model learns what an unknown word is
        like.
    documents_counted: You counted in how many documents a word occurs, as the idf does.
        Here every occurrence counts, also the second one in the same document.
    ties_as_they_came: Equally frequent words are in the order in which they first
        occurred, as most_common() leaves them. Put them in alphabetical order: then the
        ids do not depend on the order of the documents.
    ties_from_z_to_a: Equally frequent words are in reverse alphabetical order, as a
        sort of (count, word) with reverse=True leaves them. Sort by (-count, word)
        instead.
    rarest_first: Your rarest word has the lowest id: sorting is in ascending order.
        Sort by the negative count.
    alphabetical: Your ids are in alphabetical order alone. The most frequent word comes
        first, so that a smaller vocabulary is the beginning of a larger one.
    ids_from_zero: Your ids begin at 0, so the two most frequent words look like padding
        and like an unknown word. Begin at 2.
    ids_from_one: Your ids begin at 1, so the most frequent word looks like an unknown
        one. Begin at 2.
    as_they_came: Your ids follow the order in which the words first occurred. The most
        frequent word comes first, so that a smaller vocabulary is the beginning of a
        larger one.
    """
    parts, kept = (train, test), _frequent(train, min_count)
    counts = Counter(word for document in train for word in document)
    as_they_came = [word for word in counts if word in kept]
    known = [[[w for w in words if w in kept] for words in part] for part in parts]

    def rarity(word):
        return counts[word], word

    return {
        "counted_in_both_parts": _encoded(parts, _frequent(train + test, min_count)),
        "a_vocabulary_each": (
            *_encoded([train], kept),
            *_encoded([test], _frequent(test, min_count)),
        ),
        "unknown_dropped": _encoded(known, kept),
        "unknown_as_padding": _encoded(parts, kept, unknown=0),
        "more_than_min_count": _encoded(parts, _frequent(train, min_count + 1)),
        "every_word_kept": _encoded(parts, _frequent(train, 1)),
        "documents_counted": _encoded(parts, _frequent(map(set, train), min_count)),
        "ties_as_they_came": _encoded(
            parts, sorted(as_they_came, key=counts.get, reverse=True)
        ),
        "ties_from_z_to_a": _encoded(parts, sorted(kept, key=rarity, reverse=True)),
        "rarest_first": _encoded(parts, sorted(kept, key=rarity)),
        "alphabetical": _encoded(parts, sorted(kept)),
        "ids_from_zero": _encoded(parts, kept, first=0),
        "ids_from_one": _encoded(parts, kept, first=1),
        "as_they_came": _encoded(parts, as_they_came),
    }


# -- 2 ---------------------------------------------------------------------------------


def _word_counts(rng):
    """Return counts (12, 8), labels (12,) of three topics, and new counts (4, 8)."""
    counts, new = rng.poisson(1.5, (12, 8)), rng.poisson(1.5, (4, 8))
    labels = rng.permutation([0] * 6 + [1] * 4 + [2] * 2)
    counts[labels == 0, 0] = 0  # topic 0 never has word 0, some new documents do
    counts[:, 1] += 1  # no topic is without words
    new[0, :2] = [1, 2]  # a word that occurs twice
    return counts, labels, new


@exercise(
    inputs=_word_counts,
    hints=[
        "For each topic, add up how often each word occurs in its documents, plus one. "
        "What must these V numbers be divided by to become the words' probabilities?",
        "A score is the log of the topic's share of the documents, plus, for every "
        "word, its count in the new document times the log of its probability.",
        "With `words = counts[labels == topic].sum(0) + 1`, the column of the topic is "
        "`np.log(np.mean(labels == topic)) + new @ np.log(words / words.sum())`. Put "
        "the columns side by side: `np.stack(columns, axis=1)`.",
    ],
)
def naive_bayes(counts, labels, new):
    """Return log P(topic) + log P(words | topic), (M, C): multinomial naive Bayes.

    All are arrays: counts (N, V) says how often each word occurs in each training
    document, labels (N,) are topics 0 to C - 1, each of which occurs, and new (M, V)
    counts the words of M other documents. P(word | topic) is smoothed: one is added to
    each word's count in the topic. In how many orders the words could come is left out
    of P(words | topic).
    """
    columns = []
    for topic in range(labels.max() + 1):
        words = counts[labels == topic].sum(0) + 1  # (V,)
        log_prior = np.log(np.mean(labels == topic))
        columns.append(log_prior + new @ np.log(words / words.sum()))  # (M,)
    return np.stack(columns, axis=1)


@naive_bayes.mistakes
def _(counts, labels, new):
    """
    not_smoothed: You left the smoothing out. A topic that never had one of the words
        gets the probability 0 for it, and log(0) rules the topic out (or gives NaN,
        where it is multiplied by 0). Add one to every count.
    prior_forgotten: The words are right, but the prior is missing: a topic that half of
        the documents have is likelier to begin with. Add the log of its share.
    words_forgotten: That is the prior alone, the same for every document. Add the
        words: their counts times the log of their probabilities.
    over_the_topics: You divided by a word's count in all topics, which gives the
        probability of a topic given the word. Naive Bayes needs that of the word given
        the topic: over all words of a topic they sum to 1.
    binary_counts: You only asked whether a document has a word. In multinomial naive
        Bayes a word that occurs twice counts twice, in training and in the new
        documents.
    new_words_counted_once: The probabilities are right, but each word of a new document
        counts once. Take it as often as it occurs: its count times the log of its
        probability.
    divisor_not_smoothed: You added one to every count but not to their sum, so the
        probabilities of a topic sum to more than 1. The divisor grows by V, the number
        of words.
    divisor_plus_one: You added one to the sum as well, but it must grow by V: one for
        each of the words, so that the probabilities of a topic sum to 1.
    divided_by_documents: You divided by the number of the topic's documents. That is
        how often a document has the word; the probabilities of all words must sum to 1:
        divide by the number of words in the topic.
    one_in_each_document: You added one in every document, so that topics with many
        documents are smoothed more. Add the documents of a topic up first, then one to
        each word.
    probabilities: These are probabilities, right as far as they go. For a text of a few
        hundred words they would be rounded to 0 for every topic: add logarithms.
    normalized_over_topics: You normalized: these are the logs of the topics'
        probabilities given the words. The decision is the same. But the question asks
        for the sum itself: log P(topic) + log P(words | topic).
    topics_in_rows: Your table is transposed: it has a row for each topic. Here a row is
        a document and a column a topic.
    prior_smoothed: The words are right, but you smoothed the prior as well. Only the
        words' counts grow by one; the prior is the topic's share of the documents as it
        is.
    uniform_prior: The words are right, but every topic has the same prior in your
        result, one over the number of topics. A topic's prior is its share of the
        training documents.
    log_of_the_sum: You took the logarithm of a sum of probabilities. The words occur
        together, so their probabilities are multiplied: take the logarithm of each
        first, then add up.
    """
    scores = naive_bayes.solution(counts, labels, new)
    documents = np.bincount(labels)[:, None]  # (C, 1)
    words = np.stack([counts[labels == t].sum(0) for t in range(len(documents))])
    smoothed, total = words + 1, words.sum(1, keepdims=True)  # (C, V), (C, 1)

    def shares(amounts):
        return amounts / amounts.sum(1, keepdims=True)

    prior = np.log(shares(documents.T))  # (1, C)

    def with_words(p):
        return prior + new @ np.log(p).T

    return {
        "not_smoothed": with_words(shares(words)),
        "prior_forgotten": scores - prior,
        "words_forgotten": np.tile(prior, (len(new), 1)),
        "over_the_topics": with_words(smoothed / smoothed.sum(0)),
        "binary_counts": naive_bayes.solution(counts > 0, labels, np.sign(new)),
        "new_words_counted_once": naive_bayes.solution(counts, labels, np.sign(new)),
        "divisor_not_smoothed": with_words(smoothed / total),
        "divisor_plus_one": with_words(smoothed / (total + 1)),
        "divided_by_documents": with_words(smoothed / documents),
        "one_in_each_document": with_words(shares(words + documents)),
        "probabilities": np.exp(scores),
        "normalized_over_topics": scores - np.logaddexp.reduce(scores, 1)[:, None],
        "topics_in_rows": scores.T,
        "prior_smoothed": scores - prior + np.log(shares(documents.T + 1)),
        "uniform_prior": scores - prior - np.log(len(documents)),
        "log_of_the_sum": prior + np.log(new @ shares(smoothed).T),
    }


# -- 3 ---------------------------------------------------------------------------------


def _topics_and_predictions(rng):
    """Return labels and predictions (60,) of six topics, some wrong.

    They are unevenly frequent, one is never predicted, and two are predicted but never
    occur.
    """
    missed, frequent, *others, absent, absent_too = rng.permutation(6)
    occurring = [missed, frequent, *others]
    share = [0.15, 0.55, 0.2, 0.1]
    labels = np.concatenate([occurring, rng.choice(occurring, 56, p=share)])
    guesses = rng.choice([frequent, *others], 60, p=[0.3, 0.3, 0.4])
    predictions = np.where(rng.random(60) < 0.7, labels, guesses)
    predictions[1:4] = labels[1:4]  # each is found once,
    predictions = np.where(predictions == missed, frequent, predictions)  # but this one
    predictions[[0, 4]] = absent, absent_too
    order = rng.permutation(60)
    return labels[order], predictions[order]


@exercise(
    inputs=lambda rng: (*_topics_and_predictions(rng), 6),
    hints=[
        "For one topic, count three things: how often it was predicted, how often it "
        "occurs, and how often both are true (the hits).",
        "Precision asks about what was predicted (hits / predicted), recall about what "
        "there is to find (hits / occurring). What if the divisor is 0?",
        "`hits = ((labels == t) & (predictions == t)).sum()`, divided by "
        "`max((predictions == t).sum(), 1)` for precision and by "
        "`max((labels == t).sum(), 1)` for recall, for every topic t.",
    ],
)
def precision_recall(labels, predictions, topics):
    """Return (precision, recall), two arrays (topics,): D1 §3.2.4, topic by topic.

    labels (N,) and predictions (N,) are arrays of topics 0 to topics - 1; topics is a
    number. The precision of a topic that was never predicted is 0, and so is the recall
    of one that never occurs.
    """
    hits = np.bincount(labels[labels == predictions], minlength=topics)  # (topics,)
    predicted = np.bincount(predictions, minlength=topics)
    occurring = np.bincount(labels, minlength=topics)
    return hits / np.maximum(predicted, 1), hits / np.maximum(occurring, 1)


def _counts(labels, predictions, topics=6):
    """Return hits, predicted and occurring, each (topics,)."""
    parts = labels[labels == predictions], predictions, labels
    return [np.bincount(part, minlength=topics) for part in parts]


@precision_recall.mistakes
def _(labels, predictions, topics):
    """
    swapped: Precision and recall are swapped. Precision: of what was predicted as this
        topic, how much really is. Recall: of what is this topic, how much was found.
    accuracy_for_all: That is the accuracy, the same for every topic. Count the
        documents of one topic at a time.
    negatives_counted: You also counted the documents that are not of this topic and
        were not taken for it. With many topics these are nearly all, which makes any
        classifier look good: precision and recall leave them out.
    zero_by_zero: Right, except for a topic that was never predicted and one that never
        occurs: there 0/0 gives NaN, and a mean over the topics would be NaN as well.
        Make it 0.
    never_wrong: A topic that was never predicted has precision 1 in your result. It was
        never wrong, true, but a classifier that never names a topic should not shine:
        make it 0.
    shares_of_all: You divided by the number of all documents, so the values add up to
        the accuracy. Divide by the documents predicted as this topic, or by those that
        are of it.
    precision_twice: Your recall is the precision once more. Recall has another divisor:
        the documents that are of this topic, predicted or not.
    recall_twice: Your precision is the recall once more. Precision has another divisor:
        the documents that were predicted as this topic, correctly or not.
    only_topics_that_occur: Topics that never occur are missing, so the places no longer
        tell which topic is meant. Go through all of them, `range(topics)`, and give 0
        where nothing can be divided.
    """
    precision, recall = precision_recall.solution(labels, predictions, topics)
    hits, predicted, occurring = _counts(labels, predictions, topics)
    kinds = np.arange(topics)[:, None]
    right = ((labels == kinds) == (predictions == kinds)).mean(1)  # (topics,)
    accuracy, share = np.full(topics, hits.sum() / len(labels)), hits / len(labels)
    return {
        "swapped": (recall, precision),
        "accuracy_for_all": (accuracy, accuracy),
        "negatives_counted": (right, right),
        "zero_by_zero": (hits / predicted, hits / occurring),
        "never_wrong": (
            np.where(predicted == 0, 1.0, precision),
            np.where(occurring == 0, 1.0, recall),
        ),
        "shares_of_all": (share, share),
        "precision_twice": (precision, precision),
        "recall_twice": (recall, recall),
        "only_topics_that_occur": (precision[occurring > 0], recall[occurring > 0]),
    }


# -- 4 ---------------------------------------------------------------------------------


@exercise(
    inputs=_topics_and_predictions,
    hints=[
        "Work out the F1 of every single topic first; only then take the mean. Which "
        "topics are there?",
        "F1 = 2 * precision * recall / (precision + recall) is 0/0 for a topic without "
        "a hit. 2 * hits / (predicted + occurring) is the same and never 0/0 here.",
        "For each `t` of `np.unique(labels)`: twice the sum of "
        "`(labels == t) & (predictions == t)`, divided by the sum of `labels == t` "
        "plus that of `predictions == t`. Return the mean.",
    ],
)
def macro_f1(labels, predictions):
    """Return the macro-F1, a number: the mean F1 of the topics that occur in labels.

    labels (N,) and predictions (N,) are arrays of topics. Every topic counts the same,
    and the F1 of one without a hit is 0.
    """
    scores = []
    for topic in np.unique(labels):
        labeled, predicted = labels == topic, predictions == topic
        hits = np.sum(labeled & predicted)
        scores.append(2 * hits / (np.sum(labeled) + np.sum(predicted)))
    return np.mean(scores)


@macro_f1.mistakes
def _(labels, predictions):
    """
    micro: That is the accuracy, and the micro-F1 as well: with one label for each
        document the two are equal. Macro is the mean over topics, and a rare one counts
        as much.
    weighted_by_support: You weighted the topics by how often they occur, which is
        average="weighted" in scikit-learn. In the macro-F1 every topic counts the same.
    f1_of_the_means: You took the F1 of the mean precision and the mean recall. That
        forgives a topic with a high precision and a low recall: take the F1 of each
        topic, then the mean.
    topics_only_predicted: You also counted topics that were predicted but never occur,
        with an F1 of 0; scikit-learn's f1_score does so, unless its argument labels
        says which topics count. Here it is those that occur in the labels.
    all_topics_predicted: You took the mean over the topics that were predicted. One
        that occurs and was never found is missing, and so is its 0; one that never
        occurs has no place here.
    missed_topic_left_out: The topic that was never predicted is missing from your mean.
        Its F1 is 0, and dragging the mean down is what the macro-F1 is for.
    nan_for_a_topic: One topic has precision 0 and recall 0, so 2 P R / (P + R) is 0/0,
        NaN, and so is the mean. Its F1 is 0: 2 * hits / (predicted + occurring) gives
        that.
    arithmetic_mean: You took the plain mean of precision and recall. F1 is their
        harmonic mean (D1 §3.2.4), which is near the smaller of the two: 2 P R / (P +
        R).
    mean_recall: That is the mean recall, also called balanced accuracy. It says nothing
        about the documents that were wrongly taken for a topic: F1 needs precision,
        too.
    mean_precision: That is the mean precision. It says nothing about the documents of a
        topic that were not found: F1 needs recall, too.
    factor_two_forgotten: That is half of it: the harmonic mean is 2 P R / (P + R), so
        that a perfect classifier has 1.
    summed: That is the sum of the F1 of all topics. Divide it by their number: a
        perfect classifier has 1.
    """
    hits, predicted, occurring = _counts(labels, predictions)
    f1, occur = 2 * hits / (predicted + occurring), occurring > 0
    precision, recall = hits / np.maximum(predicted, 1), hits / np.maximum(occurring, 1)
    P, R, macro = precision[occur].mean(), recall[occur].mean(), f1[occur].mean()
    return {
        "micro": hits.sum() / len(labels),
        "weighted_by_support": np.average(f1, weights=occurring),
        "f1_of_the_means": 2 * P * R / (P + R),
        "topics_only_predicted": f1.mean(),
        "all_topics_predicted": f1[predicted > 0].mean(),
        "missed_topic_left_out": f1[hits > 0].mean(),
        "nan_for_a_topic": np.nan,
        "arithmetic_mean": (P + R) / 2,
        "mean_recall": R,
        "mean_precision": P,
        "factor_two_forgotten": macro / 2,
        "summed": f1.sum(),
    }


# -- 5 ---------------------------------------------------------------------------------


def _padded_ids(rng):
    """Return embeddings (9, 4) and ids (5, 7); the first text has an unknown word."""
    embeddings = normal(rng, 9, 4)
    ids = rng.integers(1, 9, (5, 7))
    ids[:, 0] = rng.integers(2, 9, 5)  # a known word for each
    ids[0, 1] = 1
    lengths = np.append(rng.integers(2, 6, 4), 7)  # (5,)
    ids[np.arange(7) >= lengths[:, None]] = 0
    return embeddings, torch.from_numpy(ids)


@exercise(
    inputs=_padded_ids,
    hints=[
        "`embeddings[ids]` is (N, L, D): a vector for each place, even for those that "
        "are only padding. How do you keep these out of the sum?",
        "A mask: `real = (ids != 0).unsqueeze(-1)` is (N, L, 1), and a product with it "
        "makes the vectors of the padding 0. By how many words is the sum divided?",
        "`(embeddings[ids] * real).sum(1) / real.sum(1)`; or "
        "`F.embedding_bag(ids, embeddings, padding_idx=0)`.",
    ],
)
def mean_embedding(embeddings, ids):
    """Return the mean embedding (N, D) of each text's words, without the padding.

    embeddings (V, D) and ids (N, L) are tensors; id 0 is padding and 1 an unknown word,
    which is a word like any other. Every text has a word. Row 0 of embeddings need not
    be 0.
    """
    real = (ids != 0).unsqueeze(-1)  # (N, L, 1)
    return (embeddings[ids] * real).sum(1) / real.sum(1)


@mean_embedding.mistakes
def _(embeddings, ids):
    """
    padding_is_a_word: You counted the padding as words: the same text gets a different
        vector in a batch with a longer one. Sum and divisor take the real words alone.
    divided_by_length: The sum is right, but you divided it by L, the padding included:
        short texts get short vectors. Divide by the number of real words of each text.
    sum_of_the_words: That is the sum: a text twice as long would get a vector twice as
        long. Divide it by the number of real words of each text.
    padding_in_the_sum: The divisor is right, but the sum holds the vectors of the
        padding. Row 0 of an embedding need not be 0: multiply by the mask first.
    unknown_left_out_too: You left out the unknown words as well. They have an
        embedding, which is learned like any other: only the padding, id 0, does not
        count.
    unknown_for_padding: You left out the unknown words, id 1, and counted the padding,
        which has the id 0.
    one_divisor_for_all: You divided every text by the words of the whole batch. Count
        along a row: `sum(1)`.
    every_word_once: A word that a text has twice counts once in your mean. A mean over
        the words of a text counts every occurrence.
    all_texts_together: You took one mean over the words of all the texts. Each text has
        a mean of its own: multiply by the mask instead of picking with it, which
        forgets the rows.
    """
    vectors, real = embeddings[ids], (ids != 0).unsqueeze(-1)  # (N, L, D), (N, L, 1)
    total, count = (vectors * real).sum(1), real.sum(1)
    known, not_one = (ids > 1).unsqueeze(-1), (ids != 1).unsqueeze(-1)
    rows = [row.unique() for row in ids]
    return {
        "padding_is_a_word": vectors.mean(1),
        "divided_by_length": total / ids.shape[1],
        "sum_of_the_words": total,
        "padding_in_the_sum": vectors.sum(1) / count,
        "unknown_left_out_too": (vectors * known).sum(1) / known.sum(1),
        "unknown_for_padding": (vectors * not_one).sum(1) / not_one.sum(1),
        "one_divisor_for_all": total / count.sum(),
        "every_word_once": torch.stack(
            [embeddings[row[row > 0]].mean(0) for row in rows]
        ),
        "all_texts_together": vectors[ids != 0].mean(0),
    }


# -- 6 ---------------------------------------------------------------------------------


def _embedded(rng):
    """Return texts (8, L, 5), filters (3, k, 5) and a bias (3,)."""
    length, k = rng.integers([12, 2], [15, 5])
    x, weight = rng.normal(size=(8, length, 5)), rng.normal(size=(3, k, 5))
    x[0] = 0.1 * x[0] - weight[0].sum(0)  # the first filter fits nowhere in this text
    return tuple(map(torch.from_numpy, (x, weight, rng.normal(size=3))))


@exercise(
    inputs=_embedded,
    hints=[
        "A filter looks at k words in a row, which gives one number for each of the "
        "L - k + 1 places: (N, F, L - k + 1). What should be left of it if a feature "
        "may appear anywhere in the text?",
        "`F.conv1d` wants the channels before the positions: `x.transpose(1, 2)` is "
        "(N, D, L), and `weight.transpose(1, 2)` is (F, D, k).",
        "`F.conv1d(x.transpose(1, 2), weight.transpose(1, 2), bias).relu().amax(2)`, "
        "after `from torch.nn import functional as F`.",
    ],
)
def text_cnn_features(x, weight, bias):
    """Return the features (N, F) of a text CNN (Kim 2014): the maximum over time.

    All are tensors: x (N, L, D) holds the embedded words of N texts, weight (F, k, D)
    filters over k words, bias is (F,). No padding: a filter has L - k + 1 places in a
    text. Then ReLU, then the largest value over all places.
    """
    maps = F.conv1d(
        x.transpose(1, 2), weight.transpose(1, 2), bias
    )  # (N, F, L - k + 1)
    return maps.relu().amax(2)


@text_cnn_features.mistakes
def _(x, weight, bias):
    """
    no_pooling: You kept a value for each place. The next layer needs as many features
        for a long text as for a short one, wherever the words stand: take the maximum
        over the places.
    no_pooling_words_first: You kept a value for each place. A text, long or short,
        becomes F numbers: take the maximum over the places, the second dimension of
        your result.
    pooled_by_five: You pooled over five places at a time, as D1 §5.2 does with
        MaxPooling1D. That leaves several places, and its softmax layer then answers for
        each of them: pool over all.
    max_over_filters: You took the maximum over the filters: it says where in the text
        something was found, but not what. Take it over the places, so that every filter
        keeps its value.
    mean_over_time: You took the mean over the places, in which two telling words among
        hundreds get lost. Take the maximum.
    relu_missing: ReLU is missing: a filter that fits nowhere in a text has a negative
        feature in your result, and should have 0.
    padded: You padded the texts, so that filters also lie partly beyond the first and
        the last word. Here a filter lies entirely inside the text.
    bias_forgotten: The bias is missing: add it before ReLU, one number for each filter.
    bias_after_the_maximum: You added the bias after ReLU. It shifts what ReLU cuts off:
        add it before.
    reshaped: The shapes fit, but reshape() does not swap dimensions: it regroups the
        numbers in the order they are stored, and mixes up the words. Use transpose(1,
        2).
    texts_reshaped: The filters are right, but reshape() does not swap the dimensions of
        x: it regroups the numbers in the order they are stored. Use transpose(1, 2) for
        x as well.
    filters_reshaped: The texts are right, but reshape() does not swap the dimensions of
        weight: it regroups the numbers in the order they are stored. Use transpose(1,
        2) there as well.
    flipped: Your filters lie the other way around, as in a convolution of the textbooks
        (np.convolve). In a network nothing is flipped: a filter's first row meets the
        first of its k words.
    last_place_missing: The last place is missing: of L words and a filter over k there
        are L - k + 1 places, and a range ends before its end. Write range(L - k + 1).
    """
    words, filters = x.transpose(1, 2), weight.transpose(1, 2)  # (N, D, L), (F, D, k)
    mixed_words, mixed_filters = x.reshape(words.shape), weight.reshape(filters.shape)
    z, padding = F.conv1d(words, filters, bias), weight.shape[1] // 2
    maps, unbiased = z.relu(), F.conv1d(words, filters).relu()  # (N, F, L - k + 1)

    def features(*inputs, **options):
        return F.conv1d(*inputs, bias, **options).relu().amax(2)

    return {
        "no_pooling": maps,
        "no_pooling_words_first": maps.transpose(1, 2),
        "pooled_by_five": F.max_pool1d(maps, 5),
        "max_over_filters": maps.amax(1),
        "mean_over_time": maps.mean(2),
        "relu_missing": z.amax(2),
        "padded": features(words, filters, padding=padding),
        "bias_forgotten": unbiased.amax(2),
        "bias_after_the_maximum": unbiased.amax(2) + bias,
        "reshaped": features(mixed_words, mixed_filters),
        "texts_reshaped": features(mixed_words, filters),
        "filters_reshaped": features(words, mixed_filters),
        "flipped": features(words, filters.flip(2)),
        "last_place_missing": maps[..., :-1].amax(2),
    }


# -- 7 ---------------------------------------------------------------------------------


def _states(rng):
    """Return states (5, 9, 3) and lengths (5,), all of them shorter than 9."""
    lengths = rng.permutation([*rng.integers(2, 9, 4), rng.integers(4, 8)])
    return normal(rng, 5, 9, 3), torch.from_numpy(lengths)


@exercise(
    inputs=_states,
    hints=[
        "After the last word the LSTM reads on through the padding, and its state goes "
        "on changing. At which place of each text has it just read the last word?",
        "The last word of a text with n words stands at n - 1. That is a different "
        "place for each text, so you need two lists of numbers: which text, and which "
        "place.",
        "`states[torch.arange(len(states)), lengths - 1]`",
    ],
)
def last_state(states, lengths):
    """Return the states (N, H) at the last real word of each text.

    states (N, L, H), a tensor, are the outputs of an LSTM at every place; lengths (N,)
    is a tensor, too: text i has lengths[i] words, one or more, and padding after them.
    """
    return states[torch.arange(len(states)), lengths - 1]


@last_state.mistakes
def _(states, lengths):
    """
    after_the_padding: You took the state at the end of the row, after the padding. Of a
        short text little may be left by then: every step through the padding changes
        the state.
    first_padding: You are one place too far, at the first padding: counting from 0, the
        last of n words stands at n - 1. For a text without padding this would be an
        error.
    word_before_the_last: You are one place too early, and the last word is not read. Of
        n words the last stands at n - 1.
    first_state: That is the state after the first word, when nothing else has been
        read. Take the one after the last.
    mean_over_all: That is the mean over all places, with the padding. A mean is a way
        to pool, too, but the question asks for one state: that at the last word.
    mean_over_words: That is the mean over the real words. It is a good way to pool, but
        the question asks for one state: that at the last word.
    every_length_for_every_text: Your result is (N, N, H): the slice takes all the
        texts, each at the places of all the others, too. Pair every text with its own
        place: torch.arange instead.
    at_the_longest: You took the place of the longest text for all of them. The shorter
        ones have padding there: each text has its own place.
    maximum_over_all: That is the largest value of each unit over all places, with the
        padding. A maximum is a way to pool, too, but the question asks for one state:
        that at the last word.
    maximum_over_words: That is the largest value of each unit over the real words. It
        is a good way to pool, but the question asks for one state: that at the last
        word.
    dimension_of_places_kept: The states are right, with a dimension of length 1 for the
        place left between: the result is (N, H). Take it out: `[:, 0]` or squeeze(1).
    """
    texts = torch.arange(len(states))
    real = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]  # (N, L, 1)
    return {
        "after_the_padding": states[:, -1],
        "first_padding": states[texts, lengths],
        "word_before_the_last": states[texts, lengths - 2],
        "first_state": states[:, 0],
        "mean_over_all": states.mean(1),
        "mean_over_words": (states * real).sum(1) / lengths[:, None],
        "every_length_for_every_text": states[:, lengths - 1],
        "at_the_longest": states[:, lengths.max() - 1],
        "maximum_over_all": states.amax(1),
        "maximum_over_words": states.where(real, -torch.inf).amax(1),
        "dimension_of_places_kept": states[texts, lengths - 1][:, None],
    }


# -- 8 ---------------------------------------------------------------------------------


def _lstm_and_batches(rng):
    """Return an LSTM from 3 to 2 numbers and three batches (4, 6, 3)."""
    with torch_seeded_by(rng):
        lstm = nn.LSTM(3, 2, batch_first=True).double()
    return lstm, [normal(rng, 4, 6, 3) for _ in range(3)]


@exercise(
    inputs=_lstm_and_batches,
    hints=[
        "Each batch holds different texts from the one before. What should the LSTM "
        "remember when it begins a new one?",
        "`output, (h, c) = lstm(x)`: h is the hidden state after the last word, c the "
        "cell state. Without a state as a second argument the LSTM begins at zero.",
        "`h` is (1, n, H), also with batch_first=True: collect `h[0]` of every batch, "
        "and join them with `torch.cat(collected)`.",
    ],
)
def read_batches(lstm, batches):
    """Return the hidden state after the last word of every text, (texts, H).

    lstm is an nn.LSTM of one layer with batch_first=True; batches is a list of tensors
    (n, L, D) of unrelated texts, without padding. The texts stay in their order.
    """
    states = []
    for x in batches:
        _, (h, _) = lstm(x)  # h: (1, n, H)
        states.append(h[0])
    return torch.cat(states)


@read_batches.mistakes
def _(lstm, batches):
    """
    state_carried_over: The first batch is right. Then you hand its state on, so that a
        review begins with what another customer wrote, and depends on the order of the
        batches. Begin every batch without a state.
    cell_state: That is the cell state, which the LSTM keeps to itself. The hidden state
        is the first of the two: `output, (h, c) = lstm(x)`.
    after_the_first_word: That is the state after the first word. With batch_first=True
        the output is (n, L, H), and the last word is at `output[:, -1]`.
    every_word: You returned the states at all words. Take the one after the last, which
        has read the whole text: `output[:, -1]`, or h.
    last_text_of_each_batch: You kept one text of each batch. h is (1, n, H): its first
        dimension counts the layers, also with batch_first=True, and the texts are the
        second. Take `h[0]`.
    last_text_word_by_word: `output[-1]` is the last text of the batch, word by word.
        With batch_first=True the words are the second dimension: `output[:, -1]`.
    texts_read_across: You swapped texts and words, so the LSTM reads the first words of
        all texts as if they were one text. It was made with batch_first=True: give it
        the batch as it is.
    batches_stacked: The states are right, but in a block for each batch. They should
        follow each other, text by text: join h[0] of all batches with torch.cat.
    layer_dimension_kept: The states are right, with a dimension too many in front: h is
        (1, n, H), as it counts the layers. Take `h[0]`.
    last_batch_only: These are the texts of the last batch. Collect the states of every
        batch in a list, and join them at the end.
    mean_over_words: You took the mean of the states at all words. It is a good way to
        pool, but the question asks for one state: that after the last word, h.
    one_long_text: You joined the batches along the words, as if the second one went on
        with the texts of the first. They hold other texts: read each by itself, or join
        them along the first dimension.
    """
    outputs, finals = zip(*map(lstm, batches), strict=True)
    h, c = zip(*finals, strict=True)
    output, state, carried = torch.cat(outputs), None, []  # output: (texts, L, H)
    for x in batches:
        _, state = lstm(x, state)
        carried.append(state[0][0])
    across = [lstm(x.transpose(0, 1))[1][0][0] for x in batches]
    return {
        "state_carried_over": torch.cat(carried),
        "cell_state": torch.cat(c, 1)[0],
        "after_the_first_word": output[:, 0],
        "every_word": output,
        "last_text_of_each_batch": torch.cat([state[:, -1] for state in h]),
        "last_text_word_by_word": torch.cat([one[-1] for one in outputs]),
        "texts_read_across": torch.cat(across),
        "batches_stacked": torch.cat(h),
        "layer_dimension_kept": torch.cat(h, 1),
        "last_batch_only": h[-1][0],
        "mean_over_words": output.mean(1),
        "one_long_text": lstm(torch.cat(batches, 1))[1][0][0],
    }


# -- 9 ---------------------------------------------------------------------------------


# Of any five draws, one or two never run out of patience.
_patient_to_the_end = itertools.cycle([False, False, True])


def _validation_losses(rng):
    """Return the losses of all epochs and a patience; every way to stop differs."""
    patience = int(rng.integers(3, 5))
    best = rng.uniform(0.5, 0.6)
    start = np.sort(rng.uniform(0.25, 0.4, rng.integers(2, 5)))[::-1]
    # Two rises before the best epoch, and after it a fall that is not a new lowest.
    rises = rng.uniform(0.15, 0.2, 2)
    before = [*start, 0.1, rises[0], rng.uniform(0.06, 0.09), rises[1], 0.03, 0]
    # The second epoch after the best is as low; then one epoch more than the patience.
    after = [rng.uniform(0.1, 0.2), 0, *rng.uniform(0.05, 0.2, patience - 1)]
    lower = [-0.05, -0.1, 0.1, 0.05, *rng.uniform(0.1, 0.2, patience)]
    rising = np.sort(rng.uniform(0.1, 0.3, patience + 1))
    changes = [*before, *after, *lower, -0.2, *rising, -0.3, -0.25]
    if next(_patient_to_the_end):
        changes = [*before, *rng.uniform(0.05, 0.2, patience - 1)]
    return [float(best + change) for change in changes], patience


@exercise(
    inputs=_validation_losses,
    tolerance=0,  # counts
    hints=[
        "Go through the epochs and remember the best one so far. When has it waited "
        "too long for a better one?",
        "A loss is an improvement if it is lower than the lowest so far, not only "
        "lower than the one before. Training ends when `epoch - best == patience`.",
        "For `epoch, loss in enumerate(validation_losses, start=1)`: if the loss is "
        "the first or below the lowest, `lowest, best = loss, epoch`; else if "
        "`epoch - best == patience`, break. Return `best, epoch`.",
    ],
)
def early_stopping(validation_losses, patience):
    """Return (epoch whose weights are kept, number of epochs trained).

    validation_losses is the list of those of a training that never stops early; epochs
    count from 1. Training ends after `patience` (a number) epochs in a row without a
    new lowest loss, or with the last epoch; the weights of the lowest loss are kept.
    """
    best, lowest = 0, float("inf")
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < lowest:
            best, lowest = epoch, loss
        elif epoch - best == patience:
            break
    return best, epoch


def _first(marks):
    """Return the number, from 1, of the first epoch marked; without any, the last."""
    return int(np.argmax(marks)) + 1 if np.any(marks) else len(marks)


@early_stopping.mistakes
def _(validation_losses, patience):
    """
    last_weights_kept: You stop at the right epoch, but keep its weights: by then the
        model has been getting worse for several epochs. Keep those of the lowest loss.
    counted_back: You counted back from the last epoch trained. That is right when the
        patience ran out; a training can also come to its end before that. Remember the
        best epoch.
    first_rise: You stop at the first rise. One worse epoch is often chance, and a
        better one may follow: that is what the patience is for.
    compared_with_the_epoch_before: You compare with the epoch before, so a loss that
        goes up and down above its lowest looks like progress again and again. Compare
        with the lowest so far.
    not_in_a_row: You count all epochs without a new lowest loss, also those before the
        best one. They must be in a row: a new lowest loss starts the count again.
    equal_is_better: A loss that only equals the lowest counts as a new lowest one in
        your result. It must be lower: `<`, not `<=`.
    one_epoch_too_many: You train one epoch too many: stop when `patience` epochs
        without a new lowest loss are over, not when there has been one more.
    one_epoch_too_few: You stop one epoch too early: let all of the `patience` epochs go
        by without a new lowest loss.
    never_stops: You found the lowest loss of all epochs. Training had stopped before
        that one: whoever stops early does not see what would have come.
    lowest_of_all: You stop at the right epoch, but keep the weights of an epoch after
        it, which was never trained. Look for the lowest loss among the epochs before
        the stop.
    waiting_not_counted: The best epoch is right. But training went on after it, until
        the patience was over, and these epochs took time as well: count them.
    best_counted_from_zero: The best epoch is counted from 0, the number of epochs is
        right. Epochs count from 1 here.
    counted_from_zero: You count the epochs from 0: both numbers are one too low.
    epochs_counted_from_zero: The best epoch is right, the number of epochs is counted
        from 0. Epochs count from 1 here.
    all_epochs_counted: The best epoch is right. But training ended before the losses
        do: count the epochs until the patience was over.
    loss_for_epoch: You returned the lowest loss itself. The question asks in which
        epoch it was: those weights are kept.
    """
    losses = np.array(validation_losses)
    best, epochs = early_stopping.solution(losses, patience)
    best_of_all = _first(losses == losses.min())
    lowest = np.minimum.accumulate(losses)[:-1]
    waited = np.cumsum([False, *(losses[1:] >= lowest)])  # not always in a row
    rises = np.convolve([False, *(np.diff(losses) >= 0)], np.ones(patience))
    in_all = _first(waited == patience)
    before = _first(rises[: len(losses)] == patience)  # of the last `patience` epochs
    sinking = losses - 1e-9 * np.arange(len(losses))  # what was equal is lower
    return {
        "last_weights_kept": (epochs, epochs),
        "counted_back": (epochs - patience, epochs),
        "first_rise": early_stopping.solution(losses, 1),
        "compared_with_the_epoch_before": (np.argmin(losses[:before]) + 1, before),
        "not_in_a_row": (np.argmin(losses[:in_all]) + 1, in_all),
        "equal_is_better": early_stopping.solution(sinking, patience),
        "one_epoch_too_many": early_stopping.solution(losses, patience + 1),
        "one_epoch_too_few": early_stopping.solution(losses, patience - 1),
        "never_stops": (best_of_all, len(losses)),
        "lowest_of_all": (best_of_all, epochs),
        "waiting_not_counted": (best, best),
        "best_counted_from_zero": (best - 1, epochs),
        "counted_from_zero": (best - 1, epochs - 1),
        "epochs_counted_from_zero": (best, epochs - 1),
        "all_epochs_counted": (best, len(losses)),
        "loss_for_epoch": (losses[best - 1], epochs),
    }


# -- 10 --------------------------------------------------------------------------------


@functools.cache
def _reviews():
    """Return the texts of chinese_reviews' training part and their labels, 0 or 1.

    Its test part is left alone: checking answers again and again would choose by it.
    """
    train, _ = chinese_reviews()
    return train["text"].to_numpy(), train["sentiment"].cat.codes.to_numpy(np.int64)


def _draw(rng):
    """Return 10,000 reviews and their labels, 2,000 others and theirs."""
    texts, labels = _reviews()
    order = rng.permutation(len(texts))
    train, held_out = order[:10_000], order[10_000:12_000]
    return (
        texts[train].tolist(),
        labels[train],
        texts[held_out].tolist(),
        labels[held_out],
    )


@scored(
    inputs=_draw,
    bar=0.80,
    answers_in=("chinese-reviews-negative", "chinese-reviews-positive"),
    hints=[
        "Chinese has no blanks: by default, a vectorizer takes whole clauses for "
        "words. `lab.text.chinese_words(text)` cuts a review into words.",
        "A linear model will do: `TfidfVectorizer(analyzer=lab.text.chinese_words)` "
        "and `LogisticRegression()` reach 0.83. Of 40 labels that we read 4 were wrong "
        "and 3 could be either, so do not expect 1.",
        "`model = make_pipeline(TfidfVectorizer(analyzer=lab.text.chinese_words), "
        "LogisticRegression())`, then `model.fit(train_texts, train_labels)` and "
        "`return model.predict(test_texts)`. Pairs of words as well, with `C=10`, "
        "make it 0.84.",
    ],
)
def chinese_sentiment(train_texts, train_labels, test_texts):
    """Return the label of each test text, as your model predicts it.

    The texts are lists of Chinese reviews, each a string; a label is 0 (negative) or 1
    (positive), and train_labels is an array (N,) of them. Any model will do.
    """
    words_and_pairs = TfidfVectorizer(
        tokenizer=chinese_words,
        token_pattern=None,
        ngram_range=(1, 2),
        sublinear_tf=True,
    )
    model = make_pipeline(words_and_pairs, LogisticRegression(C=10))
    return model.fit(train_texts, train_labels).predict(test_texts)


def _accuracy(labels, predictions):
    """Return the share of predictions that are right."""
    return np.mean(labels == predictions)


def _commonest(predictions):
    """Return the share of the label that is predicted most often."""
    return np.unique(predictions, return_counts=True)[1].max() / len(predictions)


def _predict(vectorizer, train_texts, train_labels, test_texts):
    """Return what logistic regression predicts from the vectorizer's columns."""
    model = make_pipeline(vectorizer, LogisticRegression())
    return model.fit(train_texts, train_labels).predict(test_texts)


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: _accuracy(labels, predictions) < 0.35
)
def labels_exchanged(train_texts, train_labels, test_texts):
    """That is far below chance, so your model has learned something, and you read it
    the wrong way around: 1 is positive, 0 negative.
    """
    letters = TfidfVectorizer(analyzer="char")
    return 1 - _predict(letters, train_texts, train_labels, test_texts)


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: _commonest(predictions) == 1
)
def one_label_for_all(train_texts, train_labels, test_texts):
    """Every review has the same label in your result, and about half of them do have
    it. Such a guess is what any model must beat.
    """
    return np.full(len(test_texts), np.bincount(train_labels).argmax())


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: _commonest(predictions) > 0.9
)
def cut_at_blanks(train_texts, train_labels, test_texts):
    """Nearly every review has the same label in your result. That happens if a text is
    cut at its blanks: Chinese has none, so most reviews become a single word that no
    other review has. Cut with lab.text.chinese_words.
    """
    blanks = TfidfVectorizer(analyzer=str.split)
    return _predict(blanks, train_texts, train_labels, test_texts)


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: abs(_accuracy(labels, predictions) - 0.5) < 0.06
)
def not_of_these_texts(train_texts, train_labels, test_texts):
    """No better than tossing a coin. Are the predictions those of these texts, in their
    order? And was the vectorizer fitted on train_texts alone? Fitted again on the test
    texts, its columns stand for other words than those the model has learned.
    """
    letters = TfidfVectorizer(analyzer="char")
    predictions = _predict(letters, train_texts, train_labels, test_texts)
    return np.random.default_rng(0).permutation(predictions)


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: _commonest(predictions) > 0.65
)
def clauses_for_words(train_texts, train_labels, test_texts):
    """One of the labels is predicted too often. That happens if a vectorizer keeps its
    default settings: it cuts Chinese at the punctuation, and most clauses occur once in
    all the reviews. Cut with lab.text.chinese_words, or into single characters.
    """
    return _predict(TfidfVectorizer(), train_texts, train_labels, test_texts)


@chinese_sentiment.misconception(
    sign=lambda labels, predictions: _accuracy(labels, predictions) > 0.7
)
def nearly(train_texts, train_labels, test_texts):
    """You are close. What helped us: learning from all of train_texts, weighting words
    by tf-idf instead of counting them, keeping stop words such as 不 (not), and taking
    pairs of words as well.
    """
    letters = TfidfVectorizer(analyzer="char")
    return _predict(letters, train_texts[:1000], train_labels[:1000], test_texts)

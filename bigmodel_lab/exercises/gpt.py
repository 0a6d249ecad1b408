"""Exercises of chapter 07: tokens and counts, attention, the loss, and sampling."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from bigmodel_lab.exercises.draws import every_other, normal
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _ids_and_pair(rng):
    """Return ids, a pair of them, and a new id; every second pair is twice the same."""
    first, second, *others = rng.permutation(256)[:6].tolist()
    if every_other(rng):
        second = first
    one, other = rng.choice(others, 2).tolist()
    pieces = [[first, second]] * int(rng.integers(2, 4))
    pieces += [[one, first, second, first], [other, second, second, first]]
    pieces += [[first] * 3, [second, one]]
    ids = [i for k in rng.permutation(len(pieces)) for i in pieces[k] + [other]]
    return [second, *ids], (first, second), int(rng.integers(256, 1000))


def _joined(ids, is_pair, replaced):
    """Return ids with what `replaced` gives for each pair, from the left."""
    result, i = [], 0
    while i < len(ids):
        found = is_pair(ids[i : i + 2])
        result += replaced if found else ids[i : i + 1]
        i += 2 if found else 1
    return result


@exercise(
    inputs=_ids_and_pair,
    hints=[
        "Walk through ids with an index of your own. What is appended, and how far "
        "does the index move, if the next two ids are the pair? If they are not?",
        "Where the pair stands, append new_id and move on by two, so that no id is "
        "used twice. Elsewhere append the id itself and move on by one.",
        "`while i < len(ids):` and in it `found = tuple(ids[i : i + 2]) == pair`, "
        "`result.append(new_id if found else ids[i])`, `i += 2 if found else 1`.",
    ],
)
def merge(ids, pair, new_id):
    """Return the list of ids with the pair replaced by new_id: one step of BPE.

    ids is a list of numbers, pair a tuple of two of them, and new_id a number. Each
    place where the second comes right after the first becomes one id, from left to
    right, and no id is used twice: of three equal ids, the first two are the pair.
    """
    merged, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if found else ids[i])
        i += 2 if found else 1
    return merged


@merge.mistakes
def _(ids, pair, new_id):
    """
    nothing_replaced: Nothing was replaced. If you compare a slice with the pair: a list
        never equals a tuple, so write tuple(ids[i : i + 2]) == pair.
    first_only: Only the first pair was replaced. Go on to the end: a step of BPE joins
        the pair wherever it stands.
    second_kept: The second id of each pair was used again. The new id stands for both:
        move on by two.
    overlapping: An id in the middle was used twice, for the pair to its left and for
        the one to its right. What has been joined is gone: of three equal ids, the
        first two become one and the third stays.
    from_the_right: You joined from right to left. Where three equal ids stand in a row,
        the first two are the pair, not the last two.
    either_order: You also joined the pair in the other order. "ab" and "ba" are two
        different pairs: the first one must come first.
    both_replaced: Each of the two became new_id. The pair becomes a single id, so that
        the text gets shorter.
    wherever_they_stand: You replaced the two ids also where they stand alone. They are
        only replaced side by side, the first one right before the second.
    last_id_lost: The last id is missing. It has no right neighbor, so a loop over pairs
        never comes to it: keep it.
    removed: The pairs are gone, and no new id stands in their place.
    new_id_between: The pair is still there, next to the new id, which should replace
        it.
    """
    first, second = pair
    pairs = [(a, b) == pair for a, b in zip(ids, [*ids[1:], None], strict=True)]
    start = pairs.index(True)
    after = [False, *pairs[:-1]]  # the id before it is the first of a pair

    def is_pair(two):
        return tuple(two) == pair

    right = _joined(ids, is_pair, [new_id])
    turned = _joined(ids[::-1], lambda two: is_pair(two[::-1]), [new_id])
    kept = zip(ids, pairs, after, strict=True)
    return {
        "nothing_replaced": ids,
        "first_only": [*ids[:start], new_id, *ids[start + 2 :]],
        "second_kept": [
            new_id if found else i for i, found in zip(ids, pairs, strict=True)
        ],
        "overlapping": [
            new_id if found else i for i, found, a in kept if found or not a
        ],
        "from_the_right": turned[::-1],
        "either_order": _joined(
            ids, lambda two: is_pair(two) or is_pair(two[::-1]), [new_id]
        ),
        "both_replaced": _joined(ids, is_pair, [new_id, new_id]),
        "wherever_they_stand": [new_id if i in pair else i for i in ids],
        "last_id_lost": right[:-1],
        "removed": _joined(ids, is_pair, []),
        "new_id_between": _joined(ids, is_pair, [first, new_id, second]),
    }


# -- 2 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: (int(rng.integers(200, 60_000)),),
    hints=[
        "Who knows nothing gives every token the same probability. Which one?",
        "The loss of a token is -ln of the probability that it was given, here 1 / V.",
        "`math.log(vocabulary_size)`, because -ln(1 / V) = ln V.",
    ],
)
def start_loss(vocabulary_size):
    """Return the loss, in nats for a token, of a GPT that knows nothing yet.

    vocabulary_size is a whole number. The loss is the mean cross-entropy, as PyTorch
    computes it: with the natural logarithm.
    """
    return math.log(vocabulary_size)


@start_loss.mistakes
def _(vocabulary_size):
    """
    zero: A loss of 0 is where training would like to end: each next token was given the
        probability 1. Who knows nothing gives every token 1 / V.
    in_bits: That is in bits, with the logarithm to the base 2. PyTorch's loss is in
        nats: take the natural logarithm.
    base_ten: You took the logarithm to the base 10, and a nat belongs to the natural
        one: math.log.
    probability: 1 / V is the probability of each token. The loss is minus its
        logarithm.
    wrong_sign: The logarithm of 1 / V is negative. The loss is minus that: the less
        probable the right token was, the larger.
    perplexity: V is the perplexity: as many tokens seem equally likely. The loss is its
        logarithm.
    averaged_over_the_vocabulary: You divided by V. The loss of a token is a single
        number, -ln of the probability of the right one, so there is nothing to average
        over the vocabulary.
    error_rate: 1 - 1/V is how often a blind guess is wrong. The loss asks how probable
        the right token was: -ln(1 / V).
    """
    V = vocabulary_size
    return {
        "zero": 0.0,
        "in_bits": math.log2(V),
        "base_ten": math.log10(V),
        "probability": 1 / V,
        "wrong_sign": -math.log(V),
        "perplexity": V,
        "averaged_over_the_vocabulary": math.log(V) / V,
        "error_rate": 1 - 1 / V,
    }


# -- 3 ---------------------------------------------------------------------------------


def _pair_counts(rng):
    """Return counts (V, V) of pairs; one character is frequent after a single other."""
    V = int(rng.integers(6, 10))
    counts = rng.poisson(0.8, (V, V))
    counts[np.arange(V), rng.permutation(V)] += 1  # each occurs, and something follows
    francisco, san, *_ = rng.permutation(V)
    counts[:, francisco] = 0
    counts[san, francisco] = rng.integers(20, 40)
    counts[francisco] = np.maximum(counts[francisco], 1)
    counts[francisco, francisco] = 0
    return (counts,)


@exercise(
    inputs=_pair_counts,
    hints=[
        "How often a pair occurs does not matter here, only whether it does. What "
        "makes ones and zeros of the counts?",
        "Column j tells what stood before character j: count its entries above 0. "
        "Then divide, so that the shares of all characters sum to 1.",
        "`contexts = (counts > 0).sum(0)`, then `contexts / contexts.sum()`.",
    ],
)
def continuations(counts):
    """Return the share (V,) of each character in the different pairs, as its second.

    counts (V, V) is an array: counts[i, j] is how often character j comes right after
    character i. The share is the number of different characters that j comes after,
    divided by the number of different pairs: Kneser-Ney's lowest order.
    """
    contexts = (counts > 0).sum(0)  # (V,)
    return contexts / contexts.sum()


@continuations.mistakes
def _(counts):
    """
    how_often: You counted how often each character occurs. "Francisco" is frequent, but
        only after "San": count the different characters before it, each of them once.
    what_follows: You counted what comes after each character. The share asks what it
        comes after: rows are first characters, so count down the columns.
    how_often_it_leads: You counted how often each character is the first of a pair.
        Count the different characters that stand before it.
    not_normalized: These are the numbers of contexts, and they are right. To be
        probabilities they must sum to 1: divide by their sum.
    divided_by_the_vocabulary: You divided by V, the number of characters, so the shares
        do not sum to 1. Divide by the number of different pairs.
    divided_by_the_text: You divided by the number of all pairs in the text, the
        repeated ones too, so the shares do not sum to 1. Divide by the number of
        different pairs.
    divided_by_its_own_count: You divided by how often the character itself occurs. The
        shares of all characters must sum to 1: divide by the number of different pairs.
    seen_once_left_out: Pairs that occur once are missing: one occurrence makes a
        context, so the condition is `> 0`.
    after_each_character: That is a table: the probabilities of the second character for
        each first one, as in a bigram. Asked for is one share for each character,
        whatever comes before.
    mean_over_the_contexts: You averaged the bigram's probabilities over the first
        characters. How often a pair occurs should not matter at all, only whether it
        does.
    pairs_with_itself: You left out the characters that come after themselves. Such a
        pair is one like any other.
    """
    seen = counts > 0
    contexts, times = seen.sum(0), counts.sum(0)  # (V,) each
    more, alone = (counts > 1).sum(0), contexts - seen.diagonal()
    bigram = counts / counts.sum(1, keepdims=True)  # (V, V)
    return {
        "how_often": times / times.sum(),
        "what_follows": seen.sum(1) / seen.sum(),
        "how_often_it_leads": counts.sum(1) / counts.sum(),
        "not_normalized": contexts,
        "divided_by_the_vocabulary": contexts / len(counts),
        "divided_by_the_text": contexts / counts.sum(),
        "divided_by_its_own_count": contexts / times,
        "seen_once_left_out": more / more.sum(),
        "after_each_character": bigram,
        "mean_over_the_contexts": bigram.mean(0),
        "pairs_with_itself": alone / alone.sum(),
    }


# -- 4 ---------------------------------------------------------------------------------


def _loss_of_a_text(rng):
    """Return a loss in nats for a token, and how many tokens and characters there are.

    Never about one token for a character: then the two losses would be alike.
    """
    characters = int(rng.integers(1000, 9000))
    ratio = rng.choice([rng.uniform(0.5, 0.8), rng.uniform(1.3, 2.2)])
    return float(rng.uniform(1.5, 6)), int(ratio * characters), characters


@exercise(
    inputs=_loss_of_a_text,
    hints=[
        "How many nats does the whole text cost? That number does not depend on how it "
        "was cut into tokens.",
        "`loss * tokens` nats for the text. Share them out among its characters; a bit "
        "is ln 2 nats.",
        "`loss * tokens / characters / math.log(2)`",
    ],
)
def bits_per_character(loss, tokens, characters):
    """Return a loss in bits per character, for a text whose loss per token is known.

    All are numbers: loss is the mean in nats for each of the text's tokens; tokens and
    characters say how many of them the same text has.
    """
    return loss * tokens / characters / math.log(2)


@bits_per_character.mistakes
def _(loss, tokens, characters):
    """
    in_nats: The characters are right, but these are nats. A bit is ln 2 nats, so there
        are more bits than nats: divide by math.log(2).
    per_token: These are bits for each token. A tokenizer with longer tokens needs fewer
        of them, and each costs more: to compare, take the characters, which are the
        same for all.
    upside_down: The ratio is upside down: loss * tokens is what the whole text costs.
        Share that out among the characters.
    upside_down_in_nats: The ratio is upside down: loss * tokens is what the whole text
        costs, and its characters share that. And these are nats: divide by math.log(2)
        as well.
    times_ln2: You multiplied by ln 2. A bit is less than a nat, so there are more of
        them: divide.
    perplexity: That is the perplexity per token. It depends on the tokenizer: with
        longer tokens there is more to guess at each. Take bits, and the characters.
    perplexity_per_character: That is the perplexity per character. The bits are its
        logarithm to the base 2.
    whole_text: These are the bits of the whole text. Divide by its characters.
    taken_for_a_sum: You took the loss for the sum over the text. It is the mean over
        its tokens: multiply by their number first.
    logarithm_again: You took the logarithm of the loss. It is one already: to go from
        nats to bits, divide by ln 2.
    per_byte: That is a third of it: bits per byte, as UTF-8 has three bytes for a
        Chinese character. Share the bits out among the characters.
    """
    nats, bit = loss * tokens / characters, math.log(2)
    return {
        "in_nats": nats,
        "per_token": loss / bit,
        "upside_down": loss * characters / tokens / bit,
        "upside_down_in_nats": loss * characters / tokens,
        "times_ln2": nats * bit,
        "perplexity": math.exp(loss),
        "perplexity_per_character": math.exp(nats),
        "whole_text": loss * tokens / bit,
        "taken_for_a_sum": loss / characters / bit,
        "logarithm_again": math.log2(loss) * tokens / characters,
        "per_byte": nats / bit / 3,
    }


# -- 5 ---------------------------------------------------------------------------------

_CHARACTERS = list("山水风月花春秋云天人江雪夜日白青烟雨松竹寒声路客心")


def _poems(rng):
    """Return poems for training and validation; the latter quote some lines."""
    width = int(rng.choice([5, 7]))
    train, validation = (
        [["".join(rng.choice(_CHARACTERS, width)) for _ in range(4)] for _ in range(n)]
        for n in rng.integers([6, 5], [10, 9])
    )
    copied, couplet, quoted, *others = rng.permutation(len(train))
    validation[0] = train[copied].copy()
    validation[1][2:] = train[couplet][2:]
    validation[2][1] = validation[3][3] = train[quoted][0]  # the same line twice
    validation[2][0], validation[2][3] = train[others[0]][:2]
    # Two more at the same place, but no couplet; then a few anywhere but at the start.
    validation[3][1], validation[3][2] = train[others[1]][1], train[others[2]][2]
    for lines in validation[4:]:
        if rng.random() < 0.4:
            lines[rng.integers(1, 4)] = train[rng.choice(others)][rng.integers(4)]
    rng.shuffle(validation)
    return tuple(
        ["{}，{}。{}，{}。".format(*lines) for lines in part]
        for part in (train, validation)
    )


def _lines(poems, at="，。"):
    """Return the pieces of all poems between the marks `at`."""
    for mark in at:
        poems = [piece for poem in poems for piece in poem.split(mark)]
    return [line for line in poems if line]


@exercise(
    inputs=_poems,
    hints=[
        "Cut the poems into lines first. What is left behind the last mark of a poem, "
        "and is it a line?",
        "Put the training lines into a set, go through *all* the validation lines, and "
        "count those that are in it.",
        '`poem.replace("，", "。").split("。")[:-1]` are the lines of a poem. With '
        "`known` the set of the training lines: "
        "`sum(line in known for line in lines) / len(lines)`.",
    ],
)
def leaked_lines(train, validation):
    """Return the share of the validation poems' lines that a training poem has, too.

    Both are lists of poems, a poem a string such as "床前明月光，疑是地上霜。…": after
    each line comes one of the marks ， and 。. A line counts wherever it stands in the
    training poem, and one that two validation poems have counts twice.
    """
    train_lines, lines = (
        [line for poem in part for line in poem.replace("，", "。").split("。")[:-1]]
        for part in (train, validation)
    )
    known = set(train_lines)
    return sum(line in known for line in lines) / len(lines)


@leaked_lines.mistakes
def _(train, validation):
    """
    whole_poems: You compared whole poems. A poem that shares one line with another is
        not found that way, and the line was trained on all the same.
    poems_with_a_leak: That is the share of poems that have such a line. The question
        asks for the share of lines.
    first_lines: You only looked at the first line of each validation poem. The others
        may be quotes as well.
    counted_once: You compared two sets, in which a line that several validation poems
        have counts once. The loss meets it every time: count all validation lines.
    end_counts_as_a_line: After the last mark of a poem, split() leaves an empty piece.
        You counted it as a line, and since each training poem ends like that, it was
        always found.
    ends_in_the_divisor: The quoted lines are right, but you divided by one too many for
        each poem: the empty piece that split() leaves after the last mark.
    couplets: You only cut at 。 and compared two lines at a time. Cut at ， as well.
    commas_only: You only cut at ， and left the second line glued to the third. Cut at
        。 as well.
    same_place: You compared lines at the same place of a poem. A quoted line may stand
        anywhere.
    share_of_the_training_lines: That is the share of training lines that occur in
        validation. It is the other way around: divide by the validation lines.
    count: That is their number. Divide it by the number of validation lines.
    """
    known, lines = set(_lines(train)), _lines(validation)
    hits = sum(line in known for line in lines)
    first = [_lines([poem])[0] for poem in validation]
    quoting = [any(line in known for line in _lines([poem])) for poem in validation]

    def share(at):
        pieces, there = _lines(validation, at), set(_lines(train, at))
        return np.mean([piece in there for piece in pieces])

    places = [{_lines([poem])[k] for poem in train} for k in range(4)]
    return {
        "whole_poems": np.mean([poem in train for poem in validation]),
        "poems_with_a_leak": np.mean(quoting),
        "first_lines": np.mean([line in known for line in first]),
        "counted_once": len(known & {*lines}) / len({*lines}),
        "end_counts_as_a_line": (hits + len(validation))
        / (len(lines) + len(validation)),
        "ends_in_the_divisor": hits / (len(lines) + len(validation)),
        "couplets": share("。"),
        "commas_only": share("，"),
        "same_place": np.mean([line in places[k % 4] for k, line in enumerate(lines)]),
        "share_of_the_training_lines": np.mean(
            [line in lines for line in _lines(train)]
        ),
        "count": hits,
    }


# -- 6 ---------------------------------------------------------------------------------


def _queries_keys_values(rng):
    """Return q, k, v (T, D): more numbers than places."""
    T, D = int(rng.integers(4, 7)), int(rng.integers(7, 10))
    return 1.5 * normal(rng, T, D), 1.5 * normal(rng, T, D), normal(rng, T, D)


@exercise(
    inputs=_queries_keys_values,
    hints=[
        "Three steps: scores `q @ k.T` (T, T), made smaller; softmax; a mean of the "
        "values. Before which of them must the mask come, so that the weights of a "
        "place still sum to 1?",
        "Row t of the scores belongs to the place that asks. It may look at columns 0 "
        "to t: the others get -inf, which the softmax turns into 0.",
        "`scores = q @ k.T / q.shape[1] ** 0.5`, then `scores.masked_fill(~allowed, "
        '-float("inf")).softmax(1) @ v`, with '
        "`allowed = torch.ones(len(q), len(q), dtype=torch.bool).tril()`.",
    ],
)
def masked_attention(q, k, v):
    """Return what each place gathers, (T, D): causal attention with one head.

    All are tensors (T, D), with T places: the queries, the keys and the values. The
    scores are divided by √D, and a place looks at itself and at those before it.
    """
    scores = q @ k.T / q.shape[1] ** 0.5  # (T, T)
    allowed = torch.ones(len(q), len(q), dtype=torch.bool).tril()
    return scores.masked_fill(~allowed, -torch.inf).softmax(1) @ v


@masked_attention.mistakes
def _(q, k, v):
    """
    no_mask: There is no mask: every place also sees what comes after it. In training it
        would copy the answer instead of predicting it.
    wrong_side: The mask is on the wrong side: each place sees itself and what comes
        after it, and nothing of what came before. Keep the lower triangle: tril().
    mask_inverted: You masked what should stay: each place sees only what comes after
        it. Nothing comes after the last one, so its row is NaN. masked_fill() fills
        where the mask is True: hand over the places that must not be seen.
    sees_the_next: The mask is off by one: each place also sees the next, which is the
        very token that it should predict. The diagonal is the last that stays: tril(),
        without a number.
    not_itself: The mask is off by one: a place does not see itself. The first one then
        sees nothing, so its row is NaN, the softmax of nothing but -inf.
    over_the_queries: Your softmax runs down the columns, so that the places that ask
        compete. The places that are looked at compete: each row of the weights sums to
        1.
    divided_by_d: You divided by D. A sum of D products has a spread of about √D:
        divided by D, the scores are so small that the weights are nearly alike.
    not_divided: You did not divide by √D. The scores are too large, the softmax puts
        nearly all weight on one place, and its gradient is close to 0.
    multiplied: You multiplied by √D where you should divide: the scores are D times too
        large.
    divided_by_the_places: You divided by the root of T, the number of places. How large
        a score is depends on D, the number of products it sums up.
    divided_after_the_softmax: You divided by √D after the softmax, so that the weights
        of a place no longer sum to 1. Divide the scores, before it.
    mask_after_the_softmax: You set weights to 0 after the softmax. What is left no
        longer sums to 1. Mask the scores with -inf, before it.
    zeros_in_the_scores: You set the masked scores to 0. The softmax takes e to the
        power of each, and e^0 is 1, not 0: set them to -inf.
    no_softmax: The softmax is missing: you took the scores themselves as weights.
    weights_alone: These are the weights, and they are right. Multiply them by the
        values: `weights @ v`.
    keys_gathered: The weights are right, but you multiplied them by the keys. What is
        gathered are the values.
    """
    T, D = q.shape
    root, all_seen = D**0.5, torch.ones(T, T, dtype=torch.bool)
    raw, allowed = q @ k.T, all_seen.tril()
    scores = raw / root

    def weights(scores, allowed=allowed, dim=1):
        return scores.masked_fill(~allowed, -torch.inf).softmax(dim)

    return {
        "no_mask": weights(scores, all_seen) @ v,
        "wrong_side": weights(scores, all_seen.triu()) @ v,
        "mask_inverted": weights(scores, ~allowed) @ v,
        "sees_the_next": weights(scores, all_seen.tril(1)) @ v,
        "not_itself": weights(scores, all_seen.tril(-1)) @ v,
        "over_the_queries": weights(scores, dim=0) @ v,
        "divided_by_d": weights(raw / D) @ v,
        "not_divided": weights(raw) @ v,
        "multiplied": weights(raw * root) @ v,
        "divided_by_the_places": weights(raw / T**0.5) @ v,
        "divided_after_the_softmax": weights(raw) / root @ v,
        "mask_after_the_softmax": scores.softmax(1).tril() @ v,
        "zeros_in_the_scores": scores.tril().softmax(1) @ v,
        "no_softmax": scores.tril() @ v,
        "weights_alone": weights(scores),
        "keys_gathered": weights(scores) @ k,
    }


# -- 7 ---------------------------------------------------------------------------------


def _for_heads(rng):
    """Return x (N, T, H * 4) and H; no two sizes of a result but N and H are alike."""
    N, T, H = rng.integers([2, 5, 2], [4, 8, 4]).tolist()
    return normal(rng, N, T, H * 4), H


@exercise(
    inputs=_for_heads,
    hints=[
        "Two steps. First cut only the last dimension in two: (N, T, H, D). Which two "
        "dimensions must then change places?",
        "A reshape never moves a number past another, it only puts the brackets "
        "elsewhere. To bring the heads before the places takes a transpose.",
        "`x.unflatten(-1, (heads, -1)).transpose(1, 2)`; or with view: "
        "`x.view(N, T, heads, -1).transpose(1, 2)`.",
    ],
)
def split_heads(x, heads):
    """Return x (N, T, H·D) as (N, H, T, D): each head has D of the numbers.

    x is a tensor and heads, H, a number. The first head has the first D numbers of each
    place, the second one the next D, and so on.
    """
    N, T, _ = x.shape
    return x.reshape(N, T, heads, -1).transpose(1, 2)


@split_heads.mistakes
def _(x, heads):
    """
    one_reshape: The shape is right, but the numbers are mixed up: one reshape to (N, H,
        T, D) cuts the text into H parts, and a head gets a part of the places instead
        of its share of every place. Reshape to (N, T, H, D), then transpose(1, 2).
    interleaved: You dealt the numbers out like cards: head 0 has numbers 0, H, 2H and
        so on. Each head has D numbers that stand side by side: reshape to (..., H, D),
        not (..., D, H).
    heads_after_the_places: That is (N, T, H, D), right so far. Attention takes the last
        two dimensions for places and numbers: bring the heads before the places with
        transpose(1, 2).
    places_last: That is (N, H, D, T): the last two dimensions are exchanged. The
        numbers of a place come last.
    heads_first: That is (H, N, T, D). The texts come first, then the heads.
    as_many_heads_as_numbers: You made D heads of H numbers each. `heads` is the number
        of heads.
    texts_and_heads_together: That is (N·H, T, D): texts and heads lie in one dimension.
        Keep them apart: (N, H, T, D).
    transposed_first: You exchanged places and numbers, then reshaped: the last
        dimension holds places now. Reshape first, then transpose(1, 2).
    """
    N, T, _ = x.shape
    right = x.reshape(N, T, heads, -1).transpose(1, 2)
    D = right.shape[-1]
    return {
        "one_reshape": x.reshape(N, heads, T, D),
        "interleaved": x.reshape(N, T, D, heads).permute(0, 3, 1, 2),
        "heads_after_the_places": right.transpose(1, 2),
        "places_last": right.transpose(2, 3),
        "heads_first": right.transpose(0, 1),
        "as_many_heads_as_numbers": x.reshape(N, T, D, heads).transpose(1, 2),
        "texts_and_heads_together": right.flatten(0, 1),
        "transposed_first": x.transpose(1, 2).reshape(N, heads, T, D),
    }


# -- 8 ---------------------------------------------------------------------------------


def _rows_to_rotate(rng):
    """Return x (T, D), speeds (D / 2,) and the place of the first row, not 0."""
    T, half = rng.integers(4, 7), rng.integers(2, 5)
    speeds = torch.from_numpy(np.sort(rng.uniform(0.1, 1, half))[::-1].copy())
    return normal(rng, T, 2 * half), speeds, int(rng.integers(2, 10))


def _turned(a, b, cos, sin):
    """Return the points (a, b), turned counterclockwise: all a first, then all b."""
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


@exercise(
    inputs=_rows_to_rotate,
    hints=[
        "Row 0 of x stands at place first, row 1 at first + 1, and so on. The angles "
        "are a table (T, D/2): place times speed.",
        "`a, b = x.chunk(2, -1)` are the two coordinates of the points. The new ones "
        "are a cos - b sin and a sin + b cos, each computed from the old a and b.",
        "`angles = (first + torch.arange(len(x)))[:, None] * speeds`, then `cos, sin = "
        "angles.cos(), angles.sin()` and "
        "`torch.cat([a * cos - b * sin, a * sin + b * cos], -1)`.",
    ],
)
def rotate(x, speeds, first):
    """Return x (T, D), each row turned by its place: rotary positions.

    x and speeds (D/2,) are tensors; first, a number, is the place of the first row. In
    each row (x[i], x[i + D/2]) is a point in a plane. At place t it is turned
    counterclockwise by t * speeds[i] radians.
    """
    places = first + torch.arange(len(x))
    angles = places[:, None] * speeds  # (T, D/2)
    cos, sin = angles.cos(), angles.sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


@rotate.mistakes
def _(x, speeds, first):
    """
    starts_at_zero: You count the places from 0, whatever `first` is. A GPT with a cache
        hands over one new row at a time: each would be turned as if it were the first
        of the text.
    one_place_too_far: You are one place too far: row 0 stands at place `first` itself.
    one_place_for_all: You turned all rows as at place `first`. The next row stands one
        place further: add torch.arange(len(x)).
    speeds_left_out: You turned every point by its place, in radians. Each plane has a
        speed of its own: multiply the place by speeds.
    places_left_out: You turned every row by speeds alone, the same at each place. The
        angle is the place times the speed.
    clockwise: You turned clockwise. If queries and keys are both turned that way,
        attention comes out the same; but counterclockwise is a cos - b sin and a sin +
        b cos.
    both_plus: The minus is missing: the first coordinate is a cos - b sin. With two
        pluses it is not a rotation, and the points change their distance from 0.
    both_minus: Both have a minus. The second coordinate is a sin + b cos; with two
        minuses it is a mirror, not a rotation.
    neighbors: You took neighbors, (x[0], x[1]) and so on, for points, as some models
        do. Here x[i] and x[i + D/2] belong together: x.chunk(2, -1).
    interleaved: The points are turned rightly, but you put their coordinates back side
        by side. All first coordinates come first, then all second ones: torch.cat.
    exchanged: The coordinates are right, but exchanged: a cos - b sin belongs in the
        first half.
    sine_and_cosine_exchanged: You exchanged cosine and sine. At the angle 0 nothing may
        change, and there the cosine is 1.
    changed_too_early: The first coordinate is right, but then you took the new a for
        the second one. Compute both from the old a and b.
    second_half_left: Only the first half of each row has changed. A rotation changes
        both coordinates: the second becomes a sin + b cos.
    """
    a, b = x.chunk(2, -1)
    steps = torch.arange(len(x))[:, None]  # (T, 1)
    angles = (first + steps) * speeds
    cos, sin = angles.cos(), angles.sin()
    right = _turned(a, b, cos, sin)

    def at(angles):
        return _turned(a, b, angles.cos(), angles.sin())

    def side_by_side(rows):
        return torch.stack(rows.chunk(2, -1), -1).flatten(-2)

    new = a * cos - b * sin
    return {
        "starts_at_zero": at(steps * speeds),
        "one_place_too_far": at(angles + speeds),
        "one_place_for_all": at(first * speeds),
        "speeds_left_out": at(angles / speeds),
        "places_left_out": at(speeds),
        "clockwise": at(-angles),
        "both_plus": torch.cat([a * cos + b * sin, a * sin + b * cos], -1),
        "both_minus": torch.cat([new, a * sin - b * cos], -1),
        "neighbors": side_by_side(_turned(x[:, ::2], x[:, 1::2], cos, sin)),
        "interleaved": side_by_side(right),
        "exchanged": right.roll(len(speeds), -1),
        "sine_and_cosine_exchanged": _turned(a, b, sin, cos),
        "changed_too_early": torch.cat([new, new * sin + b * cos], -1),
        "second_half_left": torch.cat([new, b], -1),
    }


# -- 9 ---------------------------------------------------------------------------------


@exercise(
    inputs=lambda rng: tuple(
        rng.integers([500, 16, 32, 2], [5000, 65, 257, 9]).tolist()
    ),
    tolerance=0,  # a count
    hints=[
        "Go through a GPT from below: a table for the tokens, one for the places, the "
        "blocks, a norm at the end. Which part needs no weights of its own?",
        "A block has four matrices (d, d) for attention, two between d and 4d numbers, "
        "and two norms of d weights each.",
        "With d for dimensions: `(vocabulary_size + length) * d + layers * (12 * d**2 "
        "+ 2 * d) + d`.",
    ],
)
def gpt_parameters(vocabulary_size, length, dimensions, layers):
    """Return the number of parameters of lab.models.GPT with learned positions.

    All are whole numbers: how many tokens there are, how many places, how wide the GPT
    is, and how many blocks it has. No layer has a bias; a norm has a weight for
    each dimension; the head that makes the logits uses the embedding's weights.
    """
    attention = 4 * dimensions**2  # query, key, value, output
    grow_and_shrink = 2 * dimensions * (4 * dimensions)
    block = attention + grow_and_shrink + 2 * dimensions
    return (vocabulary_size + length) * dimensions + layers * block + dimensions


@gpt_parameters.mistakes
def _(vocabulary_size, length, dimensions, layers):
    """
    head_counted_too: You counted the head's weights, and they are the embedding's: one
        table, used twice, counts once.
    biases: You gave the linear layers biases, as GPT-2 has them. Here they have none.
    biases_as_in_gpt2: You gave linear layers and norms biases, as GPT-2 has them. Here
        none of them has one.
    norms_forgotten: The norms are missing: two in each block and one at the end, with a
        weight for each dimension.
    last_norm_forgotten: The norm after the last block is missing.
    one_norm_a_block: A block has two norms: one before attention, one before the layers
        that grow and shrink.
    output_forgotten: Attention has four matrices: query, key, value, and the output
        that lets the heads mix. The last is missing.
    one_matrix_for_attention: You counted one matrix for attention. It has four: query,
        key, value and output.
    only_growing: After attention a block grows to 4d numbers and shrinks back: two
        matrices of 4 d² weights. One of them is missing.
    not_wider: You took the two layers after attention for (d, d). They grow to 4d and
        shrink back: 4 d² weights each.
    places_forgotten: The learned positions are missing: a vector for each place.
    embeddings_forgotten: The two tables are missing, of the tokens and of the places.
        They are weights like any others, in a small GPT often most of them.
    one_block: You counted a single block. There are as many as layers.
    """
    V, T, d, L = vocabulary_size, length, dimensions, layers
    right = gpt_parameters.solution(V, T, d, L)
    return {
        "head_counted_too": right + V * d,
        "biases": right + L * 9 * d,
        "biases_as_in_gpt2": right + L * 11 * d + d,
        "norms_forgotten": right - (2 * L + 1) * d,
        "last_norm_forgotten": right - d,
        "one_norm_a_block": right - L * d,
        "output_forgotten": right - L * d**2,
        "one_matrix_for_attention": right - 3 * L * d**2,
        "only_growing": right - 4 * L * d**2,
        "not_wider": right - 6 * L * d**2,
        "places_forgotten": right - T * d,
        "embeddings_forgotten": right - (V + T) * d,
        "one_block": right - (L - 1) * (12 * d**2 + 2 * d),
    }


# -- 10 --------------------------------------------------------------------------------


def _logits_and_ids(rng):
    """Return logits (3, T, 7) and ids (3, T)."""
    T = int(rng.integers(5, 9))
    return 2 * normal(rng, 3, T, 7), torch.from_numpy(rng.integers(0, 7, (3, T)))


@exercise(
    inputs=_logits_and_ids,
    hints=[
        "The logits at place t are for the token at place t + 1. Which places have no "
        "next token, and which token was predicted by nobody?",
        "The last logits and the first id drop out: `logits[:, :-1]` and `ids[:, 1:]` "
        "belong together.",
        "`F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())`, after "
        "`from torch.nn import functional as F`.",
    ],
)
def next_token_loss(logits, ids):
    """Return the mean cross-entropy, in nats, of predicting each next token.

    Both are tensors: logits (N, T, V) of a GPT that has read ids (N, T), N texts of T
    tokens. At each place the GPT predicts the token after it; what comes after the last
    one is not known.
    """
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


@next_token_loss.mistakes
def _(logits, ids):
    """
    not_shifted: You compared each prediction with the token that the GPT has just read.
        To copy it is no art: that loss soon falls to 0, and nothing is learned. Compare
        with the next one.
    cut_but_not_shifted: You cut off the last place, but each prediction still meets the
        token that was just read. Cut the first id instead of the last: ids[:, 1:].
    shifted_backward: Shifted the wrong way: each prediction meets the token before. The
        last logits and the first id drop out: `logits[:, :-1]` and `ids[:, 1:]`.
    wraps_around: The last place should predict the first token of its text, as after
        roll(). What comes after the last one is not known: leave it out.
    two_places: Shifted twice: each prediction meets the token after the next.
    summed: That is the sum over all predictions. Take the mean: else a longer text has
        a larger loss.
    summed_over_a_text: You summed along each text and took the mean over texts. Take
        the mean over all predictions.
    divided_by_all_places: The sum is right, but you divided it by N · T. There are only
        T - 1 predictions in each text.
    last_prediction_only: You only took the last prediction of each text. Every place
        predicts its next token.
    softmax_twice: You gave probabilities to a function that takes logits, so that the
        softmax is taken twice. Hand over the logits.
    logarithm_missing: That is minus the mean probability of the right tokens. The loss
        is the mean of -ln p.
    in_bits: That is in bits. PyTorch's loss, and the question, are in nats.
    perplexity: That is the perplexity, e to the power of the loss. Asked for is the
        loss.
    reshaped: The shapes fit, but to bring V before the places takes a transpose: a
        reshape mixes up the numbers of places and tokens.
    """
    N, T, V = logits.shape
    before, after = logits[:, :-1], ids[:, 1:]

    def loss(logits, ids, **options):
        return F.cross_entropy(logits.flatten(0, -2), ids.flatten(), **options)

    right = loss(before, after)
    p = before.softmax(-1)
    return {
        "not_shifted": loss(logits, ids),
        "cut_but_not_shifted": loss(before, ids[:, :-1]),
        "shifted_backward": loss(logits[:, 1:], ids[:, :-1]),
        "wraps_around": loss(logits, ids.roll(-1, 1)),
        "two_places": loss(logits[:, :-2], ids[:, 2:]),
        "summed": loss(before, after, reduction="sum"),
        "summed_over_a_text": right * (T - 1),
        "divided_by_all_places": right * (T - 1) / T,
        "last_prediction_only": loss(logits[:, -2], ids[:, -1]),
        "softmax_twice": loss(p, after),
        "logarithm_missing": -p.gather(-1, after[..., None]).mean(),
        "in_bits": right / math.log(2),
        "perplexity": right.exp(),
        "reshaped": F.cross_entropy(before.reshape(N, V, T - 1), after),
    }


# -- 11 --------------------------------------------------------------------------------


def _logits_and_temperature(rng):
    """Return logits (V,) and a temperature that is not near 1."""
    warm = rng.choice([rng.uniform(0.3, 0.7), rng.uniform(1.5, 2.5)])
    return 1.5 * normal(rng, int(rng.integers(5, 9))), float(warm)


@exercise(
    inputs=_logits_and_temperature,
    hints=[
        "A low temperature makes likely tokens likelier still. What must happen to the "
        "differences between the logits for that?",
        "Divide the logits, before the softmax. Dividing the probabilities would not "
        "help: they must sum to 1.",
        "`torch.softmax(logits / temperature, -1)`",
    ],
)
def temperature(logits, temperature):
    """Return the probabilities (V,) of the next token at a temperature above 0.

    logits, a tensor (V,), are the scores of the tokens; temperature is a number. Below
    1 the likeliest tokens gain, above 1 the others do.
    """
    return torch.softmax(logits / temperature, -1)


@temperature.mistakes
def _(logits, temperature):
    """
    multiplied: The temperature works the other way around: a low one makes the tokens
        more alike in your result. Divide the logits by it.
    probabilities_divided: You divided the probabilities, after the softmax, and now
        they do not sum to 1. Divide the logits.
    no_effect: These are the probabilities at temperature 1. What changes all logits or
        all probabilities alike is undone when they are made to sum to 1. Divide the
        logits, before the softmax.
    softmax_twice: You divided the probabilities and took a second softmax. It takes
        them for logits, all between 0 and 1, and makes the tokens nearly alike.
    powers_do_not_sum_to_one: Raising the probabilities to the power of 1 /
        temperature is right, too. But then they must be divided by their sum.
    stops_at_the_logits: These are the logits, divided by the temperature. Take the
        softmax.
    logarithms: These are the logarithms of the probabilities: softmax, not
        log_softmax.
    likeliest_only: That gives the likeliest token the probability 1, as a temperature
        close to 0 would. Divide the logits by the one that is given.
    each_by_itself: You took a sigmoid of every logit, as for separate yes-or-no
        questions. One of the tokens comes next: take the softmax.
    """
    p = logits.softmax(-1)
    return {
        "multiplied": (logits * temperature).softmax(-1),
        "probabilities_divided": p / temperature,
        "no_effect": p,
        "softmax_twice": (p / temperature).softmax(-1),
        "powers_do_not_sum_to_one": p ** (1 / temperature),
        "stops_at_the_logits": logits / temperature,
        "logarithms": (logits / temperature).log_softmax(-1),
        "likeliest_only": (logits == logits.max()).to(logits.dtype),
        "each_by_itself": (logits / temperature).sigmoid(),
    }


# -- 12 --------------------------------------------------------------------------------


def _probabilities_and_share(rng):
    """Return probabilities (V,) and a top_p that falls inside one of them.

    Two to V - 3 tokens are needed. In every second draw a token has 1 - top_p by
    itself.
    """
    has_large = every_other(rng)
    while True:
        p = rng.dirichlet(np.full(rng.integers(8, 12), rng.choice([0.8, 3])))
        ranked = np.sort(p)[::-1]
        needed = int(rng.integers(2, len(p) - 2))
        top_p = ranked[:needed].sum() - rng.uniform(0.3, 0.7) * ranked[needed - 1]
        large, share = (p >= 1 - top_p).sum(), int(top_p * len(p))
        if (
            ranked[0] < top_p < 1 - p[-1]  # some are left out in any order
            and ranked[needed - 1] > 0.02
            and has_large == (large > 0)
            and not {large, share} & {needed - 1, needed, needed + 1}
        ):
            return torch.from_numpy(p), float(top_p)


@exercise(
    inputs=_probabilities_and_share,
    hints=[
        "Sort the tokens, the likeliest first. How much probability lies *before* each "
        "of them, and what does that say about whether it is still needed?",
        "With `ranked, order = p.sort(descending=True)`, the sum before each token is "
        "`ranked.cumsum(0) - ranked`: it stays if that is less than top_p. Then back "
        "to the order of the vocabulary, and to a sum of 1.",
        "`kept = ranked * (ranked.cumsum(0) - ranked < top_p)`, then `result = "
        "torch.zeros_like(p)`, `result[order] = kept` and `result / result.sum()`.",
    ],
)
def nucleus(p, top_p):
    """Return the probabilities (V,) of top-p sampling, in the order of the vocabulary.

    p, a tensor (V,), has the probabilities of the tokens; top_p is a number between 0
    and 1. The likeliest tokens stay, as few as together have at least top_p: the one
    that crosses this line stays. The others get 0, and the result sums to 1.
    """
    ranked, order = p.sort(descending=True)
    before = ranked.cumsum(0) - ranked
    result = torch.zeros_like(p)
    result[order] = ranked * (before < top_p)
    return result / result.sum()


@nucleus.mistakes
def _(p, top_p):
    """
    crossing_one_dropped: You dropped the token that crosses the line, so what stays has
        less than top_p. If the likeliest one alone has more than that, nothing would
        stay. Ask what the tokens *before* it have together.
    one_too_many: One token too many stays: those before it have reached top_p already.
    not_normalized: The right tokens stay, with their old probabilities. Divide by their
        sum, so that they sum to 1.
    unlikely_ones_kept: You began with the least likely token: sort with
        descending=True.
    tail_kept: You kept the tokens beyond the line, and dropped the likely ones.
    in_sorted_order: The probabilities are right, but they come sorted. Each belongs to
        a token: put them back into the order of the vocabulary.
    mask_not_put_back: The mask belongs to the sorted tokens, and you laid it on p in
        the order of the vocabulary. Put it back in that order first.
    not_sorted: You added up in the order of the vocabulary. The likeliest tokens come
        first: sort.
    one_by_one: You compared each probability by itself with 1 - top_p; where none is as
        large, nothing stays, and 0/0 is NaN. What counts is how much the tokens have
        together, from the likeliest on.
    share_of_the_tokens: You kept that share of the tokens. top_p is a share of the
        probability: where the GPT is sure, few tokens have it.
    softmax_again: You took a softmax of the probabilities. They sum to 1 again, but a
        dropped one, 0, becomes e^0 = 1 before the division, and is back. Divide by the
        sum instead.
    """
    ranked, order = p.sort(descending=True)
    before = ranked.cumsum(0) - ranked
    stays = before < top_p
    right = nucleus.solution(p, top_p)
    count, low = int(stays.sum()), p.sort().values
    ranks = order.argsort()  # of each token, 0 the likeliest

    def of(kept):
        kept = torch.where(kept, p, 0)
        return kept / kept.sum()

    few = low.cumsum(0) - low < top_p
    return {
        "crossing_one_dropped": of(ranks < count - 1),
        "one_too_many": of(ranks < count + 1),
        "not_normalized": torch.where(ranks < count, p, 0),
        "unlikely_ones_kept": of(few[p.argsort().argsort()]),
        "tail_kept": of(ranks >= count),
        "in_sorted_order": right[order],
        "mask_not_put_back": of(stays),
        "not_sorted": of(p.cumsum(0) - p < top_p),
        "one_by_one": of(p >= 1 - top_p),
        "share_of_the_tokens": of(ranks < int(top_p * len(p))),
        "softmax_again": torch.where(ranks < count, p, 0).softmax(0),
    }


# -- 13 --------------------------------------------------------------------------------


def _new_and_cached(rng):
    """Return q, k, v (4,) of a new token, and keys, values (S, 4) of those before."""
    S = int(rng.integers(5, 9))
    rows = [1.5 * normal(rng, 4) for _ in range(3)]
    return *rows, 1.5 * normal(rng, S, 4), normal(rng, S, 4)


def _gathered(q, keys, values, scale=2.0):
    """Return what a query (4,) gathers; √4 is 2."""
    return (keys @ q / scale).softmax(0) @ values


@exercise(
    inputs=_new_and_cached,
    hints=[
        "The new token also looks at itself: its key and value come into the cache "
        "first, after the others.",
        "`torch.cat([keys, k[None]])` is (S + 1, D). No mask is needed: nothing in the "
        "cache comes after the new token.",
        "`keys, values = torch.cat([keys, k[None]]), torch.cat([values, v[None]])`, "
        "`weights = (keys @ q / len(q) ** 0.5).softmax(0)`, and "
        "`return weights @ values, keys, values`.",
    ],
)
def cached_step(q, k, v, keys, values):
    """Return (what the new token gathers (D,), all keys, all values (S + 1, D)).

    All are tensors: q, k and v (D,) belong to the new token, keys and values (S, D) to
    the S tokens before it, in their order. The scores are divided by √D.
    """
    keys, values = torch.cat([keys, k[None]]), torch.cat([values, v[None]])
    weights = (keys @ q / len(q) ** 0.5).softmax(0)  # (S + 1,)
    return weights @ values, keys, values


@cached_step.mistakes
def _(q, k, v, keys, values):
    """
    new_token_left_out: The cache is right, but the new token only looked at those
        before it. It sees itself, too: add its key and value first, then gather.
    not_remembered: What it gathers is right. But the cache comes back without the new
        token: for the next one it would be as if this one had never been written.
    neither_seen_nor_remembered: The new token is missing everywhere: it does not look
        at itself, and the cache comes back without it.
    cache_replaced: The new key and value have replaced all others, so the token sees
        only itself. Put them after the others: torch.cat.
    oldest_dropped: The first token has left the cache. Some models do forget what is
        far back; here all S + 1 keys and values stay.
    last_one_overwritten: The new key and value have overwritten those of the token
        before. A new token needs a row of its own: torch.cat.
    put_in_front: What it gathers is right: attention does not ask in which order the
        keys come. But the cache has the order of the text: the new token comes last.
    query_for_key: You put the query into the cache. What a token offers the later ones
        is its key.
    key_and_value_exchanged: You put the new key among the values, and the value among
        the keys.
    first_one_only: It sees the first token alone. That is what is_causal=True does for
        a single query: it takes it for the first token of the text. No mask is needed
        here.
    divided_by_the_count: You divided by the root of the number of keys. The root of D
        is asked for: how large a score is depends on how many products it sums up.
    divided_by_d: You divided by D, and not by √D.
    not_divided: You did not divide the scores by √D.
    no_softmax: The softmax is missing: you took the scores themselves as weights.
    plain_mean: That is the plain mean of all values. How much each counts depends on
        how well its key fits the query.
    output_alone: What the new token gathers is right. Return the longer keys and values
        as well: the next token needs them.
    """
    all_keys, all_values = torch.cat([keys, k[None]]), torch.cat([values, v[None]])
    cache, scores = (all_keys, all_values), all_keys @ q / 2
    out, old = scores.softmax(0) @ all_values, _gathered(q, keys, values)

    def step(keys, values):
        return _gathered(q, keys, values), keys, values

    def joined(*rows):
        return torch.cat([row if row.dim() > 1 else row[None] for row in rows])

    return {
        "new_token_left_out": (old, *cache),
        "not_remembered": (out, keys, values),
        "neither_seen_nor_remembered": (old, keys, values),
        "cache_replaced": (v, k[None], v[None]),
        "oldest_dropped": step(all_keys[1:], all_values[1:]),
        "last_one_overwritten": step(joined(keys[:-1], k), joined(values[:-1], v)),
        "put_in_front": step(joined(k, keys), joined(v, values)),
        "query_for_key": step(joined(keys, q), all_values),
        "key_and_value_exchanged": step(joined(keys, v), joined(values, k)),
        "first_one_only": (values[0], *cache),
        "divided_by_the_count": (
            _gathered(q, *cache, scale=len(all_keys) ** 0.5),
            *cache,
        ),
        "divided_by_d": (_gathered(q, *cache, scale=4), *cache),
        "not_divided": (_gathered(q, *cache, scale=1), *cache),
        "no_softmax": (scores @ all_values, *cache),
        "plain_mean": (all_values.mean(0), *cache),
        "output_alone": out,
    }

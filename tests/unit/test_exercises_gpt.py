"""Chapter 07's exercises: other right spellings, and mistakes in learners' words."""

import math
import re
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab import exercises, models
from bigmodel_lab.from_scratch import attention, sampling

pytestmark = pytest.mark.usefixtures("same_draws")


def merged_in_text(ids, pair, new_id):
    """Write ids as characters: str.replace goes from left to right, too."""
    text = "".join(map(chr, ids)).replace("".join(map(chr, pair)), chr(new_id))
    return [ord(character) for character in text]


def merged_into_the_last(ids, pair, new_id):
    result = []
    for i in ids:
        if result and (result[-1], i) == pair:
            result[-1] = new_id
        else:
            result.append(i)
    return tuple(result)


def contexts_by_loop(counts):
    V = len(counts)
    pairs = {(i, j) for i, j in product(range(V), range(V)) if counts[i, j]}
    return [sum(second == j for _, second in pairs) / len(pairs) for j in range(V)]


def leaks_by_regex(train, validation):
    known, hits, count = " ".join(train), 0, 0
    for poem in validation:
        for line in re.findall(r"[^，。]+", poem):
            hits += line in known
            count += 1
    return hits / count


def attention_by_loop(q, k, v):
    rows = []
    for t in range(len(q)):
        e = np.exp(k[: t + 1] @ q[t] / np.sqrt(len(q[t])))
        rows.append(e / e.sum() @ v[: t + 1])
    return np.stack(rows)


def rotated_as_complex(x, speeds, first):
    a, b = x.double().chunk(2, -1)
    angles = torch.outer(torch.arange(first, first + len(x)).double(), speeds.double())
    points = torch.complex(a, b) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([points.real, points.imag], -1)


def last_row_of_all(q, k, v, keys, values):
    keys, values = torch.vstack([keys, k]), torch.vstack([values, v])
    return F.scaled_dot_product_attention(q[None], keys, values)[0], keys, values


def loss_by_log_softmax(logits, ids):
    log_p = logits.log_softmax(-1)
    N, T = ids.shape
    terms = [-log_p[n, t, ids[n, t + 1]] for n, t in product(range(N), range(T - 1))]
    return sum(terms) / len(terms)


def nucleus_by_loop(p, top_p):
    result, total = [0.0] * len(p), 0.0
    for i in np.argsort(-np.asarray(p)):
        if total < top_p:
            result[i] = float(p[i])
            total += result[i]
    return [value / sum(result) for value in result]


def counted(vocabulary_size, length, dimensions, layers):
    gpt = models.GPT(vocabulary_size, length, dimensions, layers, heads=1)
    return sum(weight.numel() for weight in gpt.parameters())


RIGHT = [
    ("start_loss", lambda V: -math.log(1 / V)),
    ("start_loss", lambda V: F.cross_entropy(torch.zeros(1, V), torch.tensor([3]))),
    ("merge", merged_in_text),
    ("merge", merged_into_the_last),
    ("continuations", contexts_by_loop),
    ("continuations", lambda counts: np.sign(counts).sum(0) / np.count_nonzero(counts)),
    ("leaked_lines", leaks_by_regex),
    ("masked_attention", attention_by_loop),
    (
        "masked_attention",
        lambda q, k, v: attention.attention(q, k, v, attention.causal_mask(len(q))),
    ),
    (
        "masked_attention",
        lambda q, k, v: F.scaled_dot_product_attention(
            q[None], k[None], v[None], is_causal=True
        )[0],
    ),
    ("split_heads", attention.split_heads),
    ("split_heads", lambda x, h: torch.stack(x.chunk(h, -1), 1)),
    ("split_heads", lambda x, h: np.stack(np.split(x.numpy(), h, axis=-1), axis=1)),
    ("rotate", rotated_as_complex),
    ("cached_step", last_row_of_all),
    ("next_token_loss", loss_by_log_softmax),
    (
        "next_token_loss",
        lambda logits, ids: F.cross_entropy(logits[:, :-1].mT, ids[:, 1:]),
    ),
    ("bits_per_character", lambda loss, t, c: loss * math.log2(math.e) * t / c),
    ("temperature", sampling.probabilities),
    (
        "temperature",
        lambda logits, T: (p := logits.softmax(0) ** (1 / T)) / p.sum(),
    ),
    ("nucleus", sampling.nucleus),
    ("nucleus", nucleus_by_loop),
    ("gpt_parameters", counted),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = exercises.find(f"gpt.{name}")
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def merged_without_skipping(ids, pair, new_id):
    result = []
    for i in range(len(ids)):
        found = tuple(ids[i : i + 2]) == pair
        result.append(new_id if found else ids[i])
    return result


def merged_by_pairs(ids, pair, new_id):
    result, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            result.append(new_id)
            i += 2
        else:
            result.append(ids[i])
            i += 1
    return result


def leaks_with_empty_lines(train, validation):
    lines, known = (
        [line for poem in part for line in re.split("[，。]", poem)]
        for part in (validation, train)
    )
    return np.mean([line in known for line in lines])


def one_sdpa_for_a_token(q, k, v, keys, values):
    keys, values = torch.vstack([keys, k]), torch.vstack([values, v])
    rows = (x[None, None] for x in (q[None], keys, values))
    out = F.scaled_dot_product_attention(*rows, is_causal=True)
    return out[0, 0, 0], keys, values


def masked(mask):
    """Return attention whose scores are -inf where mask(ones) is 1."""

    def answer(q, k, v):
        scores = q @ k.T / q.shape[-1] ** 0.5
        hidden = mask(torch.ones(len(q), len(q))).bool()
        return scores.masked_fill(hidden, float("-inf")).softmax(-1) @ v

    return answer


def overwritten(x, speeds, first):
    angles = torch.arange(first, first + len(x))[:, None] * speeds
    a, b = x.chunk(2, -1)
    a = a * angles.cos() - b * angles.sin()
    b = a * angles.sin() + b * angles.cos()
    return torch.cat([a, b], -1)


def masked_in_sorted_order(p, top_p):
    ranked = p.sort(descending=True).values
    p = p * (ranked.cumsum(0) - ranked < top_p)
    return p / p.sum()


def cut_at_the_line(p, top_p):
    ranked, order = p.sort(descending=True)
    kept = torch.zeros_like(p)
    kept[order] = ranked * (ranked.cumsum(0) <= top_p)
    return kept / kept.sum()


WRONG = [
    ("start_loss", lambda V: 0, "zero"),
    ("merge", merged_without_skipping, "second_kept"),
    ("merge", merged_by_pairs, "last_id_lost"),
    ("continuations", lambda counts: (counts > 0).mean(0), "divided_by_the_vocabulary"),
    ("leaked_lines", leaks_with_empty_lines, "end_counts_as_a_line"),
    (
        "leaked_lines",
        lambda train, validation: len({*train} & {*validation}) / len(validation),
        "whole_poems",
    ),
    ("masked_attention", masked(torch.tril), "mask_inverted"),
    ("masked_attention", masked(torch.triu), "not_itself"),
    ("masked_attention", masked(lambda ones: ones.triu(2)), "sees_the_next"),
    ("masked_attention", masked(lambda ones: ones.tril(-1)), "wrong_side"),
    (
        "masked_attention",
        lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None])[0],
        "no_mask",
    ),
    ("split_heads", lambda x, h: x.view(len(x), h, x.shape[1], -1), "one_reshape"),
    ("rotate", overwritten, "changed_too_early"),
    ("rotate", lambda x, s, first: rotated_as_complex(x, s, 0), "starts_at_zero"),
    ("rotate", lambda x, s, first: rotated_as_complex(x, -s, first), "clockwise"),
    ("cached_step", one_sdpa_for_a_token, "first_one_only"),
    ("next_token_loss", lambda x, ids: F.cross_entropy(x.mT, ids), "not_shifted"),
    ("bits_per_character", lambda loss, t, c: loss / math.log(2), "per_token"),
    ("temperature", lambda x, t: (x - t).softmax(0), "no_effect"),
    ("nucleus", cut_at_the_line, "crossing_one_dropped"),
    ("nucleus", masked_in_sorted_order, "mask_not_put_back"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = exercises.find(f"gpt.{name}")
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def test_what_is_said_to_add_to_a_gpt_or_to_be_missing_is_so():
    V, T, d, L = 50, 9, 8, 3
    gpt = models.GPT(V, T, d, L, heads=2)
    sizes = {name: weight.numel() for name, weight in gpt.named_parameters()}
    right = sum(sizes.values())
    given = exercises.find("gpt.gpt_parameters").mistaken((V, T, d, L))

    def size(ending):
        return sum(n for name, n in sizes.items() if re.search(ending, name))

    linear = [m for m in gpt.modules() if isinstance(m, torch.nn.Linear)]
    assert given["biases"] - right == sum(layer.out_features for layer in linear)
    assert given["head_counted_too"] - right == size("tokens")
    assert right - given["norms_forgotten"] == size("norm")
    assert right - given["last_norm_forgotten"] == size("^norm")
    assert right - given["one_norm_a_block"] == size("norm1")
    assert right - given["output_forgotten"] == size("output")
    assert right - given["one_matrix_for_attention"] == size("query|key|value")
    assert right - given["only_growing"] == size("grow")
    assert right - given["places_forgotten"] == size("places")
    assert right - given["embeddings_forgotten"] == size("tokens|places")
    assert right - given["one_block"] == size(r"blocks\.[12]")

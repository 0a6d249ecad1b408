"""Chapter 08's exercises: other right spellings, and mistakes in learners' words."""

import math
from itertools import combinations, product

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from bigmodel_lab import exercises
from bigmodel_lab.from_scratch import preferences
from bigmodel_lab.from_scratch.lora import LowRank
from bigmodel_lab.models.gpt_training import answer_loss

pytestmark = pytest.mark.usefixtures("same_draws")


def poems_between_two(bits, poems, scratch_bits):
    k = next(k for k, b in enumerate(scratch_bits) if b <= bits)
    share = (scratch_bits[k - 1] - bits) / (scratch_bits[k - 1] - scratch_bits[k])
    return poems[k - 1] * (poems[k] / poems[k - 1]) ** share


def poems_by_tens(bits, poems, scratch_bits):
    order = np.argsort(scratch_bits)
    return 10 ** np.interp(bits, scratch_bits[order], np.log10(poems)[order])


def low_rank_layer(x, W, A, B, alpha):
    layer = nn.Linear(*W.T.shape, bias=False, dtype=W.dtype)
    corrected = LowRank(layer, len(A), alpha)
    with torch.no_grad():
        for parameter, value in ((layer.weight, W), (corrected.A, A), (corrected.B, B)):
            parameter.copy_(value)
    return corrected(x)


def counted(shapes, rank):
    layers = [LowRank(nn.Linear(i, o, bias=False), rank) for o, i in shapes]
    return sum(p.numel() for layer in layers for p in layer.parameters()) - sum(
        layer.layer.weight.numel() for layer in layers
    )


def row_by_row(body, batches):
    body.eval()
    return [body(row[None])[0].tolist() for batch in batches for row in batch]


def means_by_loop(vectors, mask):
    return [v[m].mean(0) for v, m in zip(vectors, mask, strict=True)]


def weighted_means(vectors, mask):
    return torch.einsum("ntd,nt->nd", vectors, F.normalize(mask.double(), p=1, dim=1))


def loss_without_prompt(logits, targets, first):
    targets[:, :first] = -100  # what F.cross_entropy leaves out
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def loss_by_loop(logits, targets, first):
    log_p, (N, T) = logits.log_softmax(-1), targets.shape
    places = product(range(N), range(first, T))
    terms = [-log_p[n, t, targets[n, t]] for n, t in places]
    return sum(terms) / len(terms)


def best_by_cases(n, p):
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(1, n + 1))


def share_of_choices(k, tries, right):
    chosen = combinations([True] * right + [False] * (tries - right), k)
    return np.mean([any(one) for one in chosen])


def policy_by_loop(log_p, advantages, mask):
    texts = zip(log_p, advantages, mask, strict=True)
    return -np.mean([(a * row[m].sum()).item() for row, a, m in texts])


def dpo_by_softplus(better, worse, reference_better, reference_worse, beta):
    gained = better - worse - (reference_better - reference_worse)
    return F.softplus(-beta * gained).mean()


def wilson(right, tries):
    ends = stats.binomtest(right, tries).proportion_ci(method="wilson")
    return ends.low, ends.high


def without_line(scores, lengths):
    line = stats.linregress(lengths, scores)
    return scores - line.slope * lengths - line.intercept + scores.mean()


RIGHT = [
    ("poems_needed", poems_between_two),
    ("poems_needed", poems_by_tens),
    ("poems_needed", lambda *curve: round(poems_by_tens(*curve))),
    ("poems_needed", lambda *curve: int(poems_by_tens(*curve))),
    ("lora", low_rank_layer),
    ("lora", lambda x, W, A, B, alpha: x @ (W + alpha / B.shape[1] * B @ A).T),
    ("lora_start", lambda a, b: (a, b * 0)),
    ("lora_start", lambda a, b: [torch.zeros(a.shape), b]),
    ("lora_start", lambda a, b: (a.numpy(), np.zeros(b.shape))),
    ("learning_numbers", counted),
    ("learning_numbers", lambda shapes, rank: rank * sum(map(sum, shapes))),
    ("frozen_features", lambda body, batches: body.eval()(torch.cat(batches))),
    ("frozen_features", row_by_row),
    ("mean_vector", means_by_loop),
    ("mean_vector", weighted_means),
    ("answer_loss", loss_without_prompt),
    ("answer_loss", loss_by_loop),
    ("answer_loss", lambda x, targets, first: answer_loss(first)(x, targets)),
    ("best_of", best_by_cases),
    ("best_of", lambda n, p: stats.binom.sf(0, n, p)),
    ("pass_at", share_of_choices),
    ("pass_at", preferences.pass_at),
    ("pass_at", lambda k, n, c: 1 - stats.hypergeom.pmf(0, n, c, k)),
    ("advantages", lambda rewards: [preferences.advantages(r) for r in rewards]),
    (
        "advantages",
        lambda r: (r - np.mean(r, 1)[:, None]) / (np.std(r, 1, ddof=1)[:, None] + 1e-3),
    ),
    ("policy_loss", preferences.policy_loss),
    ("policy_loss", policy_by_loop),
    (
        "kl_penalty",
        lambda p, q: F.kl_div(q, p, log_target=True, reduction="batchmean"),
    ),
    (
        "kl_penalty",
        lambda p, q: torch.distributions.kl_divergence(
            *(torch.distributions.Categorical(logits=x) for x in (p, q))
        ).mean(),
    ),
    ("dpo_loss", preferences.dpo_loss),
    ("dpo_loss", dpo_by_softplus),
    ("interval", wilson),
    ("interval", lambda right, tries: np.array(wilson(right, tries))),
    ("judged_fairly", without_line),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = exercises.find(f"tuning.{name}")
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def weights_frozen_only(body, batches):
    body.requires_grad_(False)
    with torch.no_grad():
        return torch.cat([body(x) for x in batches])


def eval_after_the_first(body, batches):
    features = []
    for x in batches:
        features.append(body(x))
        body.eval()
    return torch.cat(features)


def train_after_the_first(body, batches):
    features = []
    body.eval()
    for x in batches:
        features.append(body(x))
        body.train()
    return torch.cat(features)


def looked_at_twice(body, batches):
    for x in batches:
        body(x)
    return body.eval()(torch.cat(batches))


def features_listed(body, batches):
    body.eval()
    return [body(x) for x in batches]


def dpo_of_ratios(better, worse, reference_better, reference_worse, beta):
    return (better - reference_better - worse + reference_worse).mul(-beta).mean()


def slope_by_numpy(scores, lengths):
    slope = np.cov(lengths, scores)[0, 1] / np.var(lengths)
    return scores - slope * (lengths - lengths.mean())


WRONG = [
    ("poems_needed", lambda b, n, y: np.interp(b, y[::-1], n[::-1]), "plain_scale"),
    ("poems_needed", lambda b, n, y: np.exp(np.interp(b, y, np.log(n))), "not_turned"),
    ("poems_needed", lambda b, n, y: np.interp(b, y, n), "not_turned"),
    ("poems_needed", lambda b, n, y: n[y <= b][0], "next_measured"),
    ("lora", lambda x, W, A, B, a: x @ W.T + a * x @ A.T @ B.T, "not_divided"),
    ("lora", lambda x, W, A, B, a: x @ (W + B @ A).T * a / len(A), "all_scaled"),
    ("lora", lambda x, W, A, B, a: a / len(A) * x @ (B @ A).T, "only_the_correction"),
    ("lora_start", lambda a, b: (a * 0, b * 0), "both_zero"),
    ("lora_start", lambda a, b: (a, b), "both_noise"),
    ("learning_numbers", lambda s, r: sum(r * a * b for a, b in s), "multiplied"),
    ("frozen_features", weights_frozen_only, "training_mode"),
    ("frozen_features", lambda f, xs: f(torch.cat(xs)), "all_at_once_in_training_mode"),
    ("frozen_features", eval_after_the_first, "eval_too_late"),
    ("frozen_features", train_after_the_first, "back_too_early"),
    ("frozen_features", looked_at_twice, "looked_before"),
    ("frozen_features", features_listed, "not_joined"),
    ("mean_vector", lambda v, m: v.mean(1), "padding_too"),
    ("mean_vector", lambda v, m: (v * m[..., None]).mean(1), "divided_by_all_places"),
    ("answer_loss", lambda x, y, k: F.cross_entropy(x.mT, y), "prompt_too"),
    (
        "answer_loss",
        lambda x, y, k: F.cross_entropy(x[:, :k].mT, y[:, :k]),
        "prompt_only",
    ),
    ("best_of", lambda n, p: n * p, "times_n"),
    ("best_of", lambda n, p: stats.binom.pmf(1, n, p), "exactly_one"),
    ("pass_at", lambda k, n, c: 1 - (1 - c / n) ** k, "with_replacement"),
    ("pass_at", lambda k, n, c: min(1, k * c / n), "times_k"),
    ("advantages", preferences.advantages, "all_groups_at_once"),
    (
        "advantages",
        lambda r: (r - r.mean(1, keepdim=True)) / r.std(1, keepdim=True),
        "nothing_added",
    ),
    (
        "advantages",
        lambda r: (
            (r - r.mean(1, keepdim=True))
            / (r.var(1, keepdim=True, correction=0).sqrt() + 1e-3)
        ),
        "divided_by_n",
    ),
    (
        "policy_loss",
        lambda p, a, m: -(a[:, None] * p * m).mean(),
        "mean_over_all_places",
    ),
    ("policy_loss", lambda p, a, m: (a[:, None] * p * m).sum(1).mean(), "wrong_sign"),
    (
        "kl_penalty",
        lambda p, q: F.kl_div(p, q, log_target=True, reduction="batchmean"),
        "reversed",
    ),
    ("kl_penalty", lambda p, q: ((p - q) ** 2).sum(1).mean(), "squared"),
    ("dpo_loss", dpo_of_ratios, "no_sigmoid"),
    (
        "dpo_loss",
        lambda b, w, rb, rw, beta: preferences.dpo_loss(b, w, 0 * rb, 0 * rw, beta),
        "reference_forgotten",
    ),
    (
        "dpo_loss",
        lambda b, w, rb, rw, beta: preferences.dpo_loss(b, w, rb, rw, 1 / beta),
        "divided_by_beta",
    ),
    (
        "interval",
        lambda right, tries: [
            right / tries + z * (right / tries * (1 - right / tries) / tries) ** 0.5
            for z in (-1.96, 1.96)
        ],
        "normal",
    ),
    ("judged_fairly", lambda s, x: s / x, "divided_by_length"),
    ("judged_fairly", slope_by_numpy, "two_divisors"),
    ("judged_fairly", lambda s, x: s - np.polyval(np.polyfit(x, s, 1), x), "mean_lost"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = exercises.find(f"tuning.{name}")
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def start(A, B):
    """Return the result of a correction that starts with A and B, and its gradients."""
    layer = LowRank(nn.Linear(A.shape[1], len(B), dtype=A.dtype), len(A))
    with torch.no_grad():
        layer.A.copy_(A)
        layer.B.copy_(B)
    x = torch.ones(1, A.shape[1], dtype=A.dtype)
    layer(x).square().sum().backward()
    changed = (layer(x) - layer.layer(x)).abs().sum().item()
    return changed, layer.A.grad.abs().sum() + layer.B.grad.abs().sum()


def test_what_is_right_starts_unchanged_and_learns_and_what_is_wrong_does_not():
    one = exercises.find("tuning.lora_start")
    noise = one.inputs(np.random.default_rng(0))
    for answer in (one.solution, *one.also):
        changed, gradient = start(*answer(*noise))
        assert changed == 0
        assert gradient > 0
    mistaken = one.mistaken(noise)
    changed, gradient = start(*mistaken["both_zero"])
    assert changed == gradient == 0
    for name in ("both_noise", "nearly_zero", "ones"):
        changed, _ = start(*mistaken[name])
        assert changed > 0, name


def test_what_is_said_of_the_intervals_is_so():
    low, high = exercises.find("tuning.interval").solution(0, 20)
    assert low == pytest.approx(0)
    assert high > 0.1
    mistaken = exercises.find("tuning.interval").mistaken((0, 20))
    assert mistaken["normal"] == (0, 0)
    assert exercises.find("tuning.interval").mistaken((1, 20))["normal"][0] < 0

"""Chapter 12's exercises: other right spellings, and mistakes in learners' words."""

import math
import statistics
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from opacus.accountants.analysis import rdp as opacus_rdp
from pycanon import anonymity
from scipy import stats
from sklearn import metrics
from torch.func import functional_call, grad, vmap

from bigmodel_lab import exercises

pytestmark = pytest.mark.usefixtures("same_draws")


def find(name):
    """Return an exercise of the chapter."""
    return exercises.find(f"sharing.{name}")


def groups_counted(table, columns):
    return min(Counter(zip(*(table[c] for c in columns), strict=True)).values())


def groups_by_loop(table, columns):
    rows = table[columns].to_numpy().tolist()
    return min(rows.count(row) for row in rows)


def groups_of_categories(table, columns):
    return table.astype("category").groupby(columns, observed=True).size().min()


def groups_by_pycanon(table, columns):
    return anonymity.k_anonymity(table, columns)


def secrets_by_pycanon(table, columns, secret):
    return anonymity.l_diversity(table.reset_index(drop=True), columns, [secret])


def secrets_by_sets(table, columns, secret):
    found = {}
    for _, row in table.iterrows():
        found.setdefault(tuple(row[columns]), set()).add(row[secret])
    return min(map(len, found.values()))


def secrets_without_repeats(table, columns, secret):
    return table[[*columns, secret]].drop_duplicates().value_counts(columns).min()


def matched_by_loop(register, table, columns):
    rows = table[columns].apply(tuple, axis=1).tolist()
    people = register[columns].apply(tuple, axis=1).tolist()
    return sum(rows.count(person) == 1 for person in people) / len(people)


def matched_by_merge(register, table, columns):
    pairs = register.merge(table, on=columns)
    return (pairs["name"].value_counts() == 1).sum() / len(register)


def matched_by_unique_rows(register, table, columns):
    unique = table.drop_duplicates(columns, keep=False)
    return len(register.merge(unique, on=columns)) / len(register)


def text_by_numpy(first, second, known):
    a, b, c = (np.frombuffer(x, np.uint8) for x in (first, second, known))
    return a ^ b ^ c


def text_by_one_number(first, second, known):
    a, b, c = (int.from_bytes(x, "little") for x in (first, second, known))
    return (a ^ b ^ c).to_bytes(len(first), "little")


def text_in_a_bytearray(first, second, known):
    text = bytearray()
    for k in range(len(first)):
        text.append(second[k] ^ first[k] ^ known[k])
    return text


def caught_by_loop(members, others, false_alarms):
    best = 0
    for threshold in others:
        if np.mean(others > threshold) <= false_alarms:
            best = max(best, np.mean(members > threshold))
    return best


def caught_by_curve(members, others, false_alarms):
    labels = np.repeat([1, 0], [len(members), len(others)])
    fpr, tpr, _ = metrics.roc_curve(labels, np.concatenate([members, others]))
    return tpr[fpr <= false_alarms].max()


def caught_on_the_curve(members, others, false_alarms):
    labels = np.repeat([1, 0], [len(members), len(others)])
    fpr, tpr, _ = metrics.roc_curve(labels, np.concatenate([members, others]))
    return np.interp(false_alarms, fpr, tpr)


def caught_by_place(members, others, false_alarms):
    place = math.ceil((1 - false_alarms) * len(others))
    return (members >= np.sort(others)[place]).mean()


def clipped_by_pytorch(gradients, limit):
    total = 0
    for gradient in gradients:
        one = torch.nn.Parameter(torch.zeros(len(gradient)))
        one.grad = gradient.clone().float()
        torch.nn.utils.clip_grad_norm_([one], limit)
        total = total + one.grad
    return total


def clipped_by_maximum(gradients, limit):
    lengths = np.linalg.norm(gradients, axis=1)
    return gradients.T @ torch.from_numpy(1 / np.maximum(1, lengths / limit))


def clipped_as_opacus(gradients, limit):
    factors = (limit / (gradients.norm(2, dim=-1) + 1e-6)).clamp(max=1.0)
    return torch.einsum("i,i...", factors, gradients)


def clipped_by_renorm(gradients, limit):
    return gradients.renorm(2, 0, limit).sum(0)


def norms_by_autograd(inputs, deltas):
    lengths = []
    for a, delta in zip(inputs, deltas, strict=True):
        layer = torch.nn.Linear(len(a), len(delta)).to(a.dtype)
        layer(a).backward(delta)
        parts = [p.grad.flatten() for p in layer.parameters()]
        lengths.append(torch.cat(parts).norm().item())
    return lengths


def norms_by_vmap(inputs, deltas):
    layer = torch.nn.Linear(inputs.shape[1], deltas.shape[1]).to(inputs.dtype)
    weights = {name: p.detach() for name, p in layer.named_parameters()}

    def loss(weights, a, delta):
        return (functional_call(layer, weights, (a,)) * delta).sum()

    grads = vmap(grad(loss), (None, 0, 0))(weights, inputs, deltas)
    return sum(g.flatten(1).square().sum(1) for g in grads.values()).sqrt()


def norms_with_one_more_input(inputs, deltas):
    more = torch.cat([inputs, torch.ones(len(inputs), 1)], 1)
    return (deltas[:, :, None] * more[:, None]).norm(dim=(1, 2))


def epsilon_by_opacus(rdp, steps, orders, delta):
    spent = opacus_rdp.get_privacy_spent(
        orders=orders.tolist(), rdp=rdp * steps, delta=delta
    )
    return spent[0]


def epsilon_by_loop(rdp, steps, orders, delta):
    best = math.inf
    for one, a in zip(rdp, orders, strict=True):
        rest = math.log1p(-1 / a) - math.log(delta * a) / (a - 1)
        best = min(best, steps * one + rest)
    return best


def count_by_scipy(count, epsilon, uniform):
    return stats.laplace.ppf(uniform + 0.5, loc=count, scale=1 / epsilon)


def count_in_two_cases(count, epsilon, uniform):
    if uniform < 0:
        return count + np.log(1 + 2 * uniform) / epsilon
    return count - np.log(1 - 2 * uniform) / epsilon


def model_by_loop(weights, sizes):
    model = 0
    for row, size in zip(weights, sizes, strict=True):
        model = model + size / sum(sizes) * row
    return model


def picture_by_least_squares(W, b):
    return torch.linalg.lstsq(b[:, None], W).solution[0]


def picture_of_live_rows(W, b):
    live = b != 0
    return (W[live] / b[live, None]).mean(0)


def picture_by_loop(W, b):
    for row, factor in zip(W, b, strict=True):
        if factor:
            return row / factor


def sum_of_machine_numbers(masked, bits):
    rest = masked.sum(0, dtype=np.uint64) << np.uint64(64 - bits)
    return rest.view(np.int64) / 2.0 ** (64 - bits + 16)


def sum_with_python(masked, bits):
    found = []
    for column in masked.T.tolist():
        total = sum(column) % 2**bits
        found.append((total - 2**bits if total >= 2**bits / 2 else total) * 2**-16)
    return found


def sum_of_numbers(masked, bits):
    whole = 2.0 ** (bits - 16)
    rest = (masked / 2**16).sum(0) % whole
    return rest - whole * (rest >= whole / 2)


RIGHT = [
    ("smallest_group", groups_counted),
    ("smallest_group", groups_by_loop),
    ("smallest_group", groups_of_categories),
    ("smallest_group", groups_by_pycanon),
    ("smallest_group", lambda t, columns: t.value_counts(columns).iloc[-1]),
    ("smallest_group", lambda t, c: float(t.groupby(c)["name"].count().min())),
    ("smallest_group", lambda t, c: t.groupby(c)["name"].transform("size").min()),
    ("fewest_secrets", secrets_by_pycanon),
    ("fewest_secrets", secrets_by_sets),
    ("fewest_secrets", secrets_without_repeats),
    (
        "fewest_secrets",
        lambda t, c, s: t.groupby(c)[s].agg(lambda x: len(set(x))).min(),
    ),
    ("matched_share", matched_by_loop),
    ("matched_share", matched_by_merge),
    ("matched_share", matched_by_unique_rows),
    ("one_pad_twice", text_by_numpy),
    ("one_pad_twice", text_by_one_number),
    ("one_pad_twice", text_in_a_bytearray),
    (
        "one_pad_twice",
        lambda *texts: [a ^ b ^ c for a, b, c in zip(*texts, strict=True)],
    ),
    ("caught", caught_by_loop),
    ("caught", caught_by_curve),
    ("caught", caught_on_the_curve),
    ("caught", caught_by_place),
    ("caught", lambda m, o, share: (m > np.percentile(o, 100 - 100 * share)).mean()),
    (
        "caught",
        lambda m, o, share: (
            (torch.tensor(m) > torch.tensor(o).quantile(1 - share)).double().mean()
        ),
    ),
    *[
        ("caught", lambda m, o, s, k=k: np.mean(m > np.quantile(o, 1 - s, method=k)))
        for k in (
            "inverted_cdf",
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "hazen",
            "weibull",
            "median_unbiased",
            "normal_unbiased",
            "lower",
            "higher",
            "midpoint",
            "nearest",
        )
    ],
    ("clipped", clipped_by_pytorch),
    ("clipped", clipped_by_maximum),
    ("clipped", clipped_as_opacus),
    ("clipped", clipped_by_renorm),
    ("private_gradient", lambda s, C, sigma, B, n: s / B + sigma * C / B * n),
    (
        "private_gradient",
        lambda s, C, sigma, B, n: torch.add(s, n, alpha=sigma * C) / B,
    ),
    ("example_norms", norms_by_autograd),
    ("example_norms", norms_by_vmap),
    ("example_norms", norms_with_one_more_input),
    (
        "example_norms",
        lambda a, d: torch.hypot(a.norm(dim=1), a.new_ones(())) * d.norm(dim=1),
    ),
    ("total_epsilon", epsilon_by_opacus),
    ("total_epsilon", epsilon_by_loop),
    ("noisy_count", count_by_scipy),
    ("noisy_count", count_in_two_cases),
    ("average_model", model_by_loop),
    ("average_model", lambda weights, sizes: np.average(weights, 0, sizes)),
    ("average_model", lambda weights, sizes: weights.T @ sizes / sum(sizes)),
    ("picture_from_gradient", picture_by_least_squares),
    ("picture_from_gradient", picture_of_live_rows),
    ("picture_from_gradient", picture_by_loop),
    ("picture_from_gradient", lambda W, b: b @ W / (b @ b)),
    ("picture_from_gradient", lambda W, b: W.sum(0) / b.sum()),
    ("picture_from_gradient", lambda W, b: (W / b[:, None]).nanmean(0)),
    ("unmasked_sum", sum_of_machine_numbers),
    ("unmasked_sum", sum_with_python),
    ("unmasked_sum", sum_of_numbers),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = find(name)
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def matched_when_merged(register, table, columns):
    return register.merge(table, on=columns)["name"].nunique() / len(register)


def matched_on_everything(register, table, columns):
    return (register.merge(table)["name"].value_counts() == 1).sum() / len(register)


def texts_combined(change):
    """Return an answer that makes each byte of three by `change`."""
    return lambda *texts: bytes(
        change(*codes) % 256 for codes in zip(*texts, strict=True)
    )


def accuracy_at_best(members, others, false_alarms):
    scores = np.concatenate([members, others])
    labels = np.arange(len(scores)) < len(members)
    return max(np.mean((scores > t) == labels) for t in scores)


def precision_there(members, others, false_alarms):
    threshold = np.quantile(others, 1 - false_alarms)
    scores = np.concatenate([members, others])
    labels = np.arange(len(scores)) < len(members)
    return metrics.precision_score(labels, scores > threshold)


def area(members, others, false_alarms):
    labels = np.repeat([1, 0], [len(members), len(others)])
    return metrics.roc_auc_score(labels, np.concatenate([members, others]))


def clipped_together(gradients, limit):
    whole = torch.nn.Parameter(torch.zeros_like(gradients))
    whole.grad = gradients.clone()
    torch.nn.utils.clip_grad_norm_([whole], limit)
    return whole.grad.sum(0)


def clipped_at_the_end(gradients, limit):
    total = gradients.sum(0)
    return total * min(1, limit / total.norm())


def norms_of_the_sum(inputs, deltas):
    layer = torch.nn.Linear(inputs.shape[1], deltas.shape[1]).to(inputs.dtype)
    layer(inputs).backward(deltas)
    return torch.cat([p.grad.flatten() for p in layer.parameters()]).norm()


def norms_of_the_mean_loss(inputs, deltas):
    return norms_by_vmap(inputs, deltas / len(deltas))


def epsilons(rdp, orders, delta):
    return np.array(
        [
            epsilon_by_loop([one], 1, [order], delta)
            for one, order in zip(rdp, orders, strict=True)
        ]
    )


def model_of_last(weights, sizes):
    for row, size in zip(weights, sizes, strict=True):
        model = size / size * row
    return model


def softmax_of_sizes(weights, sizes):
    return np.exp(sizes - sizes.max()) @ weights


def sum_with_sign(masked, bits):
    signed = np.where(masked >= 2**bits // 2, masked - 2**bits, masked)
    return signed.sum(0) / 2**16


WRONG = [
    ("smallest_group", lambda t, c: t.value_counts().min(), "all_columns"),
    (
        "smallest_group",
        lambda t, c: t.drop(columns="name").value_counts().min(),
        "all_but_the_name",
    ),
    (
        "smallest_group",
        lambda t, c: min(t.groupby(one).size().min() for one in c),
        "each_column",
    ),
    ("smallest_group", lambda t, c: t[c].value_counts().mean(), "mean"),
    ("smallest_group", lambda t, c: t.groupby(c).ngroups, "how_many_groups"),
    (
        "smallest_group",
        lambda t, c: (~t.duplicated(c, keep=False)).sum(),
        "how_many_unique",
    ),
    (
        "smallest_group",
        lambda t, c: t.astype("category").groupby(c, observed=False).size().min(),
        "empty_groups",
    ),
    ("fewest_secrets", lambda t, c, s: groups_counted(t, c), "how_many_people"),
    (
        "fewest_secrets",
        lambda t, c, s: t.groupby(c)[s].count().min(),
        "how_many_people",
    ),
    ("fewest_secrets", lambda t, c, s: len(set(t[s])), "in_the_whole_table"),
    (
        "fewest_secrets",
        lambda t, c, s: secrets_by_sets(t, [*c, s], s),
        "grouped_by_the_secret_too",
    ),
    (
        "fewest_secrets",
        lambda t, c, s: t.groupby(s)[c].apply(lambda g: len(g.drop_duplicates())).min(),
        "other_way_around",
    ),
    (
        "fewest_secrets",
        lambda t, c, s: np.exp(
            t.groupby(c)[s].agg(lambda x: stats.entropy(x.value_counts())).min()
        ),
        "uneven_secrets",
    ),
    ("matched_share", matched_when_merged, "at_least_one"),
    ("matched_share", matched_on_everything, "all_common_columns"),
    (
        "matched_share",
        lambda r, t, c: len(r.merge(t, on=c)) / len(r),
        "merged_rows",
    ),
    ("matched_share", lambda r, t, c: matched_by_loop(t, r, c), "exchanged"),
    (
        "matched_share",
        lambda r, t, c: matched_by_loop(t, t, c),
        "unique_in_the_table",
    ),
    (
        "matched_share",
        lambda r, t, c: matched_by_loop(r, t, c) * len(r) / len(t),
        "share_of_the_table",
    ),
    ("matched_share", lambda r, t, c: matched_by_loop(r, t, c[:1]), "first_column"),
    ("one_pad_twice", texts_combined(lambda a, b, c: a ^ b), "texts_mixed"),
    ("one_pad_twice", texts_combined(lambda a, b, c: a ^ c), "key_stream"),
    ("one_pad_twice", texts_combined(lambda a, b, c: a + b + c), "added"),
    (
        "one_pad_twice",
        lambda *texts: bytes(text_by_numpy(*texts)).decode("utf-8"),
        "text",
    ),
    (
        "one_pad_twice",
        lambda a, b, c: int.from_bytes(text_by_one_number(a, b, c), "big"),
        "one_large_number",
    ),
    ("caught", area, "auc"),
    ("caught", accuracy_at_best, "best_accuracy"),
    ("caught", precision_there, "right_ones"),
    ("caught", lambda m, o, s: np.mean(m > 0.5), "one_half"),
    ("caught", lambda m, o, s: np.mean(o > np.quantile(m, 1 - s)), "exchanged"),
    ("caught", lambda m, o, s: caught_by_loop(m, o, 0.01), "one_per_cent"),
    ("caught", lambda m, o, s: caught_by_loop(m, o, 0), "no_false_alarm"),
    ("caught", lambda m, o, s: np.mean(m < np.quantile(o, s)), "low_scores"),
    ("caught", lambda m, o, s: np.mean(m >= 1 - s), "share_for_a_score"),
    ("clipped", clipped_together, "whole_batch"),
    ("clipped", clipped_at_the_end, "sum_shortened"),
    (
        "clipped",
        lambda g, limit: clipped_at_the_end(g / len(g), limit),
        "mean_shortened",
    ),
    ("clipped", lambda g, limit: clipped_by_renorm(g, limit) / len(g), "mean"),
    ("clipped", lambda g, limit: g.renorm(1, 0, limit).sum(0), "sum_of_sizes"),
    (
        "clipped",
        lambda g, limit: limit * torch.nn.functional.normalize(g).sum(0),
        "all_to_the_limit",
    ),
    (
        "clipped",
        lambda g, limit: g[g.norm(dim=1) <= limit].sum(0),
        "long_ones_dropped",
    ),
    ("clipped", lambda g, limit: g.renorm(2, 1, limit).sum(0), "lengths_of_columns"),
    (
        "private_gradient",
        lambda s, C, sigma, B, n: s / B + sigma * n / B,
        "limit_forgotten",
    ),
    (
        "private_gradient",
        lambda s, C, sigma, B, n: s / B + C * sigma * n,
        "noise_not_divided",
    ),
    ("private_gradient", lambda s, C, sigma, B, n: s / B, "no_noise"),
    (
        "private_gradient",
        lambda s, C, sigma, B, n: (s + C**2 * sigma**2 * n) / B,
        "variance",
    ),
    ("example_norms", norms_of_the_sum, "whole_batch"),
    ("example_norms", norms_of_the_mean_loss, "mean_loss"),
    ("example_norms", lambda a, d: a.norm(dim=1) * d.norm(dim=1), "bias_forgotten"),
    (
        "example_norms",
        lambda a, d: d.norm(dim=1) * (a.norm(dim=1) + 1),
        "lengths_added",
    ),
    ("total_epsilon", lambda rdp, n, a, d: epsilons(rdp, a, d).min(), "one_step"),
    (
        "total_epsilon",
        lambda rdp, n, a, d: n * epsilons(rdp, a, d).min(),
        "steps_times_epsilon",
    ),
    (
        "total_epsilon",
        lambda rdp, n, a, d: epsilons(n * rdp, a, d).max(),
        "worst_order",
    ),
    ("total_epsilon", lambda rdp, n, a, d: epsilons(n * rdp, a, d), "not_the_best"),
    (
        "total_epsilon",
        lambda rdp, n, a, d: min(n * rdp + np.log(1 / d) / (a - 1)),
        "plain_conversion",
    ),
    ("noisy_count", lambda c, e, u: stats.laplace.ppf(u + 0.5, c, e), "multiplied"),
    ("noisy_count", lambda c, e, u: stats.norm.ppf(u + 0.5, c, 1 / e), "bell"),
    ("noisy_count", lambda c, e, u: c - np.log(1 - 2 * abs(u)) / e, "always_more"),
    ("noisy_count", lambda c, e, u: count_by_scipy(c, e, -u), "mirrored"),
    (
        "noisy_count",
        lambda c, e, u: int(np.round(count_by_scipy(c, e, u))),
        "rounded",
    ),
    ("average_model", lambda weights, sizes: weights.mean(0), "equal_clients"),
    ("average_model", model_of_last, "last_client"),
    ("average_model", softmax_of_sizes, "largest_client"),
    (
        "average_model",
        lambda weights, sizes: np.average(weights, 0, 1 / sizes),
        "upside_down",
    ),
    (
        "picture_from_gradient",
        lambda W, b: (W / b.unsqueeze(1)).mean(0),
        "mean_with_silent_units",
    ),
    ("picture_from_gradient", lambda W, b: W[0] / b[0], "first_row"),
    ("picture_from_gradient", lambda W, b: W.T @ b, "weighted_sum"),
    (
        "picture_from_gradient",
        lambda W, b: torch.where(b[:, None] != 0, W / b[:, None], 0).mean(0),
        "silent_units_counted",
    ),
    (
        "picture_from_gradient",
        lambda W, b: (W / (b[:, None] + 1e-12)).mean(0),
        "silent_units_counted",
    ),
    ("unmasked_sum", lambda masked, bits: masked.sum(0) / 2**16, "modulo_forgotten"),
    ("unmasked_sum", sum_with_sign, "signed_too_early"),
    (
        "unmasked_sum",
        lambda masked, bits: sum_of_machine_numbers(masked, 32),
        "always_32_bits",
    ),
    (
        "unmasked_sum",
        lambda masked, bits: sum_with_python(masked[:1], bits),
        "first_client",
    ),
    (
        "unmasked_sum",
        lambda masked, bits: (masked.sum(0) & (2**bits - 1)) / 2**16,
        "sign_forgotten",
    ),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = find(name)
    with np.errstate(invalid="ignore"):
        for _ in range(5):
            assert one.judge(answer).misconception == mistake


def test_k_and_l_of_a_table_that_can_be_counted_by_hand():
    table = pd.DataFrame(
        {
            "name": list("abcdef"),
            "age": [30, 30, 30, 40, 40, 30],
            "town": ["Anji", "Anji", "Deqing", "Anji", "Anji", "Deqing"],
            "illness": ["flu", "gout", "flu", "flu", "flu", "gout"],
        }
    )
    assert find("smallest_group").solution(table, ["age", "town"]) == 2
    assert find("fewest_secrets").solution(table, ["age", "town"], "illness") == 1
    assert find("smallest_group").solution(table, ["town"]) == 2
    assert find("fewest_secrets").solution(table, ["age"], "illness") == 1
    register = table.iloc[[0, 2, 3]].drop(columns="illness")
    few = table.iloc[[0, 1, 2]].drop(columns="name")
    share = find("matched_share").solution(register, few, ["age", "town"])
    assert share == pytest.approx(
        1 / 3
    )  # the second one: of two rows, one is the first's


def test_a_check_has_tables_of_every_kind():
    """Else a mistake would be right by chance."""
    group, secrets = find("smallest_group"), find("fewest_secrets")
    for _ in range(5):
        cases = group.cases(group.rng())
        assert sorted(k for _, k in cases) == [1, 2, 3, 4, 5]
        for (table, columns), k in cases:
            assert table["name"].is_unique
            assert min(table[column].value_counts().min() for column in columns) > k
        cases = secrets.cases(secrets.rng())
        assert {fewest for _, fewest in cases} == {1, 2, 3}
        for (table, columns, secret), fewest in cases:
            assert table["name"].is_unique
            assert secret not in columns
            assert groups_counted(table, columns) > fewest


def test_two_texts_under_one_nonce_are_read_and_under_two_are_not():
    """AES in counter mode, as GCM encrypts, is the key stream that is meant."""
    texts = ["床前明月光，疑是地上霜".encode(), "白日依山尽，黄河入海流".encode()]

    def encrypted(text, nonce):
        pen = Cipher(algorithms.AES(bytes(range(32))), modes.CTR(nonce)).encryptor()
        return pen.update(text) + pen.finalize()

    one = find("one_pad_twice").solution
    first, second = (encrypted(text, bytes(16)) for text in texts)
    assert one(first, second, texts[0]) == texts[1]
    other = encrypted(texts[1], bytes(15) + b"\x80")
    assert one(first, other, texts[0]) != texts[1]


def test_bytes_that_are_asked_for_are_a_text():
    one = find("one_pad_twice")
    for seed in range(20):
        first, second, known = one.inputs(np.random.default_rng(seed))
        assert len(first) == len(second) == len(known)
        text = one.solution(first, second, known)
        assert isinstance(text, bytes)
        assert text.decode()[5] == known.decode()[5] == "，"


def test_no_member_lies_where_the_threshold_may_be():
    """So each kind of quantile catches the same members."""
    one = find("caught")
    for seed in range(30):
        members, others, share = one.inputs(np.random.default_rng(seed))
        allowed = share * len(others)
        assert allowed == pytest.approx(round(allowed))
        assert int(allowed) == round(allowed) >= 3
        for above in (round(allowed), len(others) // 100):
            low, high = np.sort(others)[[-above - 1, -above]]
            assert low < high
            assert not ((members >= low) & (members <= high)).any()
            assert np.mean(others > low) == pytest.approx(above / len(others))
        assert len(np.unique(np.append(members, others))) == len(members) + len(others)


def test_without_false_alarms_given_one_in_a_hundred_is_allowed():
    members, others = np.array([3.0, 98.5, 99.5, 200]), np.arange(200.0)
    assert find("caught").solution(members, others) == 0.25
    assert find("caught").solution(members, others, 0.51) == 0.75


def test_a_check_has_short_and_long_gradients_and_a_mean_of_both_kinds():
    one = find("clipped")
    for _ in range(20):
        means = []
        for (gradients, limit), right in one.cases(one.rng()):
            lengths = gradients.norm(dim=1)
            assert (lengths < 0.9 * limit).sum() >= 2
            assert (lengths > 1.1 * limit).sum() >= 2
            assert right.norm() <= len(lengths) * limit
            means.append((gradients.mean(0).norm() > limit).item())
        assert set(means) == {True, False}


def test_one_example_changes_the_clipped_sum_by_the_limit_at_most():
    one = find("clipped")
    gradients, limit = one.inputs(np.random.default_rng(0))
    huge = torch.cat([gradients, 1e6 * torch.ones(1, gradients.shape[1])])
    change = one.solution(huge, limit) - one.solution(gradients, limit)
    assert change.norm() == pytest.approx(limit)


def test_the_noise_of_many_steps_has_the_deviation_that_is_said():
    normal = torch.randn(20_000)
    gradient = find("private_gradient").solution(torch.zeros(1), 3.0, 0.5, 10, normal)
    assert gradient.std() == pytest.approx(0.15, rel=0.05)


def test_the_noise_of_many_counts_is_laplaces():
    rng = np.random.default_rng(0)
    one = find("noisy_count").solution
    noise = [one(0, 0.5, u) for u in rng.uniform(-0.5, 0.5, 4000)]
    assert stats.kstest(noise, stats.laplace(scale=2).cdf).pvalue > 0.01
    assert np.mean(noise) == pytest.approx(0, abs=0.2)
    assert statistics.fmean(map(abs, noise)) == pytest.approx(2, rel=0.1)


def test_what_the_sentences_say_of_the_other_noises_is_so():
    """Where one person more or less makes a result impossible, nothing is promised."""
    one = find("noisy_count")
    largest = max(one.mistaken((0, 0.5, u))["uniform_noise"] for u in (-0.49, 0.49))
    assert largest < 1 / 2 / 0.5
    bell, laplace = stats.norm(scale=2), stats.laplace(scale=2)
    ratios = [bell.logpdf(x) - bell.logpdf(x + 1) for x in (1, 10, 100)]
    assert ratios[0] < 0.5 < ratios[1] < ratios[2]  # no epsilon holds for all x
    for x in (1, 10, 100):
        assert laplace.logpdf(x) - laplace.logpdf(x + 1) == pytest.approx(0.5)


def test_epsilon_grows_about_like_the_root_of_the_steps_and_all_orders_are_true():
    one = find("total_epsilon")
    for seed in range(20):
        rdp, steps, orders, delta = one.inputs(np.random.default_rng(seed))
        right = one.solution(rdp, steps, orders, delta)
        wrong = one.mistaken((rdp, steps, orders, delta))
        assert right < wrong["plain_conversion"] < wrong["worst_order"]
        assert orders[0] < wrong["best_order"] < orders[-1]
        assert wrong["steps_times_epsilon"] > 2 * right
    slow = np.arange(1.1, 200, 0.1)
    one_step = slow / (2 * 100**2)  # Gaussian noise of 100 times the limit
    fourfold = [one.solution(one_step, n, slow, 1e-5) for n in (100, 400)]
    assert 1.8 < fourfold[1] / fourfold[0] < 2.6


def test_a_check_has_the_worst_epsilon_at_the_first_and_at_the_last_order():
    one = find("total_epsilon")
    for _ in range(20):
        worst = set()
        for arguments, _ in one.cases(one.rng()):
            found = one.mistaken(arguments)["not_the_best"]
            worst.add(int(found.argmax()) % len(found))
        assert worst == {0, len(found) - 1}


def test_the_softmax_of_the_sizes_is_the_largest_client():
    """The sentence on the largest client says so."""
    one = find("average_model")
    for seed in range(20):
        weights, sizes = one.inputs(np.random.default_rng(seed))
        assert sizes.argmax() < len(sizes) - 1
        largest = one.mistaken((weights, sizes))["largest_client"]
        np.testing.assert_allclose(softmax_of_sizes(weights, sizes), largest, 1e-5)


def test_a_network_gives_its_picture_away():
    """Where a unit did not fire, its gradients are exactly 0, as the exercise says."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(12, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    )
    x = torch.rand(12)
    loss = torch.nn.functional.cross_entropy(network(x), torch.tensor(1))
    W, b = torch.autograd.grad(loss, list(network[0].parameters()))
    assert 0 < (b == 0).sum() < 16
    assert (W[b == 0] == 0).all()
    torch.testing.assert_close(find("picture_from_gradient").solution(W, b), x)


def test_a_check_has_a_silent_first_unit_a_silent_last_one_and_others():
    one = find("picture_from_gradient")
    for _ in range(20):
        silent = [
            (bool(b[0] == 0), bool(b[-1] == 0)) for (_, b), _ in one.cases(one.rng())
        ]
        assert set(silent) == {(True, False), (False, True), (False, False)}


def test_masks_leave_the_sum_and_a_client_that_is_missing_leaves_noise():
    one = find("unmasked_sum")
    for seed in range(10):
        masked, bits = one.inputs(np.random.default_rng(seed))
        assert masked.min() >= 0
        assert masked.max() < 2**bits
        right = one.solution(masked, bits)
        assert (right * 2**16 == np.round(right * 2**16)).all()
        assert abs(right).max() < 60
        assert abs(one.solution(masked[:-1], 32)).max() > 60
    one_client = np.array([[2**32 - 2**15, 2**15]])
    assert one.solution(one_client).tolist() == [-0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("one_pad_twice", lambda a, b, c: b[::-1], "At [0] it returns "),
        ("one_pad_twice", lambda a, b, c: b, "This is second as it came in"),
        (
            "one_pad_twice",
            lambda *texts: text_by_one_number(*texts)[::-1],
            "right, but from last to first",
        ),
        ("one_pad_twice", lambda a, b, c: repr(b), "It should return numbers, not "),
        ("smallest_group", lambda t, c: t, "It should return numbers, not DataFrame"),
        (
            "fewest_secrets",
            lambda t, c, s: t.groupby(c)[s].nunique(),
            "One number is as",
        ),
        ("matched_share", lambda r, t, c: 0.5, "whatever the arguments are"),
        ("matched_share", lambda r, t, c: 1 - matched_by_loop(r, t, c), "1 minus the"),
        ("average_model", lambda w, s: w.sum(), "An array of shape "),
        ("private_gradient", lambda s, C, z, B, n: (s - z * C * n) / B, "a + for a -?"),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = find(name).judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message

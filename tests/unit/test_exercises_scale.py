"""Chapter 09's exercises: other right spellings, and mistakes in learners' words."""

import math
from datetime import timedelta

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import GPT2Config, GPT2LMHeadModel

from bigmodel_lab import exercises

pytestmark = pytest.mark.usefixtures("same_draws")


def numbers(*parts):
    return sum(p.numel() for part in parts for p in part.parameters())


def encoder_and_tables(layers, d, vocabulary_size, length):
    with torch.device("meta"):
        layer = nn.TransformerEncoderLayer(d, nhead=4, dim_feedforward=4 * d)
        tables = nn.Embedding(vocabulary_size, d), nn.Embedding(length, d)
        return layers * numbers(layer) + numbers(*tables, nn.LayerNorm(d))


def hugging_face(layers, d, vocabulary_size, length):
    with torch.device("meta"):
        config = GPT2Config(
            vocab_size=vocabulary_size,
            n_positions=length,
            n_embd=d,
            n_layer=layers,
            n_head=4,
            bos_token_id=None,
            eos_token_id=None,
        )
        return GPT2LMHeadModel(config).num_parameters()


def shape_by_shape(layers, d, vocabulary_size, length):
    layer = [(d, 3 * d), (3 * d,), (d, d), (d,), (4 * d, d), (4 * d,), (d, 4 * d), (d,)]
    shapes = layers * [*layer, (2, d), (2, d)] + [(vocabulary_size, d), (length, d)]
    return sum(map(math.prod, shapes)) + 2 * d


def tensors_of_adam(parameters):
    weight = torch.empty(parameters, device="meta")
    gradient, mean, mean_of_squares = (torch.empty_like(weight) for _ in range(3))
    return sum(x.nbytes for x in (weight, gradient, mean, mean_of_squares)) / 1e9


def cache_tensors(layers, heads, d, length, texts, bytes_each):
    one = torch.empty(
        texts,
        heads,
        length,
        d,
        dtype={1: torch.int8, 2: torch.half, 4: torch.float}[bytes_each],
        device="meta",
    )
    return sum(key.nbytes + value.nbytes for key, value in [(one, one)] * layers)


def cache_grown(layers, heads, d, length, texts, bytes_each):
    cache = 0
    for _ in range(length):
        for _ in range(layers):
            cache += heads * 2 * d * texts * bytes_each
    return cache


def days_of_work(flops, machines, flops_per_second, utilization):
    work_of_a_day = machines * utilization * flops_per_second * 86_400
    return flops / work_of_a_day


def days_as_time(flops, machines, flops_per_second, utilization):
    seconds = flops / machines / flops_per_second / utilization
    return timedelta(seconds=seconds) / timedelta(days=1)


def counted_by_torch(rows, inputs, outputs):
    x, W = (torch.empty(s, device="meta") for s in ((rows, inputs), (inputs, outputs)))
    with FlopCounterMode(display=False) as counter:
        result = x @ W
    return counter.get_total_flops() / sum(t.nbytes for t in (x, W, result))


def roofline_by_cases(intensity, peak, bandwidth):
    ridge = peak / bandwidth
    return [peak if one > ridge else one * bandwidth for one in intensity]


def law_by_scipy(x, losses, floor):
    line = stats.linregress(np.log10(x), np.log10(losses - floor))
    return 10**line.intercept, -line.slope


def law_by_least_squares(x, losses, floor):
    table = np.column_stack([np.ones_like(x), -np.log(x)])
    start, exponent = np.linalg.lstsq(table, np.log(losses - floor), rcond=None)[0]
    return [math.exp(start), exponent]


def law_by_covariance(x, losses, floor):
    u, v = np.log2(x), np.log2(losses - floor)
    slope = ((u - u.mean()) * (v - v.mean())).sum() / ((u - u.mean()) ** 2).sum()
    return 2 ** (v.mean() - slope * u.mean()), -slope


def law_by_search(x, losses, floor):
    def logarithm(ln_x, ln_scale, exponent):
        return ln_scale - exponent * ln_x

    found, _ = optimize.curve_fit(logarithm, np.log(x), np.log(losses - floor))
    return np.exp(found[0]), found[1]


def loss_of(law, N, D):
    return law["E"] + law["A"] * N ** -law["alpha"] + law["B"] * D ** -law["beta"]


def best_on_a_grid(law, flops):
    N = np.geomspace(1e6, 1e12, 20_000)
    N = N[loss_of(law, N, flops / (6 * N)).argmin()]
    return N, flops / 6 / N


def best_by_scipy(law, flops):
    def loss(log_N):
        return loss_of(law, np.exp(log_N), flops / 6 / np.exp(log_N))

    N = np.exp(optimize.minimize_scalar(loss, bounds=(10, 30), method="bounded").x)
    return np.array([N, flops / (6 * N)])


def best_where_the_derivative_is_0(law, flops):
    _, A, alpha, B, beta = law.values()

    def slope(N):
        return beta * B / (flops / 6 / N) ** beta - alpha * A / N**alpha

    N = optimize.brentq(slope, 1e5, 1e14)
    return N, flops / (6 * N)


def best_by_tokens_first(law, flops):
    _, A, alpha, B, beta = law.values()
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    D = (flops / 6) ** (alpha / (alpha + beta)) / G
    return flops / (6 * D), D


def step_after_step(share, steps):
    right = np.ones_like(share)
    for _ in range(steps):
        right *= share
    return right


RIGHT = [
    ("gpt_parameters", encoder_and_tables),
    ("gpt_parameters", hugging_face),
    ("gpt_parameters", shape_by_shape),
    ("gpt_parameters", lambda L, d, V, T: d * (V + T + 2 + L * (12 * d + 13))),
    ("training_memory", tensors_of_adam),
    ("training_memory", lambda n: sum([4, 4, 4, 4]) * n / 10**9),
    ("training_memory", lambda n: n * 4 * 32 / 8 / 1e9),
    ("largest_model", lambda gigabytes, bits: gigabytes * 10**9 / (bits / 8)),
    ("largest_model", lambda gigabytes, bits: gigabytes * 8 * 10**9 // bits),
    ("cache_bytes", cache_tensors),
    ("cache_bytes", cache_grown),
    ("cache_bytes", lambda *sizes: 2 * np.prod(sizes)),
    ("cache_bytes", lambda *sizes: math.prod(map(float, sizes)) * 2),
    ("training_flops", lambda N, D: 2 * N * D + 4 * N * D),
    ("training_flops", lambda N, D: np.float64(6) * D * N),
    ("training_days", days_of_work),
    ("training_days", days_as_time),
    ("arithmetic_intensity", counted_by_torch),
    ("arithmetic_intensity", lambda n, i, o: 0.5 / (1 / n + 1 / i + 1 / o)),
    ("attainable", roofline_by_cases),
    ("attainable", lambda x, peak, speed: np.clip(x * speed, None, peak)),
    ("attainable", lambda x, peak, speed: (x * speed).clamp(max=peak)),
    ("attainable", lambda x, peak, speed: peak * np.minimum(1, x * speed / peak)),
    ("power_law", law_by_scipy),
    ("power_law", law_by_least_squares),
    ("power_law", law_by_covariance),
    ("power_law", law_by_search),
    ("predicted_loss", loss_of),
    (
        "predicted_loss",
        lambda law, N, D: sum(
            (
                law["E"],
                law["A"] / math.exp(law["alpha"] * math.log(N)),
                law["B"] / math.exp(law["beta"] * math.log(D)),
            )
        ),
    ),
    ("compute_optimal", best_on_a_grid),
    ("compute_optimal", best_by_scipy),
    ("compute_optimal", best_where_the_derivative_is_0),
    ("compute_optimal", best_by_tokens_first),
    ("all_right", step_after_step),
    ("all_right", lambda share, steps: np.prod([share] * steps, axis=0)),
    ("all_right", lambda share, steps: [math.pow(p, steps) for p in share]),
    ("all_right", lambda share, steps: np.exp(steps * np.log(share))),
    ("all_right", lambda share, steps: stats.binom.pmf(steps, steps, share)),
    ("all_right", lambda share, steps: torch.as_tensor(share).pow(steps)),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = exercises.find(f"scale.{name}")
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def head_with_its_own_numbers(layers, d, vocabulary_size, length):
    head = nn.Linear(d, vocabulary_size, bias=False, device="meta")
    return encoder_and_tables(layers, d, vocabulary_size, length) + numbers(head)


def layers_without_biases(layers, d, vocabulary_size, length):
    layer = [(d, 3 * d), (d, d), (d, 4 * d), (4 * d, d), (2, d), (2, d)]
    shapes = layers * layer + [(vocabulary_size, d), (length, d), (2, d)]
    return sum(a * b for a, b in shapes)


def layers_alone(layers, d, vocabulary_size, length):
    return encoder_and_tables(layers, d, vocabulary_size, length) - (
        vocabulary_size * d + length * d
    )


def cache_summed_over_steps(layers, heads, d, length, texts, bytes_each):
    one_token = layers * heads * 2 * d * texts * bytes_each
    return sum(k * one_token for k in range(1, length + 1))


def law_over_plain_x(x, losses, floor):
    line = stats.linregress(x, np.log(losses - floor))
    return math.exp(line.intercept), -line.slope


def logarithms_of_two_kinds(x, losses, floor):
    line = stats.linregress(np.log10(x), np.log10(losses - floor))
    return math.exp(line.intercept), -line.slope


def optimum_of_chinchilla(law, flops):
    N = (flops / 6 / 20) ** 0.5
    return N, 20 * N


def optimum_with_all_operations(law, flops):
    return best_by_scipy(law, 6 * flops)


def optimum_of_one_read_token(law, flops):
    N = np.geomspace(1e3, flops / 6, 1000)
    return N[(law["A"] / N ** law["alpha"]).argmin()], flops / (6 * N[-1])


WRONG = [
    ("gpt_parameters", head_with_its_own_numbers, "head_again"),
    ("gpt_parameters", layers_without_biases, "biases_forgotten"),
    (
        "gpt_parameters",
        lambda L, d, V, T: encoder_and_tables(L, d, V, 0),
        "positions_forgotten",
    ),
    (
        "gpt_parameters",
        lambda L, d, V, T: encoder_and_tables(1, d, V, T),
        "one_layer",
    ),
    ("gpt_parameters", layers_alone, "tables_forgotten"),
    (
        "training_memory",
        lambda n: torch.empty(n, device="meta").nbytes / 1e9,
        "four_bytes",
    ),
    ("training_memory", lambda n: (n * 4 + n * 2 * 4) / 1e9, "twelve_bytes"),
    ("training_memory", lambda n: 4 * 4 * n / 1024**3, "gibibytes"),
    (
        "training_memory",
        lambda n: n * np.dtype(float).itemsize * 4e-9,
        "double_precision",
    ),
    ("largest_model", lambda gigabytes, bits: gigabytes * 2**33 / bits, "gibibytes"),
    ("largest_model", lambda gigabytes, bits: gigabytes * 1e9 / bits, "bits_for_bytes"),
    ("largest_model", lambda gigabytes, bits: gigabytes / (bits / 8), "in_billions"),
    (
        "cache_bytes",
        lambda L, h, d, T, n, b: L * cache_tensors(1, h, d, T, n, 4),
        "always_four_bytes",
    ),
    ("cache_bytes", lambda *sizes: math.prod(sizes), "keys_only"),
    ("cache_bytes", lambda *sizes: 2 * np.prod(sizes[:-1]), "numbers"),
    ("cache_bytes", cache_summed_over_steps, "each_step_added"),
    ("training_flops", lambda N, D: 2 * N * D, "forward_only"),
    ("training_flops", lambda N, D: sum(2 * N * D for _ in ("there", "back")), "four"),
    ("training_flops", lambda N, D: 120 * N**2, "twenty_tokens"),
    (
        "training_days",
        lambda C, n, speed, u: C / n / speed / 86_400,
        "utilization_forgotten",
    ),
    ("training_days", lambda C, n, speed, u: C / (n * speed * u) / 3600, "in_hours"),
    (
        "training_days",
        lambda C, n, speed, u: C * u / (n * speed) / 24 / 3600,
        "utilization_multiplied",
    ),
    (
        "arithmetic_intensity",
        lambda n, i, o: n * i * o / (4 * (n * i + i * o + n * o)),
        "multiply_adds",
    ),
    (
        "arithmetic_intensity",
        lambda n, i, o: 2 * n * i * o / (n * i + i * o + n * o),
        "numbers_for_bytes",
    ),
    ("arithmetic_intensity", lambda n, i, o: n / 2, "weights_only"),
    ("attainable", lambda x, peak, speed: x * speed, "no_roof"),
    ("attainable", lambda x, peak, speed: np.clip(x * speed, peak, None), "maximum"),
    ("attainable", lambda x, peak, speed: [peak] * len(x), "always_at_its_peak"),
    ("attainable", lambda x, peak, speed: min(peak, min(x) * speed), "slowest_layer"),
    ("power_law", lambda x, y, E: law_by_scipy(x, y, 0), "floor_not_taken_off"),
    ("power_law", logarithms_of_two_kinds, "another_base"),
    (
        "power_law",
        lambda x, y, E: tuple(np.polyfit(np.log(x), np.log(y - E), 1)),
        "line_itself",
    ),
    (
        "power_law",
        lambda x, y, E: law_by_least_squares(x, y, E)[::-1],
        "exchanged",
    ),
    ("power_law", lambda x, y, E: law_by_scipy(y - E, x + E, E), "axes_exchanged"),
    ("power_law", law_over_plain_x, "x_not_logarithmic"),
    (
        "predicted_loss",
        lambda law, N, D: loss_of(law, D, N),
        "parameters_and_tokens_exchanged",
    ),
    (
        "predicted_loss",
        lambda law, N, D: loss_of(law, N, D) - law["E"],
        "floor_forgotten",
    ),
    ("predicted_loss", lambda law, N, D: loss_of(law, N, np.inf), "tokens_forgotten"),
    (
        "predicted_loss",
        lambda law, N, D: loss_of(
            {**law, "alpha": law["beta"], "beta": law["alpha"]}, N, D
        ),
        "exponents_exchanged",
    ),
    ("compute_optimal", optimum_of_chinchilla, "twenty_tokens"),
    ("compute_optimal", optimum_with_all_operations, "six_forgotten"),
    ("compute_optimal", optimum_of_one_read_token, "all_into_parameters"),
    ("compute_optimal", lambda law, C: best_by_scipy(law, C)[::-1], "exchanged"),
    ("compute_optimal", lambda law, C: best_on_a_grid(law, C)[0], "parameters_only"),
    ("compute_optimal", lambda law, C: (math.sqrt(C / 6),) * 2, "equal_shares"),
    ("all_right", lambda share, n: stats.binom.sf(0, n, share), "at_least_one"),
    ("all_right", lambda share, n: stats.binom.pmf(0, n, share), "all_wrong"),
    ("all_right", lambda share, n: step_after_step(share, n - 1), "one_too_few"),
    ("all_right", lambda share, n: np.mean([p**n for p in share]), "mean_of_all"),
    ("all_right", lambda share, n: share - (n - 1) * (1 - share), "subtracted"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = exercises.find(f"scale.{name}")
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def test_no_other_share_of_the_budget_has_a_smaller_loss():
    one = exercises.find("scale.compute_optimal")
    for law, flops in (one.inputs(np.random.default_rng(k)) for k in range(5)):
        least = loss_of(law, *one.solution(law, flops))
        mistaken = one.mistaken((law, flops))
        for name in ("exponents_exchanged", "equal_shares", "twenty_tokens", "no_root"):
            N, D = mistaken[name]
            assert pytest.approx(flops) == 6 * N * D
            assert loss_of(law, N, D) > least, name


def test_what_is_said_of_the_sizes_is_so():
    one = exercises.find("scale.gpt_parameters")
    gpt_3 = 96, 12_288, 50_257, 2048
    mistaken, right = one.mistaken(gpt_3), one.solution(*gpt_3)
    assert mistaken["weights_of_layers_only"] > 0.99 * right
    without_mlp = right - mistaken["mlp_forgotten"]
    without_attention = right - mistaken["attention_forgotten"]
    assert without_mlp / without_attention == pytest.approx(2, rel=1e-3)
    memory = exercises.find("scale.training_memory")
    share = memory.mistaken((10**9,))["gibibytes"] / memory.solution(10**9)
    assert share == pytest.approx(0.93, abs=0.005)  # 7 % fewer


def test_what_is_said_of_few_rows_is_so():
    one = exercises.find("scale.arithmetic_intensity")
    layer = 1, 4096, 4096
    weights_only = one.mistaken(layer)["weights_only"]
    assert weights_only == pytest.approx(one.solution(*layer), rel=1e-3)


def test_a_loss_below_the_floor_is_an_error_and_no_line():
    x, losses, _ = exercises.find("scale.power_law").inputs(np.random.default_rng(0))
    with pytest.raises(FloatingPointError):
        exercises.find("scale.power_law").solution(x, losses, losses.max() + 1)


def test_not_every_risk_is_so_large_that_subtracting_it_leaves_0():
    """Else who returns 0 would hear of a subtraction."""
    one = exercises.find("scale.all_right")
    for k in range(100):
        inputs = one.inputs(np.random.default_rng(k))
        assert one.mistaken(inputs)["subtracted_down_to_zero"].max() > 0

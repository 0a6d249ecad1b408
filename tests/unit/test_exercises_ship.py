"""Chapter 11's exercises: other right spellings, and mistakes in learners' words."""

import io
import json
import math
import statistics
import warnings

import numpy as np
import pytest
import torch
from scipy import optimize, sparse
from torch.nn import functional as F
from torch.nn.utils import prune

from bigmodel_lab import distillation, exercises, pruning, quantization

pytestmark = pytest.mark.usefixtures("same_draws")


def weights_by_the_module(weights, bits):
    return quantization.dequantize(*quantization.quantize(weights, bits))


def weights_by_pytorch(weights, bits):
    steps = 2 ** (bits - 1) - 1
    scale = (weights.abs().amax(1) / steps).float()
    zero = torch.zeros_like(scale)
    return torch.fake_quantize_per_channel_affine(
        weights.float(), scale, zero, 0, -steps, steps
    )


def weights_row_by_row(weights, bits):
    rows = []
    for row in weights.numpy():
        scale = max(abs(w) for w in row) / (2 ** (bits - 1) - 1)
        rows.append([round(w / scale) * scale for w in row])
    return rows


def weights_cut_off(weights, bits):
    steps = 2 ** (bits - 1) - 1
    scale = weights.abs().amax(1, keepdim=True) / steps
    return (weights / scale).round().clamp(-steps - 1, steps) * scale


def bytes_group_by_group(weights, bits, group):
    return weights // group * (group * bits / 8 + 2)


def codes_by_the_module(batches):
    x = torch.cat(batches)
    return quantization.affine(x.min().item(), x.max().item())


def codes_batch_by_batch(batches):
    low = high = 0
    for batch in batches:
        low, high = min(low, batch.min()), max(high, batch.max())
    scale = (high - low) / 255
    return [scale, torch.round(-low / scale)]


def codes_by_observer(batches):
    x = np.concatenate(batches)
    ends = np.array([min(x.min(), 0), max(x.max(), 0)])
    scale = np.ptp(ends) / 255
    return np.array([scale, np.rint(-ends[0] / scale)])


def matrix(rows, columns, share):
    """Return a pruned float32 matrix."""
    weights = torch.ones(rows * columns)
    weights[: round(share * len(weights))] = 0
    return weights.reshape(rows, columns)


def files_measured(rows, columns, share):
    dense = matrix(rows, columns, share)
    csr = sparse.csr_array(dense.numpy())
    places = (csr.indices.astype(np.int64), csr.indptr.astype(np.int64))
    return dense.nbytes, csr.data.nbytes + sum(part.nbytes for part in places)


def files_by_the_module(rows, columns, share):
    kept = int(rows * columns * (1 - share))
    return 4 * rows * columns, pruning.sparse_bytes(rows, kept)


def share_by_search(rows, columns):
    def too_large(share):
        kept = (1 - share) * rows * columns
        return pruning.sparse_bytes(rows, kept) - 4 * rows * columns

    return optimize.brentq(too_large, 0, 1, xtol=1e-12)


def channels_by_loop(weight, count):
    strengths = [sum(abs(w) for w in channel.flatten()) for channel in weight]
    best = sorted(range(len(strengths)), key=strengths.__getitem__)[-count:]
    return sorted(best)


def channels_by_pruning(weight, count):
    layer = torch.nn.Conv2d(*weight.shape[1::-1], 3)
    layer.weight = torch.nn.Parameter(weight)
    prune.ln_structured(layer, "weight", len(weight) - count, n=1, dim=0)
    return layer.weight_mask.flatten(1).any(1).nonzero().flatten()


def loss_by_pytorch(student, teacher, temperature):
    return temperature**2 * F.kl_div(
        (student / temperature).log_softmax(1),
        (teacher / temperature).log_softmax(1),
        reduction="batchmean",
        log_target=True,
    )


def loss_by_entropies(student, teacher, temperature):
    p = F.softmax(teacher / temperature, 1)
    own = -(p * p.log()).sum(1).mean()
    return temperature**2 * (F.cross_entropy(student / temperature, p) - own)


def clients_simulated(clients, latency_ms):
    """Let clients send one request after the other for a while; count the answers."""
    seconds = latency_ms / 1000
    answered = sum(1 for _ in range(clients) for _ in range(50))
    return answered / (50 * seconds)


def queue_worked_off(position, batch, run_ms):
    waiting, now = list(range(position + 1)), 0
    while position in waiting:
        waiting = waiting[batch:]
        now += run_ms
    return now


def difference_by_loop(expected, found):
    largest = 0
    for a, b in zip(expected.ravel(), found.ravel(), strict=True):
        if a != a or b != b:
            return float("inf")
        largest = max(largest, abs(a - b))
    return largest


def difference_by_torch(expected, found):
    gap = torch.from_numpy(expected) - torch.from_numpy(found)
    return gap.abs().nan_to_num(nan=float("inf")).max()


def text_until_done(lines):
    text = ""
    for line in lines:
        if line == "data: [DONE]":
            break
        if line.startswith("data:"):
            text += json.loads(line[5:])["choices"][0]["text"]
    return text


def text_by_events(lines):
    events = "\n".join(lines).split("\n\n")
    data = [event[6:] for event in events if event[:1] == "d"]
    return "".join(json.loads(one)["choices"][0]["text"] for one in data[:-1])


RIGHT = [
    ("rounded_weights", weights_by_the_module),
    ("rounded_weights", weights_by_pytorch),
    ("rounded_weights", weights_row_by_row),
    ("rounded_weights", weights_cut_off),
    ("shrunk_bytes", bytes_group_by_group),
    ("shrunk_bytes", lambda n, bits, group: n * (bits + 16 / group) / 8),
    ("shrunk_bytes", lambda n, bits, group: (n * bits + n // group * 16) // 8),
    ("input_codes", codes_by_the_module),
    ("input_codes", codes_batch_by_batch),
    ("input_codes", codes_by_observer),
    ("file_bytes", files_measured),
    ("file_bytes", files_by_the_module),
    ("file_bytes", lambda r, c, s: [4 * r * c, 8 * (r + 1) + 12 * (r * c - s * r * c)]),
    ("sparse_pays_from", share_by_search),
    ("sparse_pays_from", lambda r, c: 2 / 3 + 2 * (r + 1) / (3 * r * c)),
    ("kept_channels", channels_by_loop),
    ("kept_channels", channels_by_pruning),
    ("kept_channels", lambda w, n: pruning.strongest(w, 1 - n / len(w))),
    (
        "kept_channels",
        lambda w, n: np.sort(w.numpy().__abs__().mean((1, 2, 3)).argsort()[-n:]),
    ),
    ("kept_channels", lambda w, n: sorted(w.flatten(1).norm(1, 1).topk(n)[1].tolist())),
    ("soft_loss", loss_by_pytorch),
    ("soft_loss", loss_by_entropies),
    ("soft_loss", distillation.distillation_loss),
    ("slowest_of_100", lambda x: np.quantile(x, 0.99)),
    ("slowest_of_100", lambda x: torch.quantile(torch.from_numpy(x), 0.99)),
    ("slowest_of_100", lambda x: sorted(x)[int(0.99 * len(x))]),
    ("slowest_of_100", lambda x: sorted(x)[-(len(x) // 100)]),
    ("slowest_of_100", lambda x: sorted(x)[math.ceil(0.99 * len(x)) - 1]),
    ("slowest_of_100", lambda x: statistics.quantiles(x, n=100)[98]),
    (
        "slowest_of_100",
        lambda x: statistics.quantiles(x, n=100, method="inclusive")[-1],
    ),
    *[
        ("slowest_of_100", lambda x, m=m: np.percentile(x, 99, method=m))
        for m in (
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "inverted_cdf",
            "nearest",
            "normal_unbiased",
        )
    ],
    ("requests_per_second", clients_simulated),
    ("requests_per_second", lambda clients, ms: 1000 / ms * clients),
    ("waiting_time", queue_worked_off),
    ("waiting_time", lambda p, b, run: math.ceil((p + 1) / b) * run),
    ("waiting_time", lambda p, b, run: int(p / b) * run + run),
    ("waiting_time", lambda p, b, run: -(-(p + 1) // b) * run),
    ("largest_difference", difference_by_loop),
    ("largest_difference", difference_by_torch),
    (
        "largest_difference",
        lambda a, b: np.nan_to_num(np.abs(a - b), nan=np.inf).max(),
    ),
    ("streamed_text", text_until_done),
    ("streamed_text", text_by_events),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = exercises.find(f"ship.{name}")
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def weights_with_one_scale(weights, bits):
    codes, scale = quantization.quantize(weights, bits, per_channel=False)
    return codes * scale


def weights_of_the_columns(weights, bits):
    return weights_by_the_module(weights.T, bits).T


def weights_as_ints(weights, bits):
    scale = weights.abs().max(1, keepdim=True).values / (2 ** (bits - 1) - 1)
    return (weights / scale).int() * scale


def weights_from_max(weights, bits):
    scale = weights.max(dim=1).values[:, None] / (2 ** (bits - 1) - 1)
    return torch.round(weights / scale) * scale


def codes_with_scale(batches, change):
    scale, zero = codes_by_the_module(batches)
    return change(scale, zero)


def codes_of_means(batches):
    low = np.mean([float(b.min()) for b in batches])
    return quantization.affine(low, np.mean([float(b.max()) for b in batches]))


def codes_without_zero(batches):
    x = torch.cat(batches)
    scale = (x.max() - x.min()) / 255
    return scale, torch.round(-x.min() / scale)


def loss_with(student, teacher, temperature, **options):
    q = (student / temperature).log_softmax(1)
    p = (teacher / temperature).softmax(1)
    return temperature**2 * F.kl_div(q, p, **options)


def loss_softened_by(student, teacher, temperature, factor):
    return loss_by_pytorch(student, teacher, temperature) * factor


def text_until_empty(lines):
    text = ""
    for line in lines:
        if not line:
            break
        if line.startswith("data: "):
            text += json.loads(line[6:])["choices"][0]["text"]
    return text


def text_with_done(lines):
    return text_until_done(lines) + "[DONE]"


def text_stripped(lines):
    pieces = [
        json.loads(line[6:])["choices"][0]["text"].strip()
        for line in lines
        if line.startswith("data: {")
    ]
    return "".join(pieces)


def text_overwritten(lines):
    for line in lines:
        if line.startswith("data: {"):
            text = json.loads(line[6:])["choices"][0]["text"]
    return text


def text_of_payloads(lines):
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return "".join(data[:-1])


WRONG = [
    ("rounded_weights", weights_with_one_scale, "one_scale_for_all"),
    ("rounded_weights", weights_of_the_columns, "scale_for_each_column"),
    ("rounded_weights", weights_as_ints, "cut_off"),
    ("rounded_weights", weights_from_max, "largest_without_sizes"),
    ("rounded_weights", lambda w, bits: quantization.quantize(w, bits)[0], "codes"),
    ("rounded_weights", lambda w, bits: quantization.quantize(w, bits)[1], "scale"),
    ("shrunk_bytes", lambda n, bits, group: n * bits // 8, "scales_forgotten"),
    ("shrunk_bytes", lambda n, bits, group: n * bits / 8 + 2, "one_scale"),
    (
        "shrunk_bytes",
        lambda n, bits, group: n + 2 * (n // group),
        "a_byte_for_each_code",
    ),
    (
        "shrunk_bytes",
        lambda n, bits, group: n * bits + 16 * n / group,
        "all_in_bits",
    ),
    ("shrunk_bytes", lambda n, bits, group: n / group * 2, "scales_only"),
    (
        "input_codes",
        lambda batches: codes_by_the_module(batches[-1:]),
        "last_batch_only",
    ),
    (
        "input_codes",
        lambda batches: codes_by_the_module(batches[:1]),
        "first_batch_only",
    ),
    ("input_codes", codes_of_means, "mean_of_the_ranges"),
    ("input_codes", codes_without_zero, "zero_left_out"),
    (
        "input_codes",
        lambda batches: codes_with_scale(batches, lambda s, z: (s, -z)),
        "sign_of_zero",
    ),
    (
        "input_codes",
        lambda batches: codes_with_scale(batches, lambda s, z: (s, z - 128)),
        "codes_from_minus_128",
    ),
    (
        "input_codes",
        lambda batches: (torch.cat(batches).abs().max() / 127, 0),
        "as_far_down_as_up",
    ),
    (
        "file_bytes",
        lambda r, c, s: (4 * (1 - s) * r * c, files_by_the_module(r, c, s)[1]),
        "zeros_cost_nothing",
    ),
    ("file_bytes", lambda r, c, s: files_by_the_module(r, c, 1 - s), "zeros_stored"),
    (
        "file_bytes",
        lambda r, c, s: (4 * r * c, 12 * (1 - s) * r * c + 8 * r),
        "end_forgotten",
    ),
    ("file_bytes", lambda r, c, s: files_by_the_module(r, c, s)[::-1], "exchanged"),
    ("sparse_pays_from", lambda r, c: 2 / 3, "two_thirds"),
    ("sparse_pays_from", lambda r, c: 1 / 2, "half"),
    (
        "sparse_pays_from",
        lambda r, c: 1 - share_by_search(r, c),
        "share_of_the_others",
    ),
    ("sparse_pays_from", lambda r, c: 2 / 3 + 2 / (3 * c), "end_forgotten"),
    ("kept_channels", lambda w, n: w.sum((1, 2, 3)).topk(n)[1].sort()[0], "signs_kept"),
    (
        "kept_channels",
        lambda w, n: w.flatten(1).norm(dim=1).topk(n).indices.sort().values,
        "squares",
    ),
    (
        "kept_channels",
        lambda w, n: w.abs().sum((1, 2, 3)).argsort()[:n].sort()[0],
        "weakest",
    ),
    (
        "kept_channels",
        lambda w, n: w.abs().sum((1, 2, 3)).argsort()[-n:],
        "weakest_of_them_first",
    ),
    (
        "kept_channels",
        lambda w, n: w.abs().sum((1, 2, 3)).topk(n).indices,
        "strongest_first",
    ),
    (
        "soft_loss",
        lambda s, t, T: loss_with(s, t, T, reduction="none").mean(),
        "mean_over_classes",
    ),
    (
        "soft_loss",
        lambda s, t, T: loss_with(s, t, T, reduction="sum"),
        "sum_over_samples",
    ),
    (
        "soft_loss",
        lambda s, t, T: loss_softened_by(s, t, T, T**-2),
        "square_forgotten",
    ),
    (
        "soft_loss",
        lambda s, t, T: T**2 * F.cross_entropy(s / T, (t / T).softmax(1)),
        "cross_entropy",
    ),
    ("soft_loss", lambda s, t, T: F.cross_entropy(s, t.argmax(1)), "hard_answers"),
    ("soft_loss", lambda s, t, T: F.mse_loss(s, t), "logits_compared"),
    ("soft_loss", lambda s, t, T: loss_by_pytorch(t, s, T), "other_way_around"),
    ("slowest_of_100", lambda x: np.percentile(x, 0.99), "share_for_per_cent"),
    ("slowest_of_100", lambda x: sorted(x)[99], "hundredth"),
    ("slowest_of_100", lambda x: x[int(0.99 * len(x))], "not_sorted"),
    ("slowest_of_100", lambda x: np.quantile(x, 1 - 0.99), "fast_end"),
    ("slowest_of_100", max, "slowest"),
    ("requests_per_second", lambda clients, ms: 1 / (ms / 1000), "one_client"),
    ("requests_per_second", lambda clients, ms: clients / ms, "milliseconds"),
    (
        "requests_per_second",
        lambda clients, ms: clients * ms / 1000,
        "multiplied_in_seconds",
    ),
    ("waiting_time", lambda p, b, run: math.ceil(p / b) * run, "rounded_up"),
    (
        "waiting_time",
        lambda p, b, run: queue_worked_off(p, b, run) - run,
        "own_batch_forgotten",
    ),
    ("waiting_time", lambda p, b, run: (p + 1) * run, "one_at_a_time"),
    (
        "waiting_time",
        lambda p, b, run: queue_worked_off(p + 1, b, run),
        "counted_twice",
    ),
    ("largest_difference", lambda a, b: np.abs(a - b).max(), "nan_returned"),
    ("largest_difference", lambda a, b: np.nanmax(np.abs(a - b)), "nan_skipped"),
    ("largest_difference", lambda a, b: np.abs(a - b).mean(), "mean_with_nan"),
    (
        "largest_difference",
        lambda a, b: np.inf if np.isnan(b).any() else np.abs(a - b).max(),
        "expected_not_looked_at",
    ),
    (
        "largest_difference",
        lambda a, b: np.nan_to_num((b - a).max(), nan=np.inf),
        "only_above",
    ),
    ("streamed_text", text_until_empty, "until_the_empty_line"),
    ("streamed_text", text_with_done, "done_in_the_text"),
    ("streamed_text", text_stripped, "pieces_stripped"),
    ("streamed_text", text_overwritten, "last_piece"),
    ("streamed_text", text_of_payloads, "json_as_text"),
    ("streamed_text", lambda lines: text_until_done(lines).strip(), "ends_stripped"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = exercises.find(f"ship.{name}")
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def test_a_file_of_a_model_has_the_zeros_and_a_sparse_one_the_bytes_that_are_said():
    """The header is the same, however many zeros there are."""
    sizes = []
    for share in (0, 0.75):
        file = io.BytesIO()
        torch.save(matrix(24, 40, share), file)
        sizes.append(len(file.getvalue()))
    assert sizes[0] == sizes[1] > 4 * 24 * 40
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # CSR is "in beta state"
        csr = matrix(24, 40, 0.75).to_sparse_csr()
    parts = (csr.values(), csr.col_indices(), csr.crow_indices())
    one = exercises.find("ship.file_bytes")
    assert one.solution(24, 40, 0.75)[1] == sum(part.nbytes for part in parts)


def test_from_the_share_on_that_is_asked_for_both_files_are_equally_large():
    share = exercises.find("ship.sparse_pays_from").solution(20, 30)
    one = exercises.find("ship.file_bytes")
    dense, sparse_file = one.solution(20, 30, share)
    assert dense == pytest.approx(sparse_file)
    assert one.solution(20, 30, share + 0.01)[1] < dense


def test_the_cross_entropy_has_the_same_gradient_and_does_not_become_0():
    one = exercises.find("ship.soft_loss")
    student, teacher, temperature = one.inputs(np.random.default_rng(0))
    student.requires_grad_()
    right = one.solution(student, teacher, temperature)
    p, q = ((x / temperature).softmax(1) for x in (teacher, student))
    near = -(temperature**2) * (p * q.log()).sum(1).mean()
    gradients = [torch.autograd.grad(loss, student)[0] for loss in (right, near)]
    torch.testing.assert_close(*gradients)
    same = (teacher, teacher, temperature)
    assert one.solution(*same) == pytest.approx(0, abs=1e-12)
    assert one.mistaken(same)["cross_entropy"] > 0.1


def test_what_the_sentences_say_of_the_codes_is_so():
    one = exercises.find("ship.rounded_weights")
    weights, bits = one.inputs(np.random.default_rng(0))
    largest = 2 ** (bits - 1) - 1
    codes = one.mistaken((weights, bits))["codes"]
    assert codes.abs().amax(1).tolist() == [largest] * len(weights)
    from_max = weights.amax(1, keepdim=True) / largest
    assert (weights / from_max).round().abs().max() > largest
    from_mean = weights.abs().mean(1, keepdim=True) / largest
    assert (weights / from_mean).round().abs().amax(1).min() > largest


def test_a_rounded_weight_is_never_near_the_middle_of_two_codes():
    """Else float32 would decide which code is right."""
    one = exercises.find("ship.rounded_weights")
    for seed in range(50):
        weights, bits = one.inputs(np.random.default_rng(seed))
        codes = weights / weights.abs().amax(1, keepdim=True) * (2 ** (bits - 1) - 1)
        assert ((codes - codes.round()).abs() < 0.45).all()


def test_a_check_has_numbers_without_0_in_their_range_and_numbers_with():
    one = exercises.find("ship.input_codes")
    for _ in range(20):
        lows = [torch.cat(batches).min() for (batches,), _ in one.cases(one.rng())]
        assert min(lows) < 0 < max(lows)


def test_no_batch_has_both_the_smallest_and_the_largest_number():
    """Else the range of one batch could pass for that of all."""
    one = exercises.find("ship.input_codes")
    for seed in range(50):
        (batches,) = one.inputs(np.random.default_rng(seed))
        lows, highs = ([getattr(b, k)() for b in batches] for k in ("min", "max"))
        largest = int(np.argmax(highs))
        assert 0 < largest < len(batches) - 1
        assert largest != int(np.argmin(lows))


def test_a_check_asks_for_full_batches_and_for_one_that_lacks_a_request():
    """Only there do a queue's rounding mistakes show."""
    one = exercises.find("ship.waiting_time")
    for _ in range(20):
        rests = [p % batch - batch for (p, batch, _), _ in one.cases(one.rng())]
        batches = [batch for (_, batch, _), _ in one.cases(one.rng())]
        assert -1 in rests
        assert any(rest < -1 for rest in rests)
        assert min(batches) > 4


def test_a_check_has_nan_in_either_and_in_neither():
    one = exercises.find("ship.largest_difference")
    for _ in range(20):
        pairs = [arguments for arguments, _ in one.cases(one.rng())]
        nans = {tuple(bool(np.isnan(x).any()) for x in pair) for pair in pairs}
        assert nans == {(False, False), (True, False), (False, True)}


def test_a_stream_is_one_that_a_server_sends():
    """Events end with an empty line, [DONE] is the last, and escapes occur."""
    one = exercises.find("ship.streamed_text")
    checks = [one.inputs(rng)[0] for rng in [one.rng()] for _ in range(2)]
    for lines in checks:
        assert lines[-2:] == ["data: [DONE]", ""]
        for line in lines[::2]:
            assert line.startswith(("data: ", ":"))
        assert set(lines[1::2]) == {""}
        assert ": ping" in lines
    assert any("\\u" in line for lines in checks for line in lines)
    assert any(not line.isascii() for lines in checks for line in lines)


@pytest.mark.parametrize(
    ("name", "answer", "says"),
    [
        ("streamed_text", lambda lines: len(lines), "A text is asked for, not "),
        ("streamed_text", lambda lines: "", "It is empty where '"),
        (
            "streamed_text",
            lambda lines: text_until_done(lines) + "!",
            "Then it should end, but yours goes on with '!'.",
        ),
        ("input_codes", lambda b: codes_by_the_module(b)[::-1], "in another order"),
        (
            "kept_channels",
            lambda w, n: channels_by_loop(w, n)[::-1],
            " is right for weight=an array",
        ),
        ("file_bytes", lambda r, c, s: 4 * r * c, "It should return 2 things"),
    ],
)
def test_of_what_nobody_listed_something_true_is_said(name, answer, says):
    feedback = exercises.find(f"ship.{name}").judge(answer)
    assert feedback.outcome == "wrong"
    assert says in feedback.message

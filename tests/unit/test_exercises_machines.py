"""Chapter 10's exercises: other right spellings, and mistakes in learners' words."""

import math

import numpy as np
import pytest
import torch
from scipy import optimize
from torch.nn import functional as F
from torch.utils.data import DistributedSampler

from bigmodel_lab import exercises

pytestmark = pytest.mark.usefixtures("same_draws")


def gradient_by_numpy(gradients, shares):
    return np.average([g.numpy() for g in gradients], axis=0, weights=shares)


def gradient_by_loop(gradients, shares):
    total = torch.zeros_like(gradients[0])
    for gradient, n in zip(gradients, shares, strict=True):
        total += n / sum(shares) * gradient
    return total


def gradient_by_product(gradients, shares):
    weights = F.normalize(torch.tensor(shares).double(), p=1, dim=0)
    return torch.einsum("p,pij->ij", weights, torch.stack(gradients))


def gradient_sample_by_sample(gradients, shares):
    pairs = zip(gradients, shares, strict=True)
    return torch.stack([g for g, n in pairs for _ in range(n)]).mean(0)


def rows_by_sampler(rank, world_size, order):
    sampler = DistributedSampler(order, world_size, rank, shuffle=False)
    return order[list(sampler)]


def rows_by_slice(rank, world_size, order):
    each = len(order) // world_size
    return order[rank * each : (rank + 1) * each]


def rows_by_loop(rank, world_size, order):
    return [row for k, row in enumerate(order) if k % world_size == rank]


def sent_around(size, machines):
    """Send tokens around a ring until all have all; return the first one's bytes."""
    has = [{(k, part) for part in range(machines)} for k in range(machines)]
    sent = 0
    for step in range(2 * (machines - 1)):
        parts = [(k - step) % machines for k in range(machines)]
        messages = [
            {piece for piece in has[k] if piece[1] == part}
            for k, part in enumerate(parts)
        ]
        for k, message in enumerate(messages):
            has[(k + 1) % machines] |= message
        sent += size / machines
    assert all(len(pieces) == machines**2 for pieces in has)
    return sent


def message_after_message(compute, size, machines, latency, bandwidth):
    seconds = compute / machines
    for _ in ("sum", "hand out"):
        for _ in range(machines - 1):
            seconds += latency + size / machines / bandwidth
    return seconds


def step_from_ring_bytes(compute, size, machines, latency, bandwidth):
    sent = sent_around(size, machines)
    return compute / machines + sent / bandwidth + latency * (2 * machines - 2)


def break_even_by_search(communication, machines):
    def saved(t):
        return t - (t / machines + communication)

    return optimize.brentq(saved, 0, 100 * communication)


def break_even_by_equation(communication, machines):
    # t - t / n = c
    return np.linalg.solve([[1 - 1 / machines]], [communication])[0]


def pipeline(stages, micro_batches):
    """Let micro-batches go through a pipeline and count who is idle."""
    free = [0] * stages
    for _ in range(micro_batches):
        done = 0
        for stage in range(stages):
            done = free[stage] = max(done, free[stage]) + 1
    return 1 - micro_batches / free[-1]


def pipeline_as_table(stages, micro_batches):
    busy = np.zeros((stages, stages + micro_batches - 1))
    for stage in range(stages):
        busy[stage, stage : stage + micro_batches] = 1
    return 1 - busy.mean()


def zero_by_cases(parameters, machines, stage):
    weight = gradient = 2 * parameters
    state = 12 * parameters
    if stage >= 1:
        state /= machines
    if stage >= 2:
        gradient /= machines
    if stage == 3:
        weight /= machines
    return weight + gradient + state


def zero_by_powers(parameters, machines, stage):
    shared = np.arange(3) < stage
    return parameters * (np.array([12, 2, 2]) / np.where(shared, machines, 1)).sum()


def cut_layer_by_loop(xs, Ws, bias):
    result = bias
    for x, W in zip(xs, Ws, strict=True):
        result = result + F.linear(x, W)
    return result


def bias_from_the_first_machine(xs, Ws, bias):
    first, *others = zip(xs, Ws, strict=True)
    return F.linear(*first, bias) + sum(F.linear(*pair) for pair in others)


def interval_by_search(saving, failure_seconds, machines):
    def lost(seconds):
        return saving / seconds + seconds / 2 / (failure_seconds / machines)

    return optimize.minimize_scalar(lost, bounds=(1, 1e6), method="bounded").x


RIGHT = [
    ("whole_gradient", gradient_by_numpy),
    ("whole_gradient", gradient_by_loop),
    ("whole_gradient", gradient_by_product),
    ("whole_gradient", gradient_sample_by_sample),
    ("whole_gradient", lambda g, n: np.average(g, axis=0, weights=n)),
    ("rows_of", rows_by_sampler),
    ("rows_of", rows_by_slice),
    ("rows_of", rows_by_loop),
    ("rows_of", lambda rank, n, order: np.array_split(order, n)[rank]),
    ("rows_of", lambda rank, n, order: order.reshape(-1, n)[:, rank]),
    ("rows_of", lambda rank, n, order: order[np.arange(len(order)) % n == rank]),
    ("rows_of", lambda rank, n, order: torch.as_tensor(order).chunk(n)[rank]),
    ("ring_bytes", sent_around),
    ("ring_bytes", lambda size, n: 2 * size - 2 * size / n),
    ("ring_bytes", lambda size, n: 2 * (n - 1) * (size // n)),
    ("step_seconds", message_after_message),
    ("step_seconds", step_from_ring_bytes),
    ("break_even", break_even_by_search),
    ("break_even", break_even_by_equation),
    ("break_even", lambda c, n: c / (1 - 1 / n)),
    ("break_even", lambda c, n: c + c / (n - 1)),
    ("efficiency", lambda one, many, n: (one / n) / many),
    ("efficiency", lambda one, many, n: one / (n * many)),
    ("bubble", pipeline),
    ("bubble", pipeline_as_table),
    ("bubble", lambda p, m: 2 * (p - 1) / (2 * m + 2 * (p - 1))),
    ("zero_bytes", zero_by_cases),
    ("zero_bytes", zero_by_powers),
    ("row_parallel", lambda xs, Ws, b: F.linear(torch.cat(xs, 1), torch.cat(Ws, 1), b)),
    ("row_parallel", lambda xs, Ws, b: np.hstack(xs) @ np.hstack(Ws).T + b.numpy()),
    ("row_parallel", cut_layer_by_loop),
    ("row_parallel", bias_from_the_first_machine),
    (
        "row_parallel",
        lambda xs, Ws, b: (
            torch.einsum("mni,moi->no", torch.stack(xs), torch.stack(Ws)) + b
        ),
    ),
    ("amdahl", lambda serial, n: n / (1 + serial * (n - 1))),
    ("amdahl", lambda serial, n: 100 / (100 * serial + (100 - 100 * serial) / n)),
    ("checkpoint_interval", interval_by_search),
    ("checkpoint_interval", lambda *numbers: round(interval_by_search(*numbers))),
    ("checkpoint_interval", lambda *numbers: int(interval_by_search(*numbers))),
    ("checkpoint_interval", lambda s, f, n: (2 * s * f / n) ** 0.5),
    ("checkpoint_interval", lambda s, f, n: np.sqrt(2 / (n / f) * s)),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_another_spelling_is_right(name, answer):
    one = exercises.find(f"machines.{name}")
    for _ in range(5):
        feedback = one.judge(answer)
        assert feedback.outcome == "correct", feedback.message


def samples_summed(gradients, shares):
    total = 0
    for gradient, n in zip(gradients, shares, strict=True):
        total = total + gradient * n
    return total


def pipeline_of_one(stages, micro_batches):
    return pipeline(stages, 1)


def zero_one_stage_late(parameters, machines, stage):
    return zero_by_cases(parameters, machines, stage - 1)


def zero_by_else(parameters, machines, stage):
    if stage == 1:
        return parameters * (2 + 2 + 12 / machines)
    if stage == 2:
        return parameters * (2 + 2 / machines + 12)
    return parameters * (2 / machines + 2 + 12)


def bias_in_each_linear(xs, Ws, bias):
    return sum(F.linear(x, W, bias) for x, W in zip(xs, Ws, strict=True))


def outputs_joined(xs, Ws, bias):
    return torch.cat([F.linear(*pair, bias) for pair in zip(xs, Ws, strict=True)], 1)


WRONG = [
    ("whole_gradient", lambda g, n: sum(g) / len(g), "mean_of_means"),
    ("whole_gradient", lambda g, n: np.mean(g, axis=0), "mean_of_means"),
    ("whole_gradient", samples_summed, "sum_over_samples"),
    (
        "whole_gradient",
        lambda g, n: samples_summed(g, n) / len(n),
        "divided_by_processes",
    ),
    ("whole_gradient", lambda g, n: g[np.argmax(n)], "largest_share_only"),
    ("whole_gradient", lambda g, n: g[len(n) - 1], "last_only"),
    ("rows_of", lambda rank, n, order: order[rank:], "step_forgotten"),
    (
        "rows_of",
        lambda rank, n, order: list(range(rank, len(order), n)),
        "places",
    ),
    (
        "rows_of",
        lambda rank, n, order: [row for row in order if row % n == rank],
        "by_row_number",
    ),
    (
        "rows_of",
        lambda rank, n, order: order[n * rank : n * (rank + 1)],
        "stretch_as_long_as_the_world",
    ),
    ("rows_of", lambda rank, n, order: order[(rank + 1) :: n], "next_process"),
    (
        "rows_of",
        lambda rank, n, order: sorted(rows_by_loop(rank, n, order)),
        "sorted_rows",
    ),
    ("ring_bytes", lambda size, n: sum(size / n for _ in range(n - 1)), "one_way"),
    ("ring_bytes", lambda size, n: 2 * n * (size / n), "whole_twice"),
    ("ring_bytes", lambda size, n: n * sent_around(size, n), "all_machines"),
    (
        "step_seconds",
        lambda t, size, n, wait, speed: t / n + wait + sent_around(size, n) / speed,
        "latency_once",
    ),
    (
        "step_seconds",
        lambda t, size, n, wait, speed: t / n + sent_around(size, n) / speed,
        "latency_forgotten",
    ),
    (
        "step_seconds",
        lambda t, size, n, wait, speed: (
            t / n + sum(wait + size / speed for _ in range(2 * n - 2))
        ),
        "messages_not_cut",
    ),
    (
        "step_seconds",
        lambda t, size, n, wait, speed: message_after_message(
            n * t, size, n, wait, speed
        ),
        "compute_not_shared",
    ),
    ("break_even", lambda c, n: c - c / n, "share_upside_down"),
    ("break_even", lambda c, n: n * c, "for_each_machine"),
    ("break_even", lambda c, n: break_even_by_search(c, n) / n, "share_of_each"),
    ("efficiency", lambda one, many, n: many / (one / n), "upside_down"),
    ("efficiency", lambda one, many, n: (one - many) / one, "time_saved"),
    ("efficiency", lambda one, many, n: one / many, "speed_up"),
    ("bubble", pipeline_of_one, "one_micro_batch"),
    ("bubble", lambda p, m: pipeline(m, p), "exchanged"),
    ("bubble", lambda p, m: 1 - pipeline(p, m), "busy"),
    ("bubble", lambda p, m: (p - 1) / (p + m), "time_one_too_long"),
    ("zero_bytes", zero_one_stage_late, "one_stage_less"),
    ("zero_bytes", zero_by_else, "this_part_only"),
    ("zero_bytes", lambda N, n, stage: 16 * N / n, "all_shared"),
    ("zero_bytes", lambda N, n, stage: N * (4 + 12 / n), "state_only"),
    ("row_parallel", bias_in_each_linear, "bias_on_each_machine"),
    ("row_parallel", outputs_joined, "joined"),
    ("row_parallel", lambda xs, Ws, b: F.linear(xs[0], Ws[0], b), "first_machine"),
    (
        "row_parallel",
        lambda xs, Ws, b: F.linear(torch.cat(xs, 1), torch.cat(Ws, 1)),
        "bias_forgotten",
    ),
    ("amdahl", lambda serial, n: 1 / (serial + 1 / n), "serial_not_taken_off"),
    ("amdahl", lambda serial, n: n - serial * (n - 1), "work_grows"),
    ("amdahl", lambda serial, n: serial + (1 - serial) / n, "time"),
    ("checkpoint_interval", lambda s, f, n: math.sqrt(2 * s * f), "machines_forgotten"),
    ("checkpoint_interval", lambda s, f, n: 2 * (s * f / n) ** 0.5, "two_outside"),
    (
        "checkpoint_interval",
        lambda s, f, n: interval_by_search(s, f, n) - s,
        "saving_taken_off",
    ),
    ("checkpoint_interval", lambda s, f, n: np.sqrt(2 * s * f) / n, "machines_outside"),
]


@pytest.mark.parametrize(("name", "answer", "mistake"), WRONG)
def test_a_mistake_in_a_learners_own_words_is_named(name, answer, mistake):
    one = exercises.find(f"machines.{name}")
    for _ in range(5):
        assert one.judge(answer).misconception == mistake


def test_every_row_goes_to_exactly_one_process():
    one = exercises.find("machines.rows_of")
    _, world_size, order = one.inputs(np.random.default_rng(0))
    for answer in (one.solution, *one.also):
        rows = [answer(rank, world_size, order) for rank in range(world_size)]
        assert sorted(np.concatenate(rows)) == sorted(order)


def test_the_whole_gradient_is_that_of_all_samples_at_once():
    x, y = torch.randn(9, 4).double(), torch.randn(9).double()
    w = torch.randn(4, requires_grad=True, dtype=torch.float64)

    def gradient(rows):
        return torch.autograd.grad(F.mse_loss(x[rows] @ w, y[rows]), w)[0]

    shares = [2, 4, 3]
    parts = [gradient(rows) for rows in torch.arange(9).split(shares)]
    whole = exercises.find("machines.whole_gradient").solution(parts, shares)
    torch.testing.assert_close(whole, gradient(torch.arange(9)))


def test_what_is_said_of_two_machines_is_so():
    ring = exercises.find("machines.ring_bytes")
    assert ring.mistaken((1000, 2))["whole_once"] == ring.solution(1000, 2)
    assert ring.solution(1000, 100) == pytest.approx(2 * 1000, rel=0.02)
    even = exercises.find("machines.break_even")
    assert even.mistaken((3, 2))["always_twice"] == even.solution(3, 2)


def test_at_the_break_even_many_machines_take_as_long_as_one():
    communication, machines = 3, 5
    t = exercises.find("machines.break_even").solution(communication, machines)
    assert t / machines + communication == pytest.approx(t)


def test_no_other_time_between_checkpoints_loses_less():
    saving, failure, machines = 60, 100 * 86_400, 50
    one = exercises.find("machines.checkpoint_interval")

    def lost(interval):  # saving, and half an interval at each failure
        return saving / interval + interval / 2 / (failure / machines)

    least = lost(one.solution(saving, failure, machines))
    mistaken = one.mistaken((saving, failure, machines))
    assert all(lost(interval) > least for interval in mistaken.values())
    assert lost(mistaken["until_a_failure"]) == pytest.approx(0.5, abs=0.001)


def test_a_check_asks_for_the_rows_of_several_processes():
    """Else it would take those of process 1 for an answer."""
    one = exercises.find("machines.rows_of")
    for _ in range(100):
        assert len({rank for (rank, _, _), _ in one.cases(one.rng())}) > 1


def test_the_process_with_the_most_samples_is_neither_the_first_nor_the_last():
    """Else who takes the last one would hear of the largest."""
    one = exercises.find("machines.whole_gradient")
    for k in range(100):
        _, shares = one.inputs(np.random.default_rng(k))
        assert max(shares) not in (shares[0], shares[-1])

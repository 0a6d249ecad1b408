"""Many machines: the ring sums as gloo does, and the costs are those of the papers."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.distributed as dist

from bigmodel_lab.from_scratch import collectives as c


def summed_by_gloo(tensors):
    """Return what PyTorch's all_reduce leaves on each of the ranks, here threads."""
    store, limit = dist.HashStore(), datetime.timedelta(seconds=30)

    def one(rank):
        group = dist.ProcessGroupGloo(store, rank, len(tensors), limit)
        tensor = tensors[rank].clone()
        group.allreduce([tensor]).wait()
        return tensor

    with ThreadPoolExecutor(len(tensors)) as pool:
        return list(pool.map(one, range(len(tensors))))


@pytest.mark.parametrize("machines", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_the_ring_sums_as_gloo_does(machines, dtype):
    shape = torch.randint(1, 6, (3,)).tolist()
    tensors = [(10 * torch.randn(shape)).to(dtype) for _ in range(machines)]
    before = [tensor.clone() for tensor in tensors]
    ours, _ = c.ring_all_reduce(tensors)
    for mine, theirs in zip(ours, summed_by_gloo(tensors), strict=True):
        torch.testing.assert_close(mine, theirs)
        assert torch.equal(mine, ours[0])  # to the last bit: weights must not drift
    assert all(map(torch.equal, tensors, before))


def test_fewer_numbers_than_machines_are_summed_too():
    ours, _ = c.ring_all_reduce([torch.ones(2)] * 5)
    assert all(torch.equal(mine, torch.full((2,), 5.0)) for mine in ours)


@pytest.mark.parametrize("machines", [2, 3, 8])
def test_each_sends_nearly_twice_the_bytes_however_many_there_are(machines):
    tensors = [torch.randn(machines, 7) for _ in range(machines)]
    _, sent = c.ring_all_reduce(tensors)
    assert sent == [2 * (machines - 1) / machines * tensors[0].nbytes] * machines


def test_after_the_first_half_each_machine_holds_one_finished_piece():
    pieces = [[torch.tensor([10.0 * k + r]) for k in range(3)] for r in range(3)]
    c.reduce_scatter(pieces)
    assert [pieces[r][(r + 1) % 3].item() for r in range(3)] == [33, 63, 3]


def test_a_step_is_shared_work_and_messages_that_are_not():
    assert c.step_seconds(8, 1e9, 1, 0.1, 1e9) == 8
    # 4 machines: 2 s of work, and 6 messages of 0.1 s and a quarter of a second each.
    assert c.step_seconds(8, 1e9, 4, 0.1, 1e9) == pytest.approx(2 + 6 * 0.35)


def test_at_the_break_even_sharing_neither_gains_nor_loses():
    for machines in (2, 5, 64):
        talk = c.ring_seconds(3e7, machines, 1e-4, 1e9)
        compute = c.break_even(talk, machines)
        shared = c.step_seconds(compute, 3e7, machines, 1e-4, 1e9)
        assert shared == pytest.approx(compute)


@pytest.mark.parametrize(("stages", "micro_batches"), [(1, 1), (2, 1), (3, 5), (4, 8)])
def test_the_bubble_is_what_a_schedule_leaves_empty(stages, micro_batches):
    busy = {(s, s + m) for s in range(stages) for m in range(micro_batches)}
    turns = 1 + max(turn for _, turn in busy)
    empty = 1 - len(busy) / (stages * turns)
    assert c.bubble(stages, micro_batches) == pytest.approx(empty)


def test_zero_needs_the_gigabytes_of_its_paper():
    found = [c.zero_bytes(7.5e9, 64, stage) / 1e9 for stage in range(4)]
    assert [round(gigabytes, 1) for gigabytes in found] == [120, 31.4, 16.6, 1.9]


def test_no_other_interval_loses_less():
    best = c.checkpoint_interval(60, 3e7, 1000)

    def lost(interval):  # the share that is saved or done again
        return 60 / interval + interval / 2 / (3e7 / 1000)

    assert all(lost(best) < lost(factor * best) for factor in (0.9, 1.1))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: c.ring_seconds(1, 0, 0, 1), "machines .* at least 1, got 0"),
        (lambda: c.ring_seconds(1, 2.5, 0, 1), "whole number .* got 2.5"),
        (lambda: c.ring_seconds(1, float("nan"), 0, 1), "whole number .* got nan"),
        (lambda: c.ring_seconds(1, float("inf"), 0, 1), "whole number .* got inf"),
        (lambda: c.ring_seconds(1, "2", 0, 1), "whole number .* got 2"),
        (lambda: c.ring_seconds(1, 2, 0, 0), "bandwidth must .* above 0, got 0"),
        (lambda: c.ring_seconds(1, 2, -1, 1), "latency must .* from 0 on, got -1"),
        (lambda: c.ring_seconds(-1, 2, 0, 1), "size must .* got -1"),
        (lambda: c.step_seconds(0, 1, 2, 0, 1), "compute must .* above 0, got 0"),
        (lambda: c.break_even(1, 1), "machines .* at least 2, got 1"),
        (lambda: c.break_even(float("inf"), 2), "communication .* got inf"),
        (lambda: c.bubble(0, 1), "stages .* at least 1, got 0"),
        (lambda: c.bubble(1, 0.5), "micro_batches .* whole number"),
        (lambda: c.zero_bytes(1e9, 8, 4), "stages 1, 2 and 3, .* got 4"),
        (lambda: c.zero_bytes(0, 8, 1), "parameters must .* above 0"),
        (lambda: c.checkpoint_interval(0, 1, 1), "saving must .* above 0, got 0"),
        (lambda: c.checkpoint_interval(1, 1, -1), "machines .* got -1"),
        (lambda: c.ring_all_reduce([]), "no tensor to add up"),
        (
            lambda: c.ring_all_reduce([torch.ones(2), torch.ones(3)]),
            r"one shape and type, got torch.float32 \(2,\) and torch.float32 \(3,\)",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert len(str(error.value).split(". ")) == 1

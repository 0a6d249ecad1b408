"""Exercises of chapter 10: many machines, what they share, and what that costs."""

import math

import numpy as np
import torch

from bigmodel_lab.exercises.draws import every_other, in_turn, normal
from bigmodel_lab.exercises.judging.judge import exercise

# -- 1 ---------------------------------------------------------------------------------


def _gradients_and_shares(rng):
    """Return gradients of one shape, and shares: neither first nor last the largest."""
    count = int(rng.integers(3, 6))
    shape = rng.integers(2, 5, 2).tolist()
    shares = rng.permutation(np.arange(3, 30))[:count].tolist()
    k = shares.index(max(shares))
    shares[1], shares[k] = shares[k], shares[1]
    return [normal(rng, *shape) for _ in range(count)], shares


@exercise(
    inputs=_gradients_and_shares,
    hints=[
        "Each gradient is a mean over its samples. How do you get back to their sum?",
        "Times the number of its samples it is the sum over them. Add those sums up, "
        "and divide by the number of all samples.",
        "`sum(n * g for n, g in zip(shares, gradients)) / sum(shares)`",
    ],
)
def whole_gradient(gradients, shares):
    """Return the mean gradient over the samples of all processes.

    gradients is a list with one tensor of each process, all of one shape: the mean
    gradient over its own samples. shares is a list of numbers: how many samples each
    process had.
    """
    total = sum(n * g for n, g in zip(shares, gradients, strict=True))
    return total / sum(shares)


@whole_gradient.mistakes
def _(gradients, shares):
    """
    mean_of_means: You took the mean of the means. A process with few samples then
        counts as much as one with many: weight each by its share.
    summed: That is the sum of the means: with more processes the steps would get
        longer.
    sum_over_samples: That is the sum over all samples. Divide by how many there are.
    divided_by_processes: The sum over all samples is right, but you divided it by the
        number of processes. Divide by the number of samples.
    divided_by_shares: You divided by the shares. Each gradient is a mean already: what
        has more samples counts more, not less.
    weighted_upside_down: Your weights are upside down: the process with the fewest
        samples counts most.
    first_only: That is the first process's gradient. The others' samples count, too.
    last_only: That is the last process's gradient. The others' samples count, too.
    largest_share_only: You took the process with the most samples. The others' count,
        too.
    middle: You took the median. The mean over all samples is asked for.
    one_number: That is one number for all weights. Each weight has its own gradient.
    """
    stack = torch.stack(gradients)
    n = torch.tensor(shares, dtype=stack.dtype)
    total = torch.tensordot(n, stack, 1)
    return {
        "mean_of_means": stack.mean(0),
        "summed": stack.sum(0),
        "sum_over_samples": total,
        "divided_by_processes": total / len(shares),
        "divided_by_shares": torch.tensordot(1 / n, stack, 1),
        "weighted_upside_down": torch.tensordot(1 / n, stack, 1) / (1 / n).sum(),
        "first_only": stack[0],
        "last_only": stack[-1],
        "largest_share_only": stack[int(n.argmax())],
        "middle": stack.quantile(0.5, dim=0),
        "one_number": (total / n.sum()).mean(),
    }


# -- 2 ---------------------------------------------------------------------------------


def _rank_and_order(rng):
    """Return a rank, 1 or the last, how many processes, and a shuffled order of rows.

    A process gets more rows than there are processes.
    """
    world_size = int(rng.integers(3, 6))
    each = world_size + int(rng.integers(1, 5))
    rank = in_turn(rng, 1, world_size - 1)
    return rank, world_size, rng.permutation(world_size * each)


@exercise(
    inputs=_rank_and_order,
    hints=[
        "If everybody deals out the same shuffled cards in turn, which ones are yours?",
        "The one at the place `rank`, and from there on every world_size-th. A slice "
        "start:stop:step does that; the stop may be left out.",
        "`order[rank::world_size]`",
    ],
)
def rows_of(rank, world_size, order):
    """Return which rows a process takes in this epoch, as an array.

    rank, from 0 on, is the number of the process, and world_size how many processes
    there are. order is an array with the numbers of all rows, shuffled, the same one in
    every process; its length is a multiple of world_size. Each row goes to exactly one
    process, and all get equally many: deal them out in turn, or cut the order into
    stretches. Keep their order.
    """
    return order[rank::world_size]


@rows_of.accepts
def _(rank, world_size, order):
    return order.reshape(world_size, -1)[rank]


@rows_of.mistakes
def _(rank, world_size, order):
    """
    all_rows: Those are all rows. Then every process computes the same, and nothing is
        gained.
    first_process: Those are the rows of process 0. If all take them, the others' are
        never read: start at the place `rank`.
    first_stretch: That is the stretch of process 0. If all take it, the rest is never
        read.
    places: Those are places in the order. The rows are what stands there: without them,
        nothing is shuffled.
    one_row: That is a single row. Every world_size-th one from there on is yours.
    next_process: Those are the rows of the next process: ranks begin with 0.
    process_before: Those are the rows of the process before: ranks begin with 0.
    rank_and_size_exchanged: You start at world_size and step by rank. It is the other
        way around.
    step_forgotten: The step is missing: you took all rows from `rank` on.
    stretch_begins_at_the_rank: Your stretches overlap: the one of this process begins
        after those of all processes before it.
    stretch_as_long_as_the_world: Your stretch has world_size rows. There are
        len(order) / world_size rows for each process.
    by_row_number: You chose by the number of the row, not by its place: then a process
        has the same rows in each epoch, in another order. Choose by the place.
    sorted_rows: You sorted the rows. They were shuffled on purpose.
    how_many: That is how many rows a process gets. Asked for is which.
    """
    each = len(order) // world_size
    return {
        "all_rows": order,
        "first_process": order[::world_size],
        "first_stretch": order[:each],
        "places": np.arange(rank, len(order), world_size),
        "one_row": order[rank],
        "next_process": order[rank + 1 :: world_size],
        "process_before": order[rank - 1 :: world_size],
        "rank_and_size_exchanged": order[world_size::rank],
        "step_forgotten": order[rank:],
        "stretch_begins_at_the_rank": order[rank : rank + each],
        "stretch_as_long_as_the_world": order.reshape(-1, world_size)[rank],
        "by_row_number": order[order % world_size == rank],
        "sorted_rows": np.sort(order[rank::world_size]),
        "how_many": each,
    }


# -- 3 ---------------------------------------------------------------------------------


def _size_and_machines(rng):
    """Return 10 to 90 MB, and a number of machines."""
    return int(rng.integers(10, 90)) * 1_000_000, int(rng.integers(3, 12))


@exercise(
    inputs=_size_and_machines,
    hints=[
        "Cut into as many parts as there are machines, how often is a part sent on "
        "until one machine has its sum? And until all have it?",
        "n - 1 times for the sum, n - 1 times to hand it out. In each of these steps a "
        "machine sends one part, size / n.",
        "`2 * (machines - 1) * size / machines`",
    ],
)
def ring_bytes(size, machines):
    """Return how many bytes each machine sends until all have the sum: ring all-reduce.

    Both are numbers: each machine has a gradient of `size` bytes. It is cut into as
    many parts as there are machines, which stand in a ring. First the parts are summed
    on their way around, until each machine has the sum of one part; then these sums go
    around until all machines have all of them. In each step each machine sends one part
    to the next one.
    """
    steps = 2 * (machines - 1)  # first to sum, then to hand out
    return steps * size / machines


@ring_bytes.mistakes
def _(size, machines):
    """
    one_way: That is half of the way. Once around, each machine has the sum of one part;
        once more, and all have all.
    whole_once: That is one whole gradient. For two machines it would be right; with
        more of them it is nearly twice as much.
    whole_twice: You let each part go n steps each time. The last step of a round would
        bring it to where it began: n - 1.
    to_each_other_machine: You sent the whole gradient to each of the others. In a ring
        it is cut into parts.
    all_machines: That is what all machines send together, or what one sends if the
        gradient is not cut. Each sends one part in each step: size / n.
    for_each_machine: You multiplied by the number of machines. In a ring what one sends
        hardly grows with it.
    one_part: That is one part, one step of many.
    two_parts: You counted two steps. A part must pass all machines, twice: n - 1 steps
        each time.
    steps_only: That is the number of steps. In each of them a part is sent.
    one_step_too_many: You counted n + 1 steps each time. It is n - 1: what a machine
        has already need not be sent to it.
    bits: Those are bits. Asked for are bytes.
    """
    n = machines
    return {
        "one_way": (n - 1) * size / n,
        "whole_once": size,
        "whole_twice": 2 * size,
        "to_each_other_machine": (n - 1) * size,
        "all_machines": 2 * (n - 1) * size,
        "for_each_machine": n * size,
        "one_part": size / n,
        "two_parts": 2 * size / n,
        "steps_only": 2 * (n - 1),
        "one_step_too_many": 2 * (n + 1) * size / n,
        "bits": 16 * (n - 1) * size / n,
    }


# -- 4 ---------------------------------------------------------------------------------


def _step(rng):
    """Return seconds, bytes, machines, latency and bandwidth of a step.

    Every second time sending takes longer, else mostly computing.
    """
    compute, tens, thousandths = rng.integers([20, 40, 5], [60, 90, 20]).tolist()
    machines, bandwidth = rng.integers([3, 5], [9, 20]).tolist()
    compute = compute / 50 if every_other(rng) else float(compute)
    return compute, tens * 10_000_000, machines, thousandths / 1000, bandwidth * 1e8


@exercise(
    inputs=_step,
    hints=[
        "A step has three parts: to compute, to wait until each message begins to "
        "arrive, and to send bytes. Which of them get shorter with more machines?",
        "In a ring each machine sends 2 (n - 1) messages, each with its latency, and "
        "2 (n - 1) / n · size bytes in all. Only computing is shared: compute / n.",
        "`compute / machines + 2 * (machines - 1) * latency + 2 * (machines - 1) / "
        "machines * size / bandwidth`",
    ],
)
def step_seconds(compute, size, machines, latency, bandwidth):
    """Return how many seconds a step takes on several machines.

    All are numbers. On one machine a step takes `compute` seconds, and its batch can be
    shared evenly. After that, a gradient of `size` bytes is summed in a ring: each of n
    machines sends 2 (n - 1) messages, one after the other, of size / n bytes each. A
    message takes `latency` seconds, and one more second for each `bandwidth` bytes.
    """
    messages = 2 * (machines - 1)
    seconds_a_message = latency + size / machines / bandwidth
    return compute / machines + messages * seconds_a_message


@step_seconds.mistakes
def _(compute, size, machines, latency, bandwidth):
    """
    compute_not_shared: You let each machine compute the whole batch. They share it.
    compute_multiplied: You multiplied the computing by the machines. They share it.
    compute_forgotten: That is the time to send. Before it, the gradient is computed.
    sending_forgotten: That is the time to compute. The gradients must be summed, too.
    sending_shared: You shared the sending, too. More machines send more messages.
    latency_once: You counted the latency once. Each of the 2 (n - 1) messages has it.
    latency_forgotten: The latency is missing. For small messages it is nearly all.
    one_way: You counted n - 1 messages. It takes as many again to hand out the sums.
    messages_not_cut: You sent the whole gradient in each message. It is cut into n
        parts.
    one_message: You sent the gradient in a single message. A ring takes 2 (n - 1) of
        them, each with a latency and a part of the gradient.
    whole_gradient_once: You sent each byte once. A ring sends 2 (n - 1) parts of n.
    as_many_as_machines: You counted 2 n messages. It is 2 (n - 1): what a machine has
        already need not be sent to it.
    bandwidth_multiplied: You multiplied by the bandwidth. The more bytes a second, the
        shorter it takes.
    bits: You counted bits. size and bandwidth are both in bytes.
    at_the_same_time: You let the machines compute and send at the same time. Here they
        send after they have computed.
    """
    n, shared = machines, compute / machines
    steps, part = 2 * (n - 1), size / machines / bandwidth
    sending = steps * (latency + part)
    return {
        "compute_not_shared": compute + sending,
        "compute_multiplied": compute * n + sending,
        "compute_forgotten": sending,
        "sending_forgotten": shared,
        "sending_shared": (compute + sending) / n,
        "latency_once": shared + latency + steps * part,
        "latency_forgotten": shared + steps * part,
        "one_way": shared + sending / 2,
        "messages_not_cut": shared + steps * (latency + part * n),
        "one_message": shared + latency + size / bandwidth,
        "whole_gradient_once": shared + steps * latency + size / bandwidth,
        "as_many_as_machines": shared + 2 * n * (latency + part),
        "bandwidth_multiplied": shared + steps * (latency + size / n * bandwidth),
        "bits": shared + steps * (latency + 8 * part),
        "at_the_same_time": max(shared, sending),
    }


# -- 5 ---------------------------------------------------------------------------------


def _communication(rng):
    """Return seconds of sending, and a number of machines."""
    return int(rng.integers(5, 80)) / 20, int(rng.integers(3, 12))


@exercise(
    inputs=_communication,
    hints=[
        "One machine needs t seconds for a step. How many do n machines need, which "
        "share the computing and then have to send?",
        "t / n + c. That is as much as t where c = t - t / n = t (n - 1) / n. What is "
        "t, then?",
        "`communication * machines / (machines - 1)`",
    ],
)
def break_even(communication, machines):
    """Return from how many seconds of computing on, for a step, many machines pay.

    Both are numbers. One machine computes a step in t seconds and sends nothing.
    `machines` machines share that evenly, and then send for `communication` seconds.
    Returned is the t for which both take equally long.
    """
    saved_a_second = (machines - 1) / machines
    return communication / saved_a_second


@break_even.mistakes
def _(communication, machines):
    """
    communication_itself: If one machine computes just as long as the many send, the
        many still lose: they have to compute, too.
    always_twice: Twice the sending is right for two machines. More of them save more
        than half.
    for_each_machine: You let the time that each machine computes be as long as the
        sending. What counts is the time that is *saved*.
    share_upside_down: You multiplied by the share that is saved, (n - 1) / n. Divide by
        it: the less is saved, the longer a step must be.
    share_of_each: That is what each of the machines computes in such a step. One
        machine computes n times as long.
    all_other_machines: You multiplied by the number of the other machines. The more
        machines, the sooner they pay.
    divided_by_machines: You divided by the number of machines. Even with very many of
        them, a step must take longer than the sending.
    one_machine_too_many: You took n + 1 for n - 1: what is saved is t - t / n.
    """
    c, n = communication, machines
    return {
        "communication_itself": c,
        "always_twice": 2 * c,
        "for_each_machine": c * n,
        "share_upside_down": c * (n - 1) / n,
        "share_of_each": c / (n - 1),
        "all_other_machines": c * (n - 1),
        "divided_by_machines": c / n,
        "one_machine_too_many": c * n / (n + 1),
    }


# -- 6 ---------------------------------------------------------------------------------


def _seconds(rng):
    """Return a step's seconds on one machine and on many, and how many they are."""
    one, machines = int(rng.integers(20, 90)) / 10, int(rng.integers(3, 12))
    return one, round(one / machines / rng.uniform(0.35, 0.95), 3), machines


@exercise(
    inputs=_seconds,
    hints=[
        "How many times faster are the many machines, and how many times faster could "
        "they be at best?",
        "one / many times faster; at best it is as many times as there are machines. "
        "Divide the first by the second.",
        "`one / many / machines`",
    ],
)
def efficiency(one, many, machines):
    """Return which share of the best possible speed-up was reached: 1 is all of it.

    All are numbers: a step takes `one` seconds on one machine, and `many` seconds on
    all of the machines together.
    """
    speed_up = one / many
    return speed_up / machines


@efficiency.mistakes
def _(one, many, machines):
    """
    speed_up: That is the speed-up: how many times faster they are. At best it is the
        number of machines: divide by that.
    upside_down: That is upside down: how much more the machines work all together than
        the one did.
    share_of_the_time: That is the share of the time that a step still takes.
    share_of_the_time_shared: You divided the new time by the old one. The speed-up is
        the old one divided by the new one.
    multiplied: You multiplied by the machines. The speed-up is shared out among them.
    time_saved: That is the share of the time that was saved.
    lost: That is the share that is lost. Asked for is what is reached.
    per_cent: That is in per cent. Asked for is a share.
    best_time: That is the time at best. Divide it by the time that it takes.
    extra_machines_only: You compared what is gained with the machines that were added.
        All machines work: divide the speed-up by all of them.
    """
    right = one / many / machines
    return {
        "speed_up": one / many,
        "upside_down": 1 / right,
        "share_of_the_time": many / one,
        "share_of_the_time_shared": many / one / machines,
        "multiplied": one / many * machines,
        "time_saved": 1 - many / one,
        "lost": 1 - right,
        "per_cent": 100 * right,
        "best_time": one / machines,
        "extra_machines_only": (one / many - 1) / (machines - 1),
    }


# -- 7 ---------------------------------------------------------------------------------


def _stages_and_micro_batches(rng):
    """Return stages of a pipeline, and more micro-batches than that."""
    stages = int(rng.integers(3, 9))
    return stages, stages + int(rng.integers(2, 15))


@exercise(
    inputs=_stages_and_micro_batches,
    hints=[
        "Draw it: time goes to the right, each machine has a row, and the second "
        "micro-batch follows the first by one column. How many columns are there?",
        "The last machine starts p - 1 columns late and then works m columns: m + p - "
        "1 in all. Each machine works in m of them.",
        "`(stages - 1) / (micro_batches + stages - 1)`",
    ],
)
def bubble(stages, micro_batches):
    """Return for which share of the time a machine of a pipeline has nothing to do.

    Both are numbers: p stages, one on each machine, and m micro-batches that go through
    all of them one after the other. Each stage takes equally long for a micro-batch,
    and nothing for sending it on. The time goes from the start of the first one on the
    first machine to the end of the last one on the last machine. (Backward it is the
    same once more.)
    """
    idle = stages - 1
    return idle / (micro_batches + idle)


@bubble.mistakes
def _(stages, micro_batches):
    """
    of_the_work: You divided by the time that a machine works. That is how much longer
        it takes than it would without waiting; the share is of the whole time.
    busy: That is the share in which a machine works. Asked for is the rest.
    one_too_many: A machine waits p - 1 times, not p: the first one starts at once.
    idle_one_too_many: The time is right, but a machine waits p - 1 times, not p.
    time_one_too_long: The waiting is right, but it takes m + p - 1 times as long as one
        stage, not m + p.
    exchanged: Stages and micro-batches are exchanged: more micro-batches mean *less*
        waiting.
    one_micro_batch: That is the share for a single micro-batch. The others fill the
        gaps.
    waits_twice: You let the machines wait on the way back as well, but work on the way
        forward only. Both are doubled, so that the share stays the same.
    one_in_micro_batches: That is one in m. The more stages, the more is waited.
    one_in_stages: That is one in p. The micro-batches fill the gaps.
    time: That is how long it takes. Asked for is the share of it that is waited.
    waiting_time: That is how long a machine waits. Divide it by how long it takes.
    """
    p, m = stages, micro_batches
    total = m + p - 1
    return {
        "of_the_work": (p - 1) / m,
        "busy": m / total,
        "one_too_many": p / (m + p),
        "idle_one_too_many": p / total,
        "time_one_too_long": (p - 1) / (m + p),
        "exchanged": (m - 1) / total,
        "one_micro_batch": (p - 1) / p,
        "waits_twice": 2 * (p - 1) / (m + 2 * (p - 1)),
        "one_in_micro_batches": 1 / m,
        "one_in_stages": 1 / p,
        "time": total,
        "waiting_time": p - 1,
    }


# -- 8 ---------------------------------------------------------------------------------


def _model_machines_and_stage(rng):
    """Return parameters, machines and a stage: each stage in turn."""
    tens, machines = rng.integers([10, 3], [90, 17]).tolist()
    return tens * 10_000_000, machines, in_turn(rng, 1, 2, 3)


@exercise(
    inputs=_model_machines_and_stage,
    hints=[
        "How many bytes of a parameter are shared out in this stage, and how many does "
        "each machine still keep for itself?",
        "Stage 1 shares 12 of the 16 bytes, stage 2 shares 14, stage 3 all 16. What is "
        "shared is divided by the machines.",
        "`shared = {1: 12, 2: 14, 3: 16}[stage]`, then `parameters * (16 - shared + "
        "shared / machines)`.",
    ],
)
def zero_bytes(parameters, machines, stage):
    """Return how many bytes each machine keeps for a model that is trained with ZeRO.

    All are numbers. In mixed precision a parameter takes 2 bytes for the weight, 2 for
    its gradient and 12 for the optimizer's state (the weight in float32 and Adam's two
    means). Stage 1 shares the state out evenly among the machines, stage 2 the
    gradients, too, stage 3 the weights, too. What is not shared, each machine keeps
    whole.

    Source: Rajbhandari and others (2020), "ZeRO: Memory Optimizations Toward Training
    Trillion Parameter Models"
    """
    shared = {1: 12, 2: 12 + 2, 3: 12 + 2 + 2}[stage]
    whole = 16 - shared
    return parameters * (whole + shared / machines)


@zero_bytes.mistakes
def _(parameters, machines, stage):
    """
    all_shared: You shared out everything. Only stage 3 does that.
    nothing_shared: You shared out nothing: that is what each machine keeps without
        ZeRO.
    state_only: You shared out the optimizer's state alone, as stage 1 does.
    weights_kept_whole: In stage 3 the weights are shared out, too.
    one_stage_less: That is one stage less: stage 2 shares the gradients, too, and stage
        3 the weights.
    this_part_only: You shared out what is new in this stage. Each stage shares what
        those before it do as well.
    other_way_around: You began with the weights. What takes most is shared first: the
        optimizer's state.
    one_stage_further: That is one stage further: stage 1 shares the state alone.
    what_is_shared: That is the machine's share of what is shared out. What is not
        shared, each machine keeps whole.
    state_of_eight: You counted 8 bytes for the optimizer's state. Beside Adam's two
        means it keeps the weight in float32: 12.
    float32: You counted float32 throughout: 4, 4 and 8 bytes. In mixed precision it is
        2, 2 and 12.
    all_machines: That is what all machines keep together.
    bits: Those are bits. Asked for are bytes.
    in_gigabytes: That is in GB. Asked for are bytes.
    """
    n = machines
    weight, gradient, state = 2, 2, 12

    def kept(shared, total=16):
        return parameters * (total - shared + shared / n)

    right = zero_bytes.solution(parameters, machines, stage)
    shared = [state, state + gradient, 16]
    return {
        "all_shared": kept(16),
        "nothing_shared": kept(0),
        "state_only": kept(state),
        "weights_kept_whole": kept(min(shared[stage - 1], 14)),
        "one_stage_less": kept([0, 12, 14][stage - 1]),
        "this_part_only": kept([state, gradient, weight][stage - 1]),
        "other_way_around": kept([weight, weight + gradient, 16][stage - 1]),
        "one_stage_further": kept([*shared, 16][stage]),
        "what_is_shared": parameters * shared[stage - 1] / n,
        "state_of_eight": kept([8, 10, 12][stage - 1], 12),
        "float32": kept([8, 12, 16][stage - 1]),
        "all_machines": right * n,
        "bits": right * 8,
        "in_gigabytes": right / 1e9,
    }


# -- 9 ---------------------------------------------------------------------------------


def _cut_layer(rng):
    """Return parts of inputs (N, part) and of weights (out, part), and a bias."""
    count, N, part, out = rng.integers([3, 3, 2, 4], [5, 6, 5, 7]).tolist()
    xs, Ws = ([normal(rng, rows, part) for _ in range(count)] for rows in (N, out))
    return xs, Ws, normal(rng, out)


@exercise(
    inputs=_cut_layer,
    hints=[
        "A result is a sum over all inputs. If each machine has some of the inputs, "
        "what does it have of that sum?",
        "`x @ W.T` of its part, (N, out): a part of the sum, in the full shape. Add up "
        "what the machines have; the bias belongs to the whole.",
        "`sum(x @ W.T for x, W in zip(xs, Ws)) + bias`",
    ],
)
def row_parallel(xs, Ws, bias):
    """Return a layer's whole result (N, out) from machines that have its inputs cut.

    xs and Ws are lists with one tensor of each machine: some columns of the layer's
    inputs, (N, part), and the weights for them, (out, part). bias (out,) is a tensor,
    the layer's. For all inputs x (N, in) and weights W (out, in) in one piece it would
    be x Wᵀ + bias.
    """
    partial_sums = [x @ W.T for x, W in zip(xs, Ws, strict=True)]
    return sum(partial_sums) + bias


@row_parallel.mistakes
def _(xs, Ws, bias):
    """
    bias_on_each_machine: Each machine has added the bias, and with the sum it counts as
        often as there are machines. Add it once, after the sum.
    bias_shared_out: You added only a machine's share of the bias. After the sum it is
        added once, and whole.
    bias_forgotten: The bias is missing. Add it once, after the sum.
    mean: You took the mean of what the machines have. They are parts of one sum: add
        them up. (The mean is for gradients of different samples.)
    first_machine: That is what the first machine has: its inputs alone. Sum over all
        machines.
    last_machine: That is what the last machine has: its inputs alone. Sum over all
        machines.
    joined: You joined what the machines have. That is for layers whose *outputs* are
        cut; here each machine has a part of every output: add them up.
    listed: Those are the machines' parts. Add them up.
    sums_multiplied: You summed the inputs, and the weights, before you multiplied. Each
        input has its own weights: multiply first.
    first_inputs_everywhere: You gave the first machine's inputs to all of them. Each
        machine has its own.
    multiplied: You multiplied what the machines have. They are parts of a sum.
    """
    parts = torch.stack([x @ W.T for x, W in zip(xs, Ws, strict=True)])
    total, n = parts.sum(0), len(xs)
    return {
        "bias_on_each_machine": total + n * bias,
        "bias_shared_out": total + bias / n,
        "bias_forgotten": total,
        "mean": total / n + bias,
        "first_machine": parts[0] + bias,
        "last_machine": parts[-1] + bias,
        "joined": torch.cat(list(parts), 1) + bias.repeat(n),
        "listed": list(parts + bias),
        "sums_multiplied": sum(xs) @ sum(Ws).T + bias,
        "first_inputs_everywhere": xs[0] @ sum(Ws).T + bias,
        "multiplied": parts.prod(0) + bias,
    }


# -- 10 --------------------------------------------------------------------------------


def _serial_and_machines(rng):
    """Return a share of 2 to 40 % that cannot be shared, and a number of machines."""
    return int(rng.integers(2, 41)) / 100, int(rng.integers(4, 65))


@exercise(
    inputs=_serial_and_machines,
    hints=[
        "If one machine takes 1 hour, how long do n machines take? Only a part of it "
        "gets shorter.",
        "serial stays, and of the rest, 1 - serial, each machine does its part. The "
        "speed-up is 1 hour divided by the sum of both.",
        "`1 / (serial + (1 - serial) / machines)`",
    ],
)
def amdahl(serial, machines):
    """Return how many times faster several machines are than one: Amdahl's law.

    Both are numbers: the share `serial`, between 0 and 1, of the time on one machine
    cannot be shared; the rest is shared evenly among the machines.

    Source: Amdahl (1967), "Validity of the single processor approach to achieving
    large scale computing capabilities"
    """
    time = serial + (1 - serial) / machines
    return 1 / time


@amdahl.mistakes
def _(serial, machines):
    """
    all_shared: That would be so if all could be shared. The rest soon takes longer than
        what is.
    serial_only: That is the speed-up with endlessly many machines. These have a number.
    time: That is the time, as a share of what one machine takes. The speed-up is 1
        divided by it.
    serial_forgotten: You let the part that cannot be shared take no time. It takes as
        long as on one machine.
    serial_not_taken_off: You shared out all of the time, and then added the part that
        cannot be shared. Only 1 - serial is shared.
    exchanged: You shared the part that cannot be shared, and left the other as it was.
    share_of_the_machines: You took the machines times the share that they can share.
        Speeds do not add up like this: add up times, then divide.
    work_grows: You let the work grow with the machines (Gustafson's law). Here it stays
        the same, and gets faster.
    multiplied: You multiplied what is shared by the machines. It gets shorter: divide.
    for_each_machine: You divided by the machines once more: that is the efficiency.
    """
    s, n = serial, machines
    return {
        "all_shared": n,
        "serial_only": 1 / s,
        "time": s + (1 - s) / n,
        "serial_forgotten": n / (1 - s),
        "serial_not_taken_off": 1 / (s + 1 / n),
        "exchanged": 1 / (s / n + 1 - s),
        "share_of_the_machines": n * (1 - s),
        "work_grows": s + n * (1 - s),
        "multiplied": 1 / (s + (1 - s) * n),
        "for_each_machine": 1 / (s + (1 - s) / n) / n,
    }


# -- 11 --------------------------------------------------------------------------------


def _saving_and_failures(rng):
    """Return seconds to save, days between failures in seconds, and machines."""
    saving, days, machines = rng.integers([20, 30, 8], [200, 300, 100]).tolist()
    return saving, days * 86_400, machines


@exercise(
    inputs=_saving_and_failures,
    tolerance=1e-3,  # whole seconds are right, too
    hints=[
        "If you save often, saving costs time; if you save seldom, each failure costs "
        "what was done since. How often does one of n machines fail?",
        "The whole fails every failure_seconds / machines seconds. The best time "
        "between checkpoints is the root of 2 · saving · that.",
        "`math.sqrt(2 * saving * failure_seconds / machines)`, after `import math`.",
    ],
)
def checkpoint_interval(saving, failure_seconds, machines):
    """Return how many seconds to train between two checkpoints, to lose least time.

    All are numbers: to save a checkpoint takes `saving` seconds. One machine fails
    every failure_seconds on average. If one of them fails, all go back to the last
    checkpoint. With M, the average time until any of the machines fails, the best
    interval is about √(2 · saving · M).

    Source: Young (1974), "A first order approximation to the optimum checkpoint
    interval"
    """
    mean_time_to_failure = failure_seconds / machines
    return math.sqrt(2 * saving * mean_time_to_failure)


@checkpoint_interval.mistakes
def _(saving, failure_seconds, machines):
    """
    machines_forgotten: That is for one machine. Of n machines, one fails n times as
        often.
    machines_multiplied: You multiplied by the machines: then many would fail less often
        than one.
    machines_outside: You divided by the machines after the root. They belong to the
        time between failures, below it.
    two_forgotten: The 2 is missing: on average only half an interval is lost.
    two_outside: You doubled the root. The 2 belongs below it.
    halved: You divided by the 2 below the root. It multiplies.
    no_root: The root is missing: that is in seconds times seconds.
    until_a_failure: That is the time until a failure. To save only once until then
        would cost half of the work.
    half_until_a_failure: That is half of the time until a failure, however long it
        takes to save. Weigh the two against each other.
    saving_taken_off: You subtracted the time to save, as in a later, finer formula.
        Here it is Young's.
    saving_added: You added the time to save. The interval is what lies between two of
        them.
    """
    M = failure_seconds / machines
    right = math.sqrt(2 * saving * M)
    return {
        "machines_forgotten": math.sqrt(2 * saving * failure_seconds),
        "machines_multiplied": math.sqrt(2 * saving * failure_seconds * machines),
        "machines_outside": math.sqrt(2 * saving * failure_seconds) / machines,
        "two_forgotten": math.sqrt(saving * M),
        "two_outside": 2 * math.sqrt(saving * M),
        "halved": math.sqrt(saving * M / 2),
        "no_root": right**2,
        "until_a_failure": M,
        "half_until_a_failure": M / 2,
        "saving_taken_off": right - saving,
        "saving_added": right + saving,
    }

import math

import pytest
import torch
from torch.optim import lr_scheduler

from bigmodel_lab.from_scratch import schedules

STEPS = 40


def rates(make):
    """Return the learning rates, from 1, that a PyTorch schedule sets."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, seen = make(optimizer), []
    for _ in range(STEPS):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda k: schedules.step_decay(k, STEPS, drops=3, factor=0.5),
            lambda o: lr_scheduler.StepLR(o, step_size=10, gamma=0.5),
        ),
        (
            lambda k: schedules.cosine(k, STEPS, final=0.1),
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1),
        ),
        (
            lambda k: schedules.one_cycle(k, STEPS),
            lambda o: lr_scheduler.OneCycleLR(
                o, 1.0, total_steps=STEPS, cycle_momentum=False
            ),
        ),
        (
            lambda k: schedules.one_cycle(k, STEPS, 0.25, 0.1, 1e-4),
            lambda o: lr_scheduler.OneCycleLR(
                o, 1.0, STEPS, pct_start=0.25, div_factor=10, final_div_factor=1e3
            ),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_schedules_equal_pytorch(ours, theirs):
    assert rates(lambda o: lr_scheduler.LambdaLR(o, ours)) == pytest.approx(
        [ours(k) for k in range(STEPS)]
    )

    def all_but_the_last(optimizer):  # OneCycleLR refuses the step after its last
        schedule = theirs(optimizer)
        step = schedule.step
        schedule.step = lambda: schedule.last_epoch < STEPS - 1 and step()
        return schedule

    assert rates(all_but_the_last) == pytest.approx([ours(k) for k in range(STEPS)])


def test_after_its_end_a_cosine_stays_down():
    assert schedules.cosine(2 * STEPS, STEPS, final=0.1) == pytest.approx(0.1)
    assert schedules.cosine(0, STEPS) == 1
    assert math.isclose(schedules.one_cycle(STEPS - 1, STEPS), 1 / 250_000)


@pytest.mark.parametrize("warmup", [0, 1, -0.1, 0.01])
def test_a_bad_warmup_is_named(warmup):
    with pytest.raises(ValueError, match=f"got {warmup} of 40 steps"):
        schedules.one_cycle(3, STEPS, warmup=warmup)

"""The loss of distillation is PyTorch's divergence, and has its gradient."""

import pytest
import torch
from torch.nn import functional as F

from bigmodel_lab import distillation


def logits(seed, *shape):
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("shape", [(1, 2), (5, 10)])
def test_it_is_pytorchs_divergence_times_the_square(shape, temperature):
    student, teacher = logits(0, *shape).requires_grad_(), logits(1, *shape)
    ours = distillation.distillation_loss(student, teacher, temperature)
    theirs = temperature**2 * F.kl_div(
        (student / temperature).log_softmax(-1),
        (teacher / temperature).softmax(-1),
        reduction="batchmean",
    )
    assert torch.allclose(ours, theirs, atol=1e-6)
    (ours_gradient,) = torch.autograd.grad(ours, student)
    (their_gradient,) = torch.autograd.grad(theirs, student)
    assert torch.allclose(ours_gradient, their_gradient, atol=1e-6)


def test_a_student_that_answers_as_its_teacher_has_no_loss():
    answers = logits(0, 4, 7)
    loss = distillation.distillation_loss(answers + 2, answers)
    assert float(loss) == pytest.approx(0, abs=1e-6)


def test_an_impossible_answer_costs_no_nan():
    teacher = torch.tensor([[200.0, -200.0]])
    assert torch.isfinite(distillation.distillation_loss(-teacher, teacher, 1.0))


def test_warmth_softens_answers():
    coldest, *_, warmest = (
        distillation.soft_answers(logits(0, 3, 5), t).max() for t in (0.5, 1, 8)
    )
    assert coldest > warmest


@pytest.mark.parametrize(
    ("shapes", "temperature", "message"),
    [
        (((2, 3), (2, 4)), 1.0, r"\(2, 3\) and \(2, 4\)"),
        (((2, 3), (2, 3)), 0.0, "above 0, got 0.0"),
        (((2, 3), (2, 3)), -1.0, "above 0, got -1.0"),
    ],
)
def test_bad_input_gets_one_clear_sentence(shapes, temperature, message):
    student, teacher = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match=message):
        distillation.distillation_loss(student, teacher, temperature)

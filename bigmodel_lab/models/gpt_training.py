"""How a GPT is trained here: rows of ids, Muon with AdamW, a short warm-up."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch.autograd.function import once_differentiable
from torch.utils.data import DataLoader

from bigmodel_lab.from_scratch.optimizers import Muon, Together
from bigmodel_lab.from_scratch.schedules import one_cycle
from bigmodel_lab.models._checks_gpt import check_targets
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.training import Training


def next_token_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in nats, of logits (N, T, V), targets (N, T).

    F.cross_entropy with fewer arrays of V numbers a place: forward and backward pass
    take 3 to 6 % less time.

    Raises
    ------
    ValueError
        If there is not one target for each place.
    """
    check_targets(logits, targets)
    return _CrossEntropy.apply(logits.flatten(0, 1), targets.flatten())


class _CrossEntropy(torch.autograd.Function):
    """-log p of each target, with the gradient p - (1 at the target) made in place."""

    @staticmethod
    def forward(context, logits, targets):
        log_p = logits.log_softmax(-1)  # (N, V)
        targets = targets[:, None]  # (N, 1)
        loss = -log_p.gather(1, targets).mean()
        if context.needs_input_grad[0]:
            minus_one = torch.full_like(targets, -1, dtype=log_p.dtype)
            gradient = log_p.exp_().scatter_add_(1, targets, minus_one)
            context.save_for_backward(gradient.div_(len(targets)))
        return loss

    @staticmethod
    @once_differentiable
    def backward(context, outer):
        (gradient,) = context.saved_tensors
        return gradient.mul_(outer), None


def gpt_training(
    model: GPT,
    rows: torch.Tensor | DataLoader,
    validation: torch.Tensor | None = None,
    *,
    learning_rate: float = 0.03,
    optimizer: torch.optim.Optimizer | None = None,
    loss: Callable[..., torch.Tensor] = next_token_loss,
    steps: int = 200,
    batch_size: int = 32,
    **options,
) -> Training:
    """Return a `Training` of a GPT on texts, rows of ids (N, T) of one length.

    Muon takes the matrices inside the blocks, at a quarter of the rate, AdamW all
    other weights. The rate rises for a twentieth of the steps, then falls to 0.

    Parameters
    ----------
    model : GPT
        Trained in place.
    rows, validation : torch.Tensor
        (N, T) ids: each token but the last is asked for the one after it. For texts of
        several lengths, a DataLoader of batches (inputs, targets), as of `pairs`.
    learning_rate : float
        The highest one.
    optimizer : torch.optim.Optimizer, optional
        Another one than Muon with AdamW, and with its own rate: for a model of which
        only some weights are to learn.
    loss : callable
        `loss(logits, targets)`, as in `next_token_loss` or `answer_loss`.
    steps, batch_size : int
        How many steps, on how many texts each.
    **options
        More of what `Training` takes: `measure_every`, `seed`.
    """
    return Training(
        model,
        loss,
        optimizer or gpt_optimizer(model, learning_rate),
        train=rows if isinstance(rows, DataLoader) else pairs(rows),
        validation=None if validation is None else pairs(validation),
        steps=steps,
        batch_size=batch_size,
        max_gradient_norm=1.0,
        measure_batch_size=64,  # a text has a logit for each place and token
        schedule=partial(one_cycle, warmup=0.05),
        **options,
    )


def answer_loss(first: int) -> Callable[..., torch.Tensor]:
    """Return a loss like `next_token_loss` that leaves out the targets before `first`.

    What stands in a question need not be learned: only the answer is to be written.
    """

    def loss(logits, targets):
        return next_token_loss(logits[:, first:], targets[:, first:])

    return loss


def pairs(rows: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return (inputs, targets) of rows (N, T), (N, T - 1) each: moved by one token."""
    return rows[:, :-1], rows[:, 1:]


def gpt_optimizer(model: GPT, learning_rate: float) -> Together:
    """Return Muon for the matrices inside the blocks, AdamW for all other weights."""
    weights = dict(model.named_parameters())
    inside = [w for name, w in weights.items() if "blocks" in name and w.dim() == 2]
    tables = [w for name, w in weights.items() if "blocks" not in name and w.dim() == 2]
    scales = [w for w in weights.values() if w.dim() < 2]
    groups = [{"params": tables}, {"params": scales, "weight_decay": 0.0}]
    adamw = torch.optim.AdamW(
        groups, learning_rate, betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )
    return Together(Muon(inside, learning_rate / 4), adamw)

"""Optimizers written from their formulas."""

import math

import torch


class GradientDescent(torch.optim.Optimizer):
    """Plain gradient descent: theta <- theta - learning_rate * gradient (D0 §4.1).

    Whether it is batch, stochastic or mini-batch gradient descent depends on the batch
    that the gradient was taken on.

    Parameters
    ----------
    parameters : iterable of torch.nn.Parameter
        What to train, as in `model.parameters()`.
    learning_rate : float
        The step size, above 0. Kept in `param_groups` as "lr", where PyTorch's
        schedules look for it.

    Raises
    ------
    ValueError
        If the learning rate is not a finite number above 0.
    """

    def __init__(self, parameters, learning_rate):
        if not (learning_rate > 0 and math.isfinite(learning_rate)):
            raise ValueError(
                f"learning_rate must be a finite number above 0, got {learning_rate}; "
                f"0.01 is a usual first try."
            )
        super().__init__(parameters, {"lr": learning_rate})

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step downhill; `closure`, if given, computes the loss again."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter -= group["lr"] * parameter.grad
        return loss

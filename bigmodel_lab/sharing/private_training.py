"""A `Training` that promises an epsilon: clipped and noisy steps on random batches."""

import math
from collections.abc import Iterator
from itertools import islice

import torch
from torch.utils.data import DataLoader

from bigmodel_lab.from_scratch import privacy, private_sgd
from bigmodel_lab.from_scratch._checks_privacy import (
    check_delta,
    check_limit,
    check_linear,
    check_noise,
)
from bigmodel_lab.training import Training


class PrivateTraining(Training):
    """Train with differential privacy: DP-SGD (Abadi et al. 2016, arXiv 1607.00133).

        training = lab.PrivateTraining(model, loss, optimizer, (X, y), noise=1.0,
                                       epochs=10, batch_size=256).finish()
        training.epsilon

    Each example is in each batch by the toss of a coin, so that batches are
    `batch_size` long on average only: the promise is calculated for that. It supposes
    that nobody knows the `seed`: whoever does can take the noise away again.

    Parameters
    ----------
    model, loss, optimizer, train, **training
        As for `Training`. All weights must be in nn.Linear layers, and the loss a mean
        over the examples; micro-batches and a DataLoader are refused.
    noise : float
        Standard deviation of the noise, in limits; 0 promises nothing.
    limit : float
        The length to which each example's gradient is cut.
    delta : float
        What the promise leaves to chance: below 1 / N.

    Attributes
    ----------
    epsilon : float
        What the steps taken so far promise: infinity without noise, 0 before the first.

    Raises
    ------
    ValueError
        If a layer is not linear or mixes examples, or a setting has no meaning.
    """

    def __init__(
        self,
        model,
        loss,
        optimizer,
        train,
        validation=None,
        *,
        noise: float,
        limit: float = 1.0,
        delta: float = 1e-5,
        **training,
    ):
        check_noise(noise)
        check_limit(limit)
        check_linear(model)
        if isinstance(train, DataLoader) or training.get("micro_batch_size"):
            raise ValueError(
                "Private training draws its batches itself: give train=(X, y), and no "
                "micro_batch_size."
            )
        super().__init__(model, loss, optimizer, train, validation, **training)
        check_delta(delta, len(self.train_data[0]))
        self.noise, self.limit, self.delta = noise, limit, delta

    @property
    def rate(self) -> float:
        """The probability with which an example is in a batch."""
        return min(1.0, self.batch_size / len(self.train_data[0]))

    @property
    def epsilon(self) -> float:
        """What the steps taken so far promise, for `delta`."""
        if self.steps_done == 0:
            return 0.0
        if self.noise == 0:
            return math.inf
        return privacy.epsilon(self.rate, self.noise, self.steps_done, self.delta)

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the rest of this epoch's batches, for each of which all are drawn."""
        epoch, done = divmod(self.steps_done, self.steps_per_epoch)
        coins = torch.Generator().manual_seed(self.seed + 1_000_003 * epoch)
        X, y = self.train_data
        tosses = (
            torch.rand(len(X), generator=coins) for _ in range(self.steps_per_epoch)
        )
        for toss in islice(tosses, done, None):
            rows = (toss < self.rate).to(self.device)
            yield X[rows], y[rows]

    def update(self, X: torch.Tensor, y: torch.Tensor) -> float:
        """Take one clipped and noisy step and return the loss before it."""
        total, loss = private_sgd.clipped_sum(self.model, self.loss, X, y, self.limit)
        if len(X) == 0:  # nobody was drawn: a step of noise, which is as private
            loss = self.losses[-1] if self.losses else 0.0
        self._check_loss(loss, X, y)
        chance = torch.Generator().manual_seed(-1 - self.seed - 7919 * self.steps_done)
        for weights, gradient in zip(self.model.parameters(), total, strict=True):
            gradient = private_sgd.noisy(gradient, self.limit, self.noise, chance)
            weights.grad = gradient / self.batch_size
        self.optimizer.step()
        return loss

"""Training where the data stay: a round is a step, its batch the clients it chooses."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import torch
from torch import nn

from bigmodel_lab.checks import as_tensors, check_batches, positive, whole
from bigmodel_lab.from_scratch import federated
from bigmodel_lab.training import Diverged, Step, Training


class ClientDiverged(Diverged):
    """A client's loss became infinite or NaN; the parameters are those before."""

    def __init__(self, client, step, learning_rate, loss, untouched):
        reason = (
            "nothing has been updated yet, and the data are finite. Look at the loss "
            "(the logarithm of 0?) and at the size of the numbers in X and y."
            if untouched
            else f"the steps are too long. Try learning_rate {learning_rate / 10:g}, "
            f"or standardize the inputs."
        )
        ArithmeticError.__init__(
            self,
            f"The loss of client {client} became {loss} in round {step.number} with "
            f"learning_rate {learning_rate:g}: {reason}",
        )
        self.client, self.step = client, step
        self.learning_rate, self.loss = learning_rate, loss


class FederatedTraining(Training):
    """Train `model` at clients whose data stay with them (federated averaging).

        for step in training:      # a step is a round
            print(step.number, step.loss, training.bytes_sent)

    In each round, each chosen client trains a copy of the model on its own data, by
    SGD; the model becomes the mean of the copies, weighted by the clients' samples.
    What is not named here is as in `Training`; the history has a row for each round.

    Parameters
    ----------
    clients : list of (X, y)
        The data of each client: tensors, arrays or pandas objects.
    rounds : int
        How many rounds to go.
    clients_per_round : int, optional
        How many clients, drawn at random, take part in each; by default, all.
    local_epochs, batch_size : int
        How often a client goes through its data in a round, and how many samples each
        of its steps sees; one with fewer samples takes all at once.
    learning_rate : float
        Of the clients' SGD, without momentum.
    proximal : float
        The loss of a client has proximal / 2 times the squared distance of its weights
        from those it was sent (FedProx), so that clients do not drift apart; 0: none.
    one_class : bool
        Allow clients whose y has one class only.
    seed : int
        Fixes which clients take part in a round, and the order of their samples.

    Attributes
    ----------
    clients : list of (X, y)
        As tensors.
    bytes_sent : int
        What has traveled so far, down and up, in float32.

    Raises
    ------
    ValueError
        If there are no clients, one has no data, bad data or one class only, or a
        number is out of its range.
    Diverged
        While iterating, as soon as a client's loss is not finite; it has the `client`.

    Source: McMahan and others (2017), arXiv 1602.05629; FedProx: Li and others (2020),
    arXiv 1812.06127.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any, Any], torch.Tensor],
        clients: Sequence[Any],
        validation: Any = None,
        rounds: int = 10,
        *,
        clients_per_round: int | None = None,
        local_epochs: int = 1,
        batch_size: int = 32,
        learning_rate: float = 0.1,
        proximal: float = 0.0,
        metrics: Mapping[str, Callable] | None = None,
        one_class: bool = False,
        seed: int = 0,
    ):
        self.local_epochs = whole("local_epochs", local_epochs)
        self.one_class, self.proximal = one_class, _from_zero("proximal", proximal)
        super().__init__(
            model,
            loss,
            torch.optim.SGD(
                model.parameters(), positive("learning_rate", learning_rate)
            ),
            clients,
            validation,
            steps=whole("rounds", rounds),
            batch_size=batch_size,
            measure_every=1,
            metrics=metrics,
            seed=seed,
        )
        self.clients_per_round = len(self.clients)
        if clients_per_round is not None:
            self.clients_per_round = whole("clients_per_round", clients_per_round)
        if self.clients_per_round > len(self.clients):
            raise ValueError(
                f"clients_per_round is {clients_per_round}, but there are only "
                f"{len(self.clients)} clients: choose at most so many."
            )

    def _take_data(self, train, validation, batch_size):
        """Keep the clients' data as checked tensors; an epoch is a round."""
        self.clients = [
            as_tensors(data, self.device, f"client {k}") for k, data in enumerate(train)
        ]
        self.train_data, self.steps_per_epoch = self.clients, 1
        self.batch_size = whole("batch_size", batch_size)
        self._check_clients()
        self.validation = validation
        if validation is not None:
            self.validation = as_tensors(validation, self.device, "validation")

    def _check_clients(self):
        """Raise ValueError unless there are clients, alike, with something to learn."""
        if not self.clients:
            raise ValueError(
                "There are no clients: give a list with an (X, y) of each."
            )
        first = self.clients[0][0].shape[1:]
        for k, (X, y) in enumerate(self.clients):
            if X.shape[1:] != first:
                raise ValueError(
                    f"client {k} has samples of the shape {tuple(X.shape[1:])}, and "
                    f"client 0 of {tuple(first)}: give all the same columns."
                )
            try:
                check_batches(self.model, len(X), min(self.batch_size, len(X)))
            except ValueError as error:
                raise ValueError(f"client {k}: {error}") from None
            classes = [] if y.is_floating_point() else y.unique().tolist()
            if len(classes) == 1 and not self.one_class:
                raise ValueError(
                    f"client {k} has only the class {classes[0]}, and would teach the "
                    f"model to answer nothing else: deal the samples out with another "
                    f"seed, or pass one_class=True to see what happens."
                )

    @property
    def bytes_sent(self) -> int:
        """What has traveled so far, the model down and up in each round, in float32."""
        a_round = federated.bytes_sent(self.model, self.clients_per_round, rounds=1)
        return self.steps_done * a_round

    # -- a round ---------------------------------------------------------------------

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the next round's clients: their numbers, and how many samples each has.

        Seed and round decide which.
        """
        generator = self._generator(len(self.clients))
        chosen = torch.randperm(len(self.clients), generator=generator)
        chosen = chosen[: self.clients_per_round].sort().values
        yield chosen, torch.tensor([len(self.clients[k][0]) for k in chosen])

    def update(self, chosen: torch.Tensor, sizes: torch.Tensor) -> float:
        """Let the chosen clients train, take the mean of their models; return the loss.

        The loss is the mean over all samples that they saw, while they learned.
        """
        states, losses = zip(*map(self.train_client, chosen.tolist()), strict=True)
        average = federated.weighted_average(states, sizes.tolist())
        self.model.load_state_dict(average)
        return (torch.tensor(losses) * sizes).sum().item() / sizes.sum().item()

    def train_client(self, client: int) -> tuple[dict[str, torch.Tensor], float]:
        """Return what a client makes of a copy of the model: state and loss."""
        (X, y), local = self.clients[client], copy.deepcopy(self.model)
        learning_rate = self.optimizer.param_groups[0]["lr"]
        optimizer = torch.optim.SGD(local.parameters(), learning_rate)
        generator, losses = self._generator(client), []
        for _ in range(self.local_epochs):
            order = torch.randperm(len(X), generator=generator)
            for rows in order.to(self.device).split(self.batch_size):
                optimizer.zero_grad()
                loss = self.loss(local(X[rows]), y[rows])
                if not math.isfinite(loss.item()):
                    self._diverged(client, loss.item(), untouched=not losses)
                losses.append(loss.item() * len(rows))
                (loss + self._pull(local)).backward()
                optimizer.step()
        return local.state_dict(), sum(losses) / (self.local_epochs * len(X))

    def _pull(self, local):
        """Return what holds a client's weights near those that it was sent."""
        if not self.proximal:
            return 0.0
        pairs = zip(local.parameters(), self.model.parameters(), strict=True)
        distance = sum((ours - sent.detach()).square().sum() for ours, sent in pairs)
        return self.proximal / 2 * distance

    def _diverged(self, client, loss, untouched):
        """Raise `Diverged` for a client's loss."""
        step = Step(self.steps_done + 1, self.steps_done + 1, loss)
        learning_rate = self.optimizer.param_groups[0]["lr"]
        untouched = untouched and self.steps_done == 0
        raise ClientDiverged(client, step, learning_rate, loss, untouched)

    def _generator(self, client):
        """Return a generator of a client's own for the present round."""
        number = self.steps_done * (len(self.clients) + 1) + client
        return torch.Generator().manual_seed(self.seed + 1_000_003 * number)


def _from_zero(name, value):
    """Return `value`; ValueError if it is not a finite number from 0 on."""
    if not (isinstance(value, Real) and 0 <= value < math.inf):
        raise ValueError(f"{name} must be a finite number from 0 on, got {value!r}.")
    return value

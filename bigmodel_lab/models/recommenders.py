"""Will this user like this film? Factorization machines, alone and with a network.

A row has F fields (user, film, decade, ...), each with an id among the field's values,
counted from 0. Every value has a weight and a vector: where vectors point the same way,
the values go well together.
"""

from collections.abc import Sequence

import torch
from torch import nn

from bigmodel_lab.models._checks_recommenders import check_ids, check_sizes


class FieldVectors(nn.Module):
    """Look up the vector of each field's value: ids (N, F) -> vectors (N, F, D).

    Parameters
    ----------
    sizes : sequence of int
        How many values each of the F fields has.
    dimensions : int
        D, the size of a vector.

    Raises
    ------
    ValueError
        If there are no fields; in use, if an id is none of its field's.
    """

    def __init__(self, sizes: Sequence[int], dimensions: int):
        super().__init__()
        check_sizes(sizes)
        self.register_buffer("sizes", torch.tensor(sizes))
        # All fields share one table; each begins where the one before it ends.
        self.register_buffer("first", self.sizes.cumsum(0) - self.sizes)
        self.vectors = nn.Embedding(sum(sizes), dimensions)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the vectors (N, F, D) of ids (N, F)."""
        check_ids(ids, self.sizes)
        return self.vectors(ids + self.first)


def bi_interaction(vectors: torch.Tensor) -> torch.Tensor:
    """Return the sum over all pairs of fields of their products: (N, F, D) -> (N, D).

    Without a loop over pairs: (a + b)^2 is a^2 + b^2 and twice the product ab (Rendle,
    2010, lemma 3.1). The name is that of He and Chua.
    """
    return (vectors.sum(1) ** 2 - (vectors**2).sum(1)) / 2


class FactorizationMachine(nn.Module):
    """Weights of single values and products of pairs: ids (N, F) -> logits (N,).

    Rendle (2010), *Factorization machines*.

    Parameters
    ----------
    sizes : sequence of int
        How many values each of the F fields has.
    dimensions : int
        The size of a value's vector.

    Raises
    ------
    ValueError
        If there are no fields; in use, if an id is none of its field's.
    """

    def __init__(self, sizes: Sequence[int], dimensions: int = 16):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        self.weights = FieldVectors(sizes, 1)
        self.fields = FieldVectors(sizes, dimensions)
        # At first all values are alike; vectors of zeros would never learn.
        nn.init.zeros_(self.weights.vectors.weight)
        nn.init.normal_(self.fields.vectors.weight, std=0.05)

    def linear(self, ids: torch.Tensor) -> torch.Tensor:
        """Return what the values say one by one: bias + weights, (N,)."""
        return self.bias + self.weights(ids).sum((1, 2))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of ids (N, F)."""
        return self.linear(ids) + bi_interaction(self.fields(ids)).sum(1)


class MatrixFactorization(FactorizationMachine):
    """A user's vector times a film's, and their weights: ids (N, 2) -> logits (N,).

    Koren, Bell and Volinsky (2009), *Matrix factorization techniques for recommender
    systems*. It is the factorization machine of two fields. The parameters and errors
    are those of `FactorizationMachine`; `sizes` has two numbers.
    """

    def __init__(self, sizes: Sequence[int], dimensions: int = 16):
        check_sizes(sizes, exactly=2)
        super().__init__(sizes, dimensions)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of ids (N, 2)."""
        user, film = self.fields(ids).unbind(1)  # (N, D) each
        return self.linear(ids) + (user * film).sum(1)


class DeepFM(FactorizationMachine):
    """A factorization machine plus a network on the same vectors: (N, F) -> (N,).

    Guo and others (2017), *DeepFM: a factorization-machine based neural network for CTR
    prediction*, arXiv 1703.04247.

    Parameters
    ----------
    sizes, dimensions
        As in `FactorizationMachine`, and so are the errors.
    hidden : sequence of int
        The sizes of the network's hidden layers.
    dropout : float
        Share of each hidden layer that is left out at random in training.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        dimensions: int = 16,
        hidden: Sequence[int] = (64, 32),
        dropout: float = 0.2,
    ):
        super().__init__(sizes, dimensions)
        self.network = _network(len(sizes) * dimensions, hidden, dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of ids (N, F)."""
        vectors = self.fields(ids)
        # The network sees all vectors side by side, and may find more than pairs.
        deep = self.network(vectors.flatten(1))
        return self.linear(ids) + bi_interaction(vectors).sum(1) + deep


class NeuralFM(FactorizationMachine):
    """A network after the products of pairs: ids (N, F) -> logits (N,).

    He and Chua (2017), *Neural factorization machines for sparse predictive analytics*,
    arXiv 1708.05027; without its batch normalization.

    Parameters
    ----------
    sizes, dimensions
        As in `FactorizationMachine`, and so are the errors.
    hidden : sequence of int
        The sizes of the network's hidden layers; with none it only weighs products.
    dropout : float
        Share of the products, and of each hidden layer, that is left out at random in
        training.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        dimensions: int = 16,
        hidden: Sequence[int] = (64, 32),
        dropout: float = 0.2,
    ):
        super().__init__(sizes, dimensions)
        self.dropout = nn.Dropout(dropout)
        self.network = _network(dimensions, hidden, dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N,) of ids (N, F)."""
        products = bi_interaction(self.fields(ids))  # (N, D): summed over pairs only
        return self.linear(ids) + self.network(self.dropout(products))


class PairwiseRanking(nn.Module):
    """How much more a user wants a film than another: ids (N, F) -> differences (N,).

    The other film is drawn at random, anew each time. Trained to say yes to each row
    (binary cross-entropy with labels of 1) it is Bayesian personalized ranking: Rendle
    and others (2009), arXiv 1205.2618.

    Parameters
    ----------
    model : nn.Module
        Ids (N, F) -> logits (N,), such as a `MatrixFactorization`. It is what learns.
    films : tensor of shape (films, F - 1)
        Each film's ids, as they stand in a row after the user's.

    Raises
    ------
    ValueError
        In use, as the model does.
    """

    def __init__(self, model: nn.Module, films: torch.Tensor):
        super().__init__()
        self.model = model
        self.register_buffer("films", films)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the differences (N,) of logits."""
        drawn = torch.randint(len(self.films), (len(ids),), device=ids.device)
        wanted = self.model(ids)
        return wanted - self.model(torch.cat([ids[:, :1], self.films[drawn]], dim=1))


def _network(inputs, hidden, dropout):
    """Return a network (N, inputs) -> (N,): hidden layers, ReLU and dropout."""
    layers = []
    for outputs in hidden:
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Linear(inputs, 1), nn.Flatten(0))

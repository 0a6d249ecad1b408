"""Fine-tuning: an encoder that others have trained learns to sort texts."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Sampler

from bigmodel_lab.models._checks_texts import check_labels
from bigmodel_lab.models.encoder import Encoder
from bigmodel_lab.models.sentences import PAD, in_batches, padded
from bigmodel_lab.training import Training

HEAD = 20  # times the encoder's rate: what knows nothing yet has further to go


class TextClassifier(nn.Module):
    """Sort texts into classes: ids (N, T), 0 at pads -> logits (N, C).

    An encoder, the mean of its vectors, and one layer; it begins by calling all
    classes equally probable.

    Parameters
    ----------
    encoder : Encoder
        Trained along with the layer, in place.
    classes : int
        How many there are.
    """

    def __init__(self, encoder: Encoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.tokens.embedding_dim, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, C) of ids (N, T)."""
        return self.head(self.encoder.mean(ids, ids != PAD))


def fine_tuning(
    classifier: TextClassifier,
    ids: Sequence[list[int]],
    labels: torch.Tensor,
    *,
    learning_rate: float = 1e-4,
    batch_size: int = 32,
    **options,
) -> Training:
    """Return a `Training` of a classifier on texts, lists of ids of any lengths.

    AdamW; the rate rises for a tenth of the steps, then falls to 0 (Devlin and others,
    2019). A batch holds texts of about one length.

    Parameters
    ----------
    classifier : TextClassifier
        Trained in place.
    ids : list of lists of int
        N texts, as the tokenizer of the encoder cuts them.
    labels : torch.Tensor
        (N,) the class of each, from 0.
    learning_rate : float
        The encoder's highest one; the layer on top has twenty times that.
    batch_size : int
        How many texts a step sees.
    **options
        More of what `Training` takes: `epochs`, `steps`, `seed`.

    Raises
    ------
    ValueError
        If there are no texts, one has no tokens, or a label is not a class.
    """
    check_labels(ids, labels, classifier.head.out_features)
    groups = [
        {"params": classifier.encoder.parameters()},
        {"params": classifier.head.parameters(), "lr": HEAD * learning_rate},
    ]
    batches = SimilarLengths([len(text) for text in ids], batch_size)
    return Training(
        classifier,
        F.cross_entropy,
        torch.optim.AdamW(groups, learning_rate, fused=True),
        train=DataLoader(Texts(ids, labels), batch_size=None, sampler=batches),
        max_gradient_norm=1.0,
        schedule=up_and_down,
        **options,
    )


def up_and_down(step: int, steps: int) -> float:
    """Return the factor on the rate: up to 1 for a tenth of the steps, down to 0."""
    rise = 0.1 * steps
    return min(1, (step + 1) / rise, (steps - step) / (steps - rise))


class Texts(Dataset):
    """Texts and their labels, of which a whole batch is asked for at once."""

    def __init__(self, ids, labels):
        self.ids, self.labels = ids, labels

    def __len__(self):
        """Return how many there are."""
        return len(self.ids)

    def __getitem__(self, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return padded ids (N, T) and labels (N,) of the texts `chosen`, (N,)."""
        rows, _ = padded([self.ids[i] for i in chosen.tolist()])
        return rows, self.labels[chosen]


class SimilarLengths(Sampler):
    """Batches of texts that are about equally long, others in every epoch.

    Each length is changed at random by up to a tenth before the texts are sorted: next
    to nothing is spent on pads, yet a text meets others each time.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int):
        self.lengths = torch.tensor(lengths, dtype=torch.float)
        self.batch_size = batch_size
        self.generator = None  # `Training` sets one for each epoch

    def __len__(self):
        """Return how many batches an epoch has."""
        return -(-len(self.lengths) // self.batch_size)  # rounded up

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Yield which texts make a batch, (N,), in random order."""
        noise = torch.rand(len(self.lengths), generator=self.generator)
        order = (self.lengths * (1 + 0.1 * noise)).argsort()
        batches = order.split(self.batch_size)
        for number in torch.randperm(len(batches), generator=self.generator):
            yield batches[number]


def logits(
    classifier: TextClassifier, ids: Sequence[list[int]], batch_size: int = 32
) -> torch.Tensor:
    """Return the logits (N, C) of texts, in their order: for `lab.accuracy`."""
    return in_batches(lambda rows, _: classifier(rows), ids, batch_size)

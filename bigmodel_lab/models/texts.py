"""Topics from words: a bag of word vectors, a text CNN, an LSTM."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.models.start import start_lstm_as_in_keras


class EmbeddingBagClassifier(nn.Module):
    """Classify a text by the sum of its words' vectors: ids (N, L) -> logits (N, C).

    The words of a text are weighed by `word_weights`, scaled to length 1. With the idf
    of each word, that is a tf-idf row times the matrix of word vectors, without the
    row's zeros. After fastText (Joulin and others, 2016), which weighs all words alike.

    Parameters
    ----------
    vocabulary_size, classes : int
        V and C; id 0 is padding, and weighs nothing.
    dimensions : int, optional
        Size of a word's vector; then come ReLU, dropout and a linear layer. If not
        given, a word's vector holds its votes for the C classes: softmax regression.
    word_weights : torch.Tensor, optional
        (V,); by default, all 1.
    dropout : float
        Share of the text's vector that is left out at random in training.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        dimensions: int | None = None,
        word_weights: torch.Tensor | None = None,
        dropout: float = 0.5,
    ):
        super().__init__()
        if word_weights is None:
            word_weights = torch.ones(vocabulary_size)
        # A buffer moves to the device and into checkpoints, but is not trained.
        self.register_buffer("word_weights", word_weights.clone())  # (V,)
        self.word_weights[0] = 0  # padding
        self.vectors = _word_vectors(vocabulary_size, dimensions or classes)
        self.bias = nn.Parameter(torch.zeros(dimensions or classes))
        self.head = nn.Identity()
        if dimensions:
            self.head = nn.Sequential(
                nn.ReLU(), nn.Dropout(dropout), nn.Linear(dimensions, classes)
            )

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, C) of ids (N, L)."""
        # Look up the weight of each word, and scale each text's weights to length 1.
        weights = F.normalize(self.word_weights[ids], dim=1)  # (N, L)
        # Add up the words' vectors, each times its weight. The order of the words is
        # lost: hence a bag.
        bag = F.embedding_bag(
            ids, self.vectors.weight, per_sample_weights=weights, mode="sum"
        )  # (N, D)
        return self.head(bag + self.bias)


class TextCNN(nn.Module):
    """The convolutional network of Kim (2014): ids (N, L) -> logits (N, C).

    A filter reads `width` successive words at a time; its strongest answer counts,
    wherever that is in the text.

    Parameters
    ----------
    vocabulary_size, classes, dimensions : int
        V, C, and the size D of a word's vector; id 0 is padding.
    filters : int
        How many filters there are of each width.
    widths : sequence of int
        How many words a filter reads at a time.
    dropout : float
        Share of the features that is left out at random in training.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        dimensions: int = 64,
        filters: int = 64,
        widths: Sequence[int] = (2, 3),
        dropout: float = 0.5,
    ):
        super().__init__()
        self.vectors = _word_vectors(vocabulary_size, dimensions)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(dimensions, filters, width) for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(filters * len(widths), classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, C) of ids (N, L)."""
        # A text can be shorter than a filter: fill it up with padding.
        missing = max(c.kernel_size[0] for c in self.convolutions) - ids.shape[1]
        ids = F.pad(ids, (0, max(missing, 0)))
        # A convolution expects the dimensions of a word where an image has its colors.
        words = self.vectors(ids).transpose(1, 2)  # (N, D, L)
        # Of each filter keep the strongest answer; one (N, filters) for each width. Max
        # and ReLU can swap places, as in `conv_block`.
        features = [
            convolution(words).amax(2).relu() for convolution in self.convolutions
        ]
        return self.linear(self.dropout(torch.cat(features, 1)))


class TextLSTM(nn.Module):
    """The network of D4 §4.3: embedding, LSTM, dense layer: ids (N, L) -> (N, C).

    The LSTM (Hochreiter and Schmidhuber, 1997) reads a text from left to right. Its
    logits come from the state after the last word, padding left out, or with
    `pool="max"` from the largest value of each unit after any word.

    Parameters
    ----------
    vocabulary_size, classes, dimensions : int
        V, C, and the size of a word's vector; id 0 is padding, at the end of a text.
    hidden : int
        How many numbers the state has.
    pool : str
        "last" or "max".
    dropout : float
        Share of the state that is left out at random in training.
    both_directions : bool
        Whether a second LSTM reads the text from its end, for a state twice as long.
    start : str
        Whose first weights the LSTM has: "keras", which D4 uses, or "pytorch".

    Raises
    ------
    ValueError
        If `pool` or `start` is another word.
    """

    def __init__(
        self,
        vocabulary_size: int,
        classes: int,
        dimensions: int = 64,
        hidden: int = 64,
        pool: str = "last",
        dropout: float = 0.5,
        both_directions: bool = False,
        start: str = "keras",
    ):
        super().__init__()
        if pool not in ("last", "max"):
            raise ValueError(f'pool must be "last" or "max", got {pool!r}.')
        if start not in ("keras", "pytorch"):
            raise ValueError(f'start must be "keras" or "pytorch", got {start!r}.')
        self.pool = pool
        self.vectors = _word_vectors(vocabulary_size, dimensions)
        self.lstm = nn.LSTM(dimensions, hidden, batch_first=True)
        self.from_the_end = None
        if both_directions:
            self.from_the_end = nn.LSTM(dimensions, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden * (1 + both_directions), classes)
        if start == "keras":
            for lstm in filter(None, (self.lstm, self.from_the_end)):
                start_lstm_as_in_keras(lstm)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (N, C) of ids (N, L)."""
        state = self._read(ids, self.lstm)
        if self.from_the_end is not None:
            back = self._read(_turned_around(ids), self.from_the_end)
            state = torch.cat([state, back], 1)
        return self.linear(self.dropout(state))

    def _read(self, ids, lstm):
        """Return the state (N, hidden) that stands for each text."""
        # The state after each word: what the LSTM remembers of the text so far.
        states, _ = lstm(self.vectors(ids))  # (N, L, hidden)
        if self.pool == "max":
            # All states lie between -1 and 1, so -1 at padding never is the largest.
            padding = (ids == 0).unsqueeze(2)  # (N, L, 1)
            return states.masked_fill(padding, -1).amax(1)
        # The last word of a text with n words is at place n - 1; padding follows.
        lengths = (ids != 0).sum(1).clamp_min(1)  # (N,)
        return states[torch.arange(len(ids)), lengths - 1]


def _turned_around(ids):
    """Return ids (N, L) with each text's words in reverse; padding stays behind."""
    places = torch.arange(ids.shape[1], device=ids.device)
    from_end = (ids != 0).sum(1, keepdim=True) - 1 - places  # (N, L); < 0 at padding
    return ids.gather(1, torch.where(from_end < 0, places, from_end))


def _word_vectors(vocabulary_size, dimensions):
    """Return an embedding whose vectors start small, and at 0 for padding."""
    vectors = nn.Embedding(vocabulary_size, dimensions, padding_idx=0)
    # PyTorch draws from N(0, 1): what is learned from few texts would be lost in noise.
    nn.init.normal_(vectors.weight, std=0.1)
    with torch.no_grad():
        vectors.weight[0] = 0
    return vectors

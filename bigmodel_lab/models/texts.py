"""Topics from words: a bag of word vectors, a text CNN, an LSTM."""

import torch
from torch import nn
from torch.nn import functional as F


class EmbeddingBagClassifier(nn.Module):
    """Classify a text by the sum of its words' vectors: ids (N, L) -> logits (N, C).

    A text's words weigh `word_weights`, scaled to length 1. With the idf of each word
    that is a tf-idf row times the matrix of word vectors, without the row's zeros.
    After fastText (Joulin and others, 2016), which weighs all words alike.

    Parameters
    ----------
    vocabulary_size, classes : int
        V and C; id 0 is padding, and weighs nothing.
    dimensions : int, optional
        Of a word's vector; then come ReLU, dropout and a linear layer. If not given, a
        word's vector holds its votes for the C classes: softmax regression.
    word_weights : tensor, optional
        (V,), all 1 if not given.
    """

    def __init__(
        self,
        vocabulary_size,
        classes,
        dimensions=None,
        word_weights=None,
        dropout=0.5,
    ):
        super().__init__()
        if word_weights is None:
            word_weights = torch.ones(vocabulary_size)
        self.register_buffer("word_weights", word_weights.clone())  # (V,)
        self.word_weights[0] = 0  # padding
        self.vectors = _word_vectors(vocabulary_size, dimensions or classes)
        self.bias = nn.Parameter(torch.zeros(dimensions or classes))
        self.head = (
            nn.Sequential(
                nn.ReLU(), nn.Dropout(dropout), nn.Linear(dimensions, classes)
            )
            if dimensions
            else nn.Identity()
        )

    def forward(self, ids):
        """Return the logits (N, C) of ids (N, L)."""
        weights = F.normalize(self.word_weights[ids], dim=1)  # (N, L)
        bag = F.embedding_bag(
            ids, self.vectors.weight, per_sample_weights=weights, mode="sum"
        )  # (N, D)
        return self.head(bag + self.bias)


class TextCNN(nn.Module):
    """The convolutional network of Kim (2014): ids (N, L) -> logits (N, C).

    A filter reads `width` words that follow each other; where it answers most counts,
    wherever that is in the text.
    """

    def __init__(
        self,
        vocabulary_size,
        classes,
        dimensions=64,
        filters=64,
        widths=(2, 3),
        dropout=0.5,
    ):
        super().__init__()
        self.vectors = _word_vectors(vocabulary_size, dimensions)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(dimensions, filters, width) for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(filters * len(widths), classes)

    def forward(self, ids):
        """Return the logits (N, C) of ids (N, L)."""
        missing = max(c.kernel_size[0] for c in self.convolutions) - ids.shape[1]
        ids = F.pad(ids, (0, max(missing, 0)))  # a text can be shorter than a filter
        words = self.vectors(ids).transpose(1, 2)  # (N, D, L)
        features = [  # Max and ReLU commute, as in `digit_cnn`.
            convolution(words).amax(2).relu() for convolution in self.convolutions
        ]  # of each width (N, filters)
        return self.linear(self.dropout(torch.cat(features, 1)))


class TextLSTM(nn.Module):
    """The network of D4 §4.3: embedding, LSTM, dense layer: ids (N, L) -> (N, C).

    The LSTM (Hochreiter and Schmidhuber, 1997) reads a text from left to right. Its
    logits come from the state after the last word, padding left out, or with
    `pool="max"` from the largest value of each unit after any word.
    """

    def __init__(
        self,
        vocabulary_size,
        classes,
        dimensions=64,
        hidden=64,
        pool="last",
        dropout=0.5,
    ):
        super().__init__()
        if pool not in ("last", "max"):
            raise ValueError(f'pool must be "last" or "max", got {pool!r}.')
        self.pool = pool
        self.vectors = _word_vectors(vocabulary_size, dimensions)
        self.lstm = nn.LSTM(dimensions, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden, classes)

    def forward(self, ids):
        """Return the logits (N, C) of ids (N, L)."""
        states, _ = self.lstm(self.vectors(ids))  # (N, L, hidden)
        if self.pool == "max":
            padding = (ids == 0).unsqueeze(2)  # (N, L, 1)
            state = states.masked_fill(padding, -1).amax(1)  # states lie in (-1, 1)
        else:
            lengths = (ids != 0).sum(1).clamp_min(1)  # (N,)
            state = states[torch.arange(len(ids)), lengths - 1]
        return self.linear(self.dropout(state))  # from (N, hidden)


def _word_vectors(vocabulary_size, dimensions):
    """Return an embedding whose vectors start small, that of padding at 0."""
    vectors = nn.Embedding(vocabulary_size, dimensions, padding_idx=0)
    # PyTorch draws from N(0, 1): what few texts teach would drown in it.
    nn.init.normal_(vectors.weight, std=0.1)
    with torch.no_grad():
        vectors.weight[0] = 0
    return vectors

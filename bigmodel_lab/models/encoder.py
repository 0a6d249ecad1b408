"""A Transformer that reads a whole text at once, and the weights of one (D2 §1.4)."""

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.attention import join_heads, split_heads


class Encoder(nn.Module):
    """Give each token a vector that knows the whole text: ids (N, T) -> (N, T, d).

    BERT (Devlin and others, 2019). Unlike `GPT`, a place looks at later ones, too: good
    for judging a text, useless for writing one.

    Parameters
    ----------
    vocabulary_size, length : int
        How many tokens there are, and how many places at most.
    dimensions, layers, heads : int
        How wide and deep it is, and how many heads share the width.
    """

    def __init__(
        self,
        vocabulary_size: int,
        length: int = 512,
        dimensions: int = 384,
        layers: int = 6,
        heads: int = 12,
    ):
        super().__init__()
        self.length = length
        self.tokens = nn.Embedding(vocabulary_size, dimensions)
        self.places = nn.Embedding(length, dimensions)
        self.norm = _norm(dimensions)
        self.blocks = nn.ModuleList(
            EncoderBlock(dimensions, heads) for _ in range(layers)
        )

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the vectors (N, T, d) of ids (N, T); `mask` (N, T) is False at pads.

        Raises
        ------
        ValueError
            If a text is longer than `length`.
        """
        if ids.shape[1] > self.length:
            raise ValueError(
                f"A text has {ids.shape[1]} tokens, and this encoder reads "
                f"{self.length} at most: cut it off."
            )
        x = self.norm(self.tokens(ids) + self.places.weight[: ids.shape[1]])
        for block in self.blocks:
            x = block(x, mask)
        return x

    def mean(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return one vector for each text, (N, d): the mean of its tokens'."""
        weights = mask[..., None].to(self.tokens.weight)  # (N, T, 1)
        total = (self(ids, mask) * weights).sum(1)  # pads do not count
        return total / weights.sum(1)

    def embed(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return one vector of length 1 for each text, (N, d): in the mean's direction.

        Sentence-BERT (Reimers and Gurevych, 2019). The product of two is their cosine.
        """
        return F.normalize(self.mean(ids, mask), dim=-1)


class EncoderBlock(nn.Module):
    """Gather from all places, then think at each by itself: (N, T, d) -> (N, T, d)."""

    def __init__(self, dimensions, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (
            nn.Linear(dimensions, dimensions) for _ in range(4)
        )
        self.grow = nn.Linear(dimensions, 4 * dimensions)
        self.shrink = nn.Linear(4 * dimensions, dimensions)
        self.norm1, self.norm2 = _norm(dimensions), _norm(dimensions)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return what each place knows afterward; `mask` (N, T) is False at pads."""
        layers = self.query, self.key, self.value
        q, k, v = (split_heads(layer(x), self.heads) for layer in layers)
        gathered = F.scaled_dot_product_attention(q, k, v, mask[:, None, None])
        # BERT's order, older than GPT-2's: first add, then the norm.
        x = self.norm1(x + self.output(join_heads(gathered)))
        return self.norm2(x + self.shrink(F.gelu(self.grow(x))))


def _norm(dimensions):
    """Return BERT's norm, whose tiny number is smaller than PyTorch's."""
    return nn.LayerNorm(dimensions, eps=1e-12)

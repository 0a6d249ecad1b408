"""A GPT: the network that writes one token after the other (D2 §1.4, D4 §1)."""

import torch
from torch import nn
from torch.nn import functional as F

from bigmodel_lab.from_scratch.attention import (
    SelfAttention,
    join_heads,
)
from bigmodel_lab.models._checks_gpt import check_ids, check_sizes


class GPT(nn.Module):
    """Predict each next token of a text: ids (N, T) -> logits (N, T, V).

    GPT-2 (Radford and others, 2019) without biases and, on demand, with rotary
    positions. The head shares the embedding's weights.

    Parameters
    ----------
    vocabulary_size, length : int
        V, and the largest T.
    dimensions, layers, heads : int
        How wide and deep it is, and how many heads share the width.
    positions : str
        "learned", a vector for each place; "rotary"; "both"; or "none".
    dropout : float
        Share of what each block adds that is left out at random in training: for many
        epochs on the same texts.
    causal : bool
        False for a model that sees both sides of each place, and cannot write.

    Raises
    ------
    ValueError
        If `dimensions` cannot be shared out among the heads, a size is below 1, or
        `positions` is another word.
    """

    def __init__(
        self,
        vocabulary_size: int,
        length: int,
        dimensions: int = 96,
        layers: int = 3,
        heads: int = 4,
        positions: str = "learned",
        dropout: float = 0.0,
        causal: bool = True,
    ):
        super().__init__()
        self.settings = {
            "vocabulary_size": vocabulary_size,
            "length": length,
            "dimensions": dimensions,
            "layers": layers,
            "heads": heads,
            "positions": positions,
            "dropout": dropout,
            "causal": causal,
        }
        check_sizes(self.settings)
        self.length = length
        self.tokens = nn.Embedding(vocabulary_size, dimensions)
        self.places = None
        if positions in ("learned", "both"):
            self.places = nn.Embedding(length, dimensions)
        rotary = positions in ("rotary", "both")
        self.blocks = nn.ModuleList(
            Block(dimensions, heads, rotary, dropout) for _ in range(layers)
        )
        for block in self.blocks:
            block.attention.causal = causal
        self.norm = norm(dimensions)
        self.start()

    def start(self) -> None:
        """Draw the first weights: small, so that all tokens are as likely at first."""
        for name, weight in self.named_parameters():
            if weight.dim() < 2:
                continue
            # Each block adds two results to the stream: they start smaller, so that
            # their sum does not grow with the depth (Radford and others, 2019).
            last = name.endswith(("output.weight", "shrink.weight"))
            std = 0.02 / (2 * len(self.blocks)) ** 0.5 if last else 0.02
            nn.init.normal_(weight, std=std)

    def embed(self, ids, first=0):
        """Return the vectors (N, T, d) of tokens that begin at place `first`."""
        x = self.tokens(ids)
        if self.places is not None:
            x = x + self.places.weight[first : first + ids.shape[1]]
        return x

    def forward(
        self, ids: torch.Tensor, cache: list[list] | None = None
    ) -> torch.Tensor:
        """Return the logits (N, T, V) of the token after each of ids (N, T).

        A `cache`, from `new_cache()`, keeps keys and values: ids are then the tokens
        after those that it was called with before.

        Raises
        ------
        ValueError
            If there are more places than `length`, or an id has no token.
        """
        first = cache[0][0].shape[2] if cache and cache[0] else 0
        check_ids(ids, first, self.settings)
        x = self.embed(ids, first)
        for i, block in enumerate(self.blocks):
            x = block(x, None if cache is None else cache[i])
        # The head asks each token's vector how well it fits: weights used twice.
        return F.linear(self.norm(x), self.tokens.weight)

    def new_cache(self) -> list[list]:
        """Return an empty cache, one list for each block."""
        return [[] for _ in self.blocks]

    @torch.no_grad()
    def attention_maps(self, ids: torch.Tensor) -> torch.Tensor:
        """Return how much each place of ids (N, T) looks at each other one.

        (layers, N, heads, T, T), rows that sum to 1.
        """
        check_ids(ids, 0, self.settings)
        x, maps = self.embed(ids), []
        for block in self.blocks:
            maps.append(block.attention.weights(block.norm1(x)))
            x = block(x)
        return torch.stack(maps)


def norm(dimensions: int) -> nn.LayerNorm:
    """Return a layer that brings each place's vector to mean 0 and spread 1."""
    return nn.LayerNorm(dimensions, bias=False)


class Block(nn.Module):
    """Gather from other places, then think at each place by itself: (N, T, d)."""

    def __init__(self, dimensions, heads, rotary, dropout):
        super().__init__()
        self.norm1, self.norm2 = norm(dimensions), norm(dimensions)
        self.attention = Attention(dimensions, heads, rotary)
        self.grow = nn.Linear(dimensions, 4 * dimensions, bias=False)
        self.shrink = nn.Linear(4 * dimensions, dimensions, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, cache: list | None = None) -> torch.Tensor:
        """Return the stream x (N, T, d), each place with what it has learned here."""
        # Both results are added to the stream: gradients pass by, whatever they are.
        x = x + self.dropout(self.attention(self.norm1(x), cache))
        thought = self.shrink(F.gelu(self.grow(self.norm2(x))))
        return x + self.dropout(thought)


class Attention(SelfAttention):
    """Self-attention by PyTorch's fused kernel; it can remember earlier places."""

    def forward(self, x: torch.Tensor, cache: list | None = None) -> torch.Tensor:
        """Return what each place gathers, (N, T, d); the cache gets keys and values."""
        first = cache[0].shape[2] if cache else 0
        q, k, v = self.heads_of(x, first)  # (N, H, T, D) each
        if cache is not None:
            if first:  # keys and values of earlier places never change
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = k, v
        mask = None
        if first and x.shape[1] > 1 and self.causal:
            # is_causal would align its triangle with the first key of the cache.
            mask = self.mask(first + x.shape[1], first).to(x.device)
        y = F.scaled_dot_product_attention(
            q, k, v, mask, is_causal=self.causal and not first, scale=self.scale
        )
        return self.output(join_heads(y))

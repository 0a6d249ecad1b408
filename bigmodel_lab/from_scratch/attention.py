"""Attention from its formula: scores, mask, heads, positions (D2 §1.4, §2.1).

Shapes: N texts, H heads, T places, D numbers for a place and head.
"""

import torch
from torch import nn

from bigmodel_lab.from_scratch._checks_attention import check_heads, check_pairs


def causal_mask(places: int, first: int = 0) -> torch.Tensor:
    """Return which places each place may look at: itself and those before it.

    (places - first, places) of bool: row t belongs to place first + t.
    """
    # A place that saw the next one would copy the answer instead of predicting it.
    allowed = torch.ones(places, places, dtype=torch.bool).tril()  # (T, T)
    # Places before `first` were asked already, and their answers are kept.
    return allowed[first:]


def attention_weights(
    q: torch.Tensor,
    k: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    """Return how much each place looks at each other one: softmax(q kᵀ / √D).

    q is (..., T, D), k is (..., S, D), the mask (T, S); the weights (..., T, S) of a
    place sum to 1 (Vaswani and others, 2017). `scale` replaces 1 / √D.
    """
    # What a place asks for (query) meets what each place offers (key): the better they
    # agree, the larger their dot product.
    scores = q @ k.mT  # (..., T, S)
    # A sum of D products has a spread of √D. Divided by it, the scores start near 1 in
    # size; larger ones would saturate the softmax, and its gradient would vanish.
    scores = scores * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        # exp(-inf) is 0: such a place gets no weight, and the others share it.
        scores = scores.masked_fill(~mask.to(scores.device), float("-inf"))
    return scores.softmax(-1)


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    """Return what each place gathers: the mean of the values, by its weights.

    v is (..., S, D), the result (..., T, D); the rest as in `attention_weights`.
    """
    return attention_weights(q, k, mask, scale) @ v


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Return (N, T, H·D) as (N, H, T, D): each head gets a slice of the numbers.

    Raises ValueError if the numbers of a place cannot be shared out evenly.
    """
    check_heads(x.shape[-1], heads)
    # First cut the last dimension in two, then bring the heads before the places: a
    # reshape in one step would mix up places and heads.
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: torch.Tensor) -> torch.Tensor:
    """Return (N, H, T, D) as (N, T, H·D): the way back from `split_heads`."""
    return x.transpose(1, 2).flatten(-2)


def rotate(x: torch.Tensor, first: int = 0, base: float = 1000.0) -> torch.Tensor:
    """Return queries or keys (..., T, D) turned by their place (Su and others, 2021).

    Pairs of numbers are points in a plane; that of place t is turned by t times an
    angle. The dot product of a query and a key then depends on how far apart they are,
    not on where they stand. `first` is the place of the first one.

    Raises ValueError if D is odd.
    """
    check_pairs(x.shape[-1])
    half = x.shape[-1] // 2
    # Each plane has its own speed, from 1 radian a place down to 1 / base: the fast
    # ones tell neighbors apart, the slow ones far places.
    speeds = base ** (-torch.arange(half, device=x.device) / half)  # (D/2,)
    places = torch.arange(first, first + x.shape[-2], device=x.device)
    angles = places[:, None] * speeds  # (T, D/2)
    a, b = x[..., :half], x[..., half:]  # the two coordinates of every point
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class SelfAttention(nn.Module):
    """Multi-head self-attention, as in nn.MultiheadAttention without biases.

    Parameters
    ----------
    dimensions : int
        How many numbers a place has, (N, T, dimensions) in and out.
    heads : int
        How many times to attend, each on its share of the numbers.
    rotary : bool
        Whether to turn queries and keys by their places (`rotate`).
    """

    def __init__(self, dimensions: int, heads: int, rotary: bool = False):
        super().__init__()
        check_heads(dimensions, heads)
        self.heads, self.rotary = heads, rotary
        self.causal, self.scale = True, None  # to be changed for an experiment
        # Three views of a place: what it asks, what it offers, what it tells.
        self.query = nn.Linear(dimensions, dimensions, bias=False)
        self.key = nn.Linear(dimensions, dimensions, bias=False)
        self.value = nn.Linear(dimensions, dimensions, bias=False)
        # The heads have worked side by side; this lets them mix.
        self.output = nn.Linear(dimensions, dimensions, bias=False)

    def heads_of(self, x: torch.Tensor, first: int = 0) -> tuple[torch.Tensor, ...]:
        """Return q, k, v of x (N, T, H·D), each (N, H, T, D); x begins at `first`."""
        layers = self.query, self.key, self.value
        q, k, v = (split_heads(layer(x), self.heads) for layer in layers)
        return (rotate(q, first), rotate(k, first), v) if self.rotary else (q, k, v)

    def mask(self, places: int, first: int = 0) -> torch.Tensor | None:
        """Return the causal mask, or None if every place may look at all others."""
        return causal_mask(places, first) if self.causal else None

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Return the weights (N, H, T, T) of each head, to look at."""
        q, k, _ = self.heads_of(x)
        return attention_weights(q, k, self.mask(x.shape[1]), self.scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, T, H·D): each place with what it gathered from those before it."""
        mask = self.mask(x.shape[1])
        gathered = attention(*self.heads_of(x), mask, self.scale)
        return self.output(join_heads(gathered))

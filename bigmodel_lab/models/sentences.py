"""Sentences as vectors: MiniLM's weights in our own `Encoder`."""

import re
from collections.abc import Iterator, Mapping, Sequence

import torch

from bigmodel_lab.models.encoder import Encoder

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


def sentence_encoder(weights: Mapping[str, torch.Tensor]) -> Encoder:
    """Return an `Encoder` with MiniLM's weights, as `datasets.minilm` returns them.

    Raises
    ------
    ValueError
        If a weight is missing, or has another shape.
    """
    ours = {_ours(name): w for name, w in weights.items() if not UNUSED.match(name)}
    try:
        # Its texts may have places of two kinds; in sentences all are of the first.
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        ours["places.weight"] = ours["places.weight"] + kind
        encoder = Encoder(*ours["tokens.weight"].shape[:1])
        encoder.load_state_dict(ours)
    except (KeyError, RuntimeError) as error:
        reason = str(error).split(": ", 1)[-1].strip().splitlines()[0]
        raise ValueError(
            f"These are not the weights of MiniLM ({reason}): take those that "
            f"lab.datasets.minilm() returns."
        ) from error
    return encoder.eval()


def _ours(name):
    """Return our name of one of its weights."""
    for theirs, ours in RENAMED:
        name = re.sub(theirs, ours, name)
    return name


def padded(ids: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids (N, T) and a mask (N, T), False where a text has ended."""
    lengths = torch.tensor([len(text) for text in ids])
    width = int(lengths.max())
    rows = torch.tensor([text + [0] * (width - len(text)) for text in ids])
    return rows, torch.arange(width) < lengths[:, None]


def by_length(ids: Sequence[list[int]], batch_size: int) -> Iterator[list[int]]:
    """Yield which texts make a batch: those that are about equally long.

    A batch is as wide as its longest text, so next to nothing is spent on pads.
    """
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for first in range(0, len(order), batch_size):
        yield order[first : first + batch_size]


@torch.inference_mode()
def embeddings(
    encoder: Encoder, ids: Sequence[list[int]], batch_size: int = 32
) -> torch.Tensor:
    """Return a vector of length 1 for each text, (N, d), in the order of the texts."""
    vectors = torch.empty(len(ids), encoder.tokens.embedding_dim)
    for chosen in by_length(ids, batch_size):
        vectors[chosen] = encoder.embed(*padded([ids[i] for i in chosen]))
    return vectors

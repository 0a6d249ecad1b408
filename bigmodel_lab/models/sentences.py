"""MiniLM in our own `Encoder`: sentences as vectors that were learned elsewhere."""

import re
from collections.abc import Iterator, Sequence

import torch

from bigmodel_lab.datasets import fetching
from bigmodel_lab.models.encoder import Encoder

# Names in the file on the left, ours on the right.
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


class Sentences:
    """Texts as ids: WordPiece, as MiniLM was trained (Schuster and Nakajima, 2012).

    Parameters
    ----------
    length : int
        Longer texts are cut off; MiniLM was trained on 256 tokens at most.
    """

    def __init__(self, length: int = 256):
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(fetching.fetch("minilm-tokens")))
        self.tokenizer.enable_truncation(length)
        self.tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, between the marks for its start and its end."""
        return [text.ids for text in self.tokenizer.encode_batch(list(texts))]


def sentence_encoder() -> Encoder:
    """Return MiniLM (Wang and others, 2020), tuned on a billion pairs of sentences.

    English; 22.7 million parameters, fetched once: 91 MB. Its weights are under the
    Apache license 2.0.

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If no place gives the file.
    """
    from safetensors.torch import load_file

    theirs = load_file(fetching.fetch("minilm"))
    ours = {
        _renamed(name): weight
        for name, weight in theirs.items()
        if not UNUSED.match(name)
    }
    # Its texts have two kinds of places; sentences are all of the first kind.
    kind = theirs["embeddings.token_type_embeddings.weight"][0]
    ours["places.weight"] = ours["places.weight"] + kind
    encoder = Encoder(len(ours["tokens.weight"]))
    encoder.load_state_dict(ours)
    return encoder.eval()


def _renamed(name):
    """Return our name of one of its weights."""
    for theirs, ours in RENAMED:
        name = re.sub(theirs, ours, name)
    return name


def padded(ids: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids (N, T) and a mask (N, T), False where a text has ended."""
    width = max(map(len, ids))
    rows = torch.tensor([text + [0] * (width - len(text)) for text in ids])
    lengths = torch.tensor([len(text) for text in ids])
    return rows, torch.arange(width) < lengths[:, None]


def by_length(
    ids: Sequence[list[int]], batch_size: int
) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    """Yield (which texts, ids, mask) of batches whose texts are about equally long.

    A batch is as wide as its longest text, so that next to nothing is spent on pads.
    """
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for first in range(0, len(order), batch_size):
        chosen = order[first : first + batch_size]
        yield chosen, *padded([ids[i] for i in chosen])


@torch.inference_mode()
def embeddings(
    encoder: Encoder, ids: Sequence[list[int]], batch_size: int = 32
) -> torch.Tensor:
    """Return a vector of length 1 for each text, (N, d), in the order of the texts."""
    vectors = torch.empty(len(ids), encoder.tokens.embedding_dim)
    for chosen, rows, mask in by_length(ids, batch_size):
        vectors[chosen] = encoder.embed(rows, mask)
    return vectors

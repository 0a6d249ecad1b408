"""A GPT writes: one token after the other, each drawn from what it expects."""

from collections.abc import Iterator, Sequence

import torch

from bigmodel_lab.from_scratch._checks_attention import check_sampling
from bigmodel_lab.from_scratch.sampling import draw, probabilities
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models._checks_gpt import check_prompts, check_start
from bigmodel_lab.models.gpt import GPT


@torch.inference_mode()
def stream(
    model: GPT,
    ids: torch.Tensor,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
    cached: bool = True,
) -> Iterator[torch.Tensor]:
    """Yield the next token (N, 1) of each text in ids (N, T), until they are full.

    Leave the loop to stop. A cache computes each token's keys and values only once;
    without it, all is computed again for every token.

    Raises
    ------
    ValueError
        If a setting is out of range, or the texts do not fit into the model.
    """
    check_sampling(temperature, top_k, top_p)
    cache = model.new_cache() if cached else None
    new = ids  # what the model has not read yet
    for _ in range(model.length - ids.shape[1] + 1):
        logits = model(new, cache)[:, -1]  # (N, V), after the last token
        token = draw(probabilities(logits, temperature, top_k, top_p), generator)
        yield token
        ids = torch.cat([ids, token], 1)
        new = token if cached else ids


def write(
    model: GPT,
    alphabet: Characters,
    start: str = "",
    count: int = 1,
    *,
    instruction: str = "",
    seed: int = 0,
    **sampling,
) -> list[str]:
    """Return `count` texts that begin with `start`, each up to its end.

    Parameters
    ----------
    model, alphabet : GPT, Characters
        The model and the characters that it was trained on.
    start : str
        What is written already.
    count, seed : int
        How many texts; another seed gives others.
    instruction : str
        What stands before the texts, and is not part of them: for a model that was
        tuned to follow it.
    **sampling
        `temperature`, `top_k`, `top_p`, `cached`, as in `stream`.

    Raises
    ------
    ValueError
        If the start has unknown characters or is too long, or a setting is out of
        range.
    """
    rows = prompt(model, alphabet, start, instruction).repeat(count, 1)  # (count, T)
    *_, ids = growing_ids(model, rows, seed, **sampling)
    return texts_of(ids, alphabet)


def answers(
    model: GPT,
    alphabet: Characters,
    prompts: Sequence[str],
    *,
    seed: int = 0,
    **sampling,
) -> list[str]:
    """Return a text for each prompt, such as "春夏秋冬\\n": it follows the line break.

    All prompts have one length.

    Raises
    ------
    ValueError
        If the prompts differ in length, have unknown characters or are too long, or a
        setting is out of range.
    """
    rows = prompt_rows(prompts, alphabet).to(model.tokens.weight.device)
    *_, ids = growing_ids(model, rows, seed, **sampling)
    return texts_of(ids, alphabet)


def prompt_rows(prompts: Sequence[str], alphabet: Characters) -> torch.Tensor:
    """Return the ids (N, T) of prompts of one length; ValueError as in `answers`."""
    check_prompts(prompts)
    return alphabet.rows(prompts)


def growing_texts(
    model: GPT,
    alphabet: Characters,
    start: str = "",
    count: int = 1,
    *,
    instruction: str = "",
    seed: int = 0,
    **sampling,
) -> Iterator[list[str]]:
    """Yield the texts that `write` returns after each character; errors as there.

    Leave the loop to stop.
    """
    rows = prompt(model, alphabet, start, instruction).repeat(count, 1)  # (count, T)
    for ids in growing_ids(model, rows, seed, **sampling):
        yield texts_of(ids, alphabet)


def growing_ids(
    model: GPT, ids: torch.Tensor, seed: int = 0, **sampling
) -> Iterator[torch.Tensor]:
    """Yield ids (N, T), longer by a token each time, until all texts have ended."""
    generator = torch.Generator(ids.device).manual_seed(seed)
    ended = torch.zeros(len(ids), 1, dtype=torch.bool, device=ids.device)
    for token in stream(model, ids, generator=generator, **sampling):
        ids = torch.cat([ids, token], 1)
        yield ids
        ended |= token == 0
        if ended.all():
            break


def texts_of(ids: torch.Tensor, alphabet: Characters) -> list[str]:
    """Return the texts of ids (N, T): what stands between the first two line breaks."""
    return [alphabet.decode(row).split("\n")[1] for row in ids.tolist()]


def prompt(
    model: GPT, alphabet: Characters, start: str, instruction: str = ""
) -> torch.Tensor:
    """Return the ids (1, T) of a text that begins; ValueError as in `write`."""
    check_start(instruction + start, model.length)
    device = model.tokens.weight.device
    return torch.tensor([alphabet.encode(f"{instruction}\n{start}")], device=device)


@torch.inference_mode()
def next_characters(
    model: GPT, alphabet: Characters, start: str, **sampling
) -> dict[str, float]:
    """Return the probability of each character after `start`, the likeliest first."""
    logits = model(prompt(model, alphabet, start))[0, -1]  # (V,)
    p, order = probabilities(logits, **sampling).sort(descending=True, stable=True)
    return dict(zip(alphabet.decode(order.tolist()), p.tolist(), strict=True))

"""A GPT that learns from rewards for what it has written (D4 §2.1)."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn

from bigmodel_lab.from_scratch import preferences
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models._checks_gpt import check_groups
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.gpt_training import pairs
from bigmodel_lab.models.writing import growing_ids, prompt_rows, texts_of

FEW = 16  # texts that go through the model at once


class Lesson(NamedTuple):
    """A step of `reinforce`: its number from 1, the texts, and what became of it."""

    number: int
    texts: list[str]
    reward: float  # the mean
    moved: float  # how far the model was from its start, in nats a text


def reinforce(
    model: GPT,
    alphabet: Characters,
    reward: Callable[[str, list[str]], Sequence[float]],
    prompts: Sequence[str] = ("\n",),
    *,
    steps: int = 40,
    groups: int = 1,
    texts: int = 96,
    learning_rate: float = 1.5e-3,
    kl_weight: float = 0.02,
    blamed: Sequence[int] | None = None,
    seed: int = 0,
) -> Iterator[Lesson]:
    """Let a GPT write, reward it, and make better texts likelier; yield every step.

    REINFORCE (Williams, 1992) with advantages over a group of texts (Shao and others,
    2024) and a penalty for moving away from the model as it was (Ouyang and others,
    2022). The model is trained in place; leave the loop to stop.

    Parameters
    ----------
    model, alphabet : GPT, Characters
        The model, and the characters that it was trained on.
    reward : callable
        `reward(prompt, texts)` -> a number for each text that followed the prompt.
    prompts : list of str, all of one length
        What the model goes on from, `groups` of them at each step: "\\n" begins a text,
        "\\n床前" goes on with one, "春夏秋冬\\n" asks for one.
    steps, groups, texts : int
        How many steps, on how many groups of texts, and how many texts in all.
    learning_rate : float
        AdamW's.
    kl_weight : float
        What a nat of divergence from the start costs.
    blamed : list of int, optional
        The places in a text that are praised or blamed; by default, all.
    seed : int
        Fixes the prompts and the texts.

    Raises
    ------
    ValueError
        If a reward is NaN or infinite, there is not one for each text, the texts cannot
        be shared out among the groups, or a prompt has unknown characters or is too
        long.
    """
    check_groups(texts, groups)
    start = copy.deepcopy(model).eval().requires_grad_(False)
    learning = [theta for theta in model.parameters() if theta.requires_grad]
    optimizer = torch.optim.AdamW(learning, learning_rate, weight_decay=0.0)
    draws = torch.Generator().manual_seed(seed)
    model.eval()  # without dropout: it is to learn from what it would write
    for number in range(1, steps + 1):
        chosen = torch.randint(len(prompts), (groups,), generator=draws)
        asked = [prompts[i] for i in chosen]
        rows = prompt_rows(asked, alphabet).to(model.tokens.weight.device)
        rows = rows.repeat_interleave(texts // groups, 0)
        *_, ids = growing_ids(model, rows, seed=1_000_003 * seed + number)
        ids = ids.clone()  # no longer of inference mode; (texts, T)
        written = texts_of(ids, alphabet)
        rewards = rewards_of(reward, asked, written)  # (groups, texts of each)
        better = torch.cat([preferences.advantages(row) for row in rewards]).to(
            ids.device
        )
        optimizer.zero_grad()
        moved = 0.0
        # A few texts at a time: each has a number for every place and token.
        for part, praise in zip(ids.split(FEW), better.split(FEW), strict=True):
            loss, away = _loss(part, praise, model, start, asked[0], blamed, kl_weight)
            share = len(part) / texts
            (share * loss).backward()
            moved += share * away.item()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        yield Lesson(number, written, rewards.mean().item(), moved)


def _loss(ids, better, model, start, prompt, blamed, kl_weight):
    """Return the loss of texts, ids (N, T), and the nats that they have moved."""
    inputs, targets = pairs(ids)
    mask = written_by_model(targets, first=len(prompt) - 1)
    log_p = model(inputs).log_softmax(-1)  # (N, T, V)
    with torch.no_grad():
        log_q = start(inputs).log_softmax(-1)
    moved = preferences.kl_divergence(log_p, log_q, mask)
    praised = mask if blamed is None else _only(blamed, prompt, mask)
    written = preferences.of_targets(log_p, targets)  # (N, T)
    return preferences.policy_loss(written, better, praised) + kl_weight * moved, moved


def rewards_of(
    reward: Callable, asked: Sequence[str], written: Sequence[str]
) -> torch.Tensor:
    """Return the rewards (groups, texts of each); ValueError if one is missing."""
    size = len(written) // len(asked)
    rows = []
    for k, text in enumerate(asked):
        texts = list(written[k * size : (k + 1) * size])
        rows.append([float(r) for r in reward(text, texts)])
        if len(rows[-1]) != size:
            raise ValueError(
                f"reward must return a number for each text: {len(rows[-1])} numbers "
                f"for {size} texts."
            )
    return torch.tensor(rows)


def written_by_model(targets: torch.Tensor, first: int) -> torch.Tensor:
    """Return 1 for the targets (N, T) from `first` to a text's end, 0 elsewhere."""
    place = torch.arange(targets.shape[1], device=targets.device)
    end = (targets == 0) & (place >= first)
    after = end.cumsum(1) - end.long()  # how many ends came before
    return ((after == 0) & (place >= first)).float()


def _only(places, prompt, mask):
    """Return a mask (N, T) without what is not at some places of the texts."""
    begins = prompt.index("\n")  # the target at which a text begins
    at = torch.arange(mask.shape[1], device=mask.device) - begins  # place in the text
    return mask * torch.isin(at, torch.tensor(places, device=mask.device))


def prefer(
    model: GPT,
    better: torch.Tensor,
    worse: torch.Tensor,
    *,
    beta: float = 0.1,
    steps: int = 100,
    batch_size: int = 32,
    learning_rate: float = 1e-4,
    seed: int = 0,
) -> Iterator[float]:
    """Train a GPT in place on pairs of texts, one better; yield each step's loss.

    Direct preference optimization (Rafailov and others, 2023): no text is written.

    Parameters
    ----------
    model : GPT
        The model; a copy of it as it was is the reference.
    better, worse : torch.Tensor
        Ids (N, T) each, a pair in each row.
    beta, learning_rate : float
        How close the model stays to the reference, and AdamW's rate.
    steps, batch_size, seed : int
        How many steps, on how many pairs each, drawn by the seed.

    Raises
    ------
    ValueError
        If beta is not above 0.
    """
    start = copy.deepcopy(model).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=0.0)
    draws = torch.Generator().manual_seed(seed)
    model.eval()
    for _ in range(steps):
        chosen = torch.randint(len(better), (batch_size,), generator=draws)
        both = torch.cat([better[chosen], worse[chosen]])
        with torch.no_grad():
            reference = log_probabilities(start, both)
        now = log_probabilities(model, both)
        loss = preferences.dpo_loss(*now.chunk(2), *reference.chunk(2), beta)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def log_probabilities(model: GPT, ids: torch.Tensor) -> torch.Tensor:
    """Return ln p (N,) of whole texts, ids (N, T), after their first token."""
    inputs, targets = pairs(ids)
    log_p = preferences.of_targets(model(inputs).log_softmax(-1), targets)
    return (log_p * written_by_model(targets, 0)).sum(1)

"""A GPT that learns from rewards for what it has written (D4 §2.1)."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn

from bigmodel_lab.from_scratch import preferences
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.writing import growing_ids, prompt, texts_of


class Lesson(NamedTuple):
    """One step of `reinforce`: what was written, and what became of it."""

    number: int  # from 1
    texts: list[str]
    reward: float  # the mean
    moved: float  # the divergence from the model at the start, in nats a text


def reinforce(
    model: GPT,
    alphabet: Characters,
    reward: Callable[..., float],
    *,
    steps: int = 40,
    texts: int = 64,
    instructions: Callable[[torch.Generator], Sequence[str]] = lambda _: [""],
    learning_rate: float = 1e-3,
    kl_weight: float = 0.02,
    blamed: Sequence[int] | None = None,
    seed: int = 0,
) -> Iterator[Lesson]:
    """Train a GPT in place to write what gets a high reward; yield after each step."""
    start = copy.deepcopy(model).eval().requires_grad_(False)
    learning = [theta for theta in model.parameters() if theta.requires_grad]
    optimizer = torch.optim.AdamW(learning, learning_rate, weight_decay=0.0)
    draws = torch.Generator().manual_seed(seed)
    model.eval()  # it is to learn from what it would write
    for step in range(1, steps + 1):
        asked = instructions(draws)
        rows = torch.cat([prompt(model, alphabet, "", text) for text in asked])
        first = rows.shape[1] - 1  # of the targets that the model has written
        rows = rows.repeat_interleave(texts // len(asked), 0)
        *_, ids = growing_ids(model, rows, seed=1000 * seed + step)
        ids = ids.clone()  # no longer one of inference mode
        written = texts_of(ids[:, first:], alphabet)
        groups = [text for text in asked for _ in range(texts // len(asked))]
        rewards = torch.tensor(
            [float(reward(t, g) if g else reward(t)) for t, g in zip(written, groups)]
        )
        better = torch.cat(
            [preferences.advantages(r) for r in rewards.split(texts // len(asked))]
        )
        inputs, targets = ids[:, :-1], ids[:, 1:]
        ended = (targets[:, first:] == 0).cumsum(1)  # 0 up to the end
        mask = torch.zeros(targets.shape)
        mask[:, first:] = ((ended - (targets[:, first:] == 0).long()) == 0).float()
        if blamed is None:
            praised = mask / mask.sum(1, keepdim=True)
        else:
            praised = torch.zeros_like(mask)
            chosen = [first + place for place in blamed if first + place < mask.shape[1]]
            praised[:, chosen] = mask[:, chosen]
        logits = model(inputs)
        log_p = preferences.token_log_probabilities(logits, targets)
        with torch.no_grad():
            reference = start(inputs)
        moved = preferences.kl_divergence(logits, reference, mask)
        loss = preferences.policy_loss(log_p, better, praised) + kl_weight * moved
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        yield Lesson(step, written, rewards.mean().item(), moved.item())

"""What a GPT and its sampling refuse, and what to do instead."""

import torch

from bigmodel_lab.from_scratch._checks_attention import check_pairs

POSITIONS = ("learned", "rotary", "both", "none")


def check_sizes(settings):
    """Raise ValueError if a size is below 1, or they do not go together."""
    for name, value in settings.items():
        if name not in ("positions", "dropout", "causal") and value < 1:
            raise ValueError(f"{name} must be 1 or more, got {value}.")
    positions, head = settings["positions"], settings["dimensions"] // settings["heads"]
    if positions not in POSITIONS:
        raise ValueError(
            f"positions must be one of {', '.join(POSITIONS)}, got {positions!r}."
        )
    if positions in ("rotary", "both"):
        check_pairs(head)


def check_ids(ids, first, settings):
    """Raise ValueError if ids (N, T) from place `first` on do not fit the model."""
    if ids.dim() != 2 or not ids.shape[1] or ids.is_floating_point():
        raise ValueError(
            f"ids must be whole numbers (N, T) with T >= 1, got {ids.dtype} of shape "
            f"{tuple(ids.shape)}."
        )
    length, tokens = settings["length"], settings["vocabulary_size"]
    if first + ids.shape[1] > length:
        raise ValueError(
            f"The text has {first + ids.shape[1]} tokens, but this GPT reads {length} "
            f"at most: give it the last {length}, or build it with a larger length."
        )
    low, high = (value.item() for value in torch.aminmax(ids))
    if low < 0 or high >= tokens:
        raise ValueError(
            f"ids go from {low} to {high}, but the vocabulary has {tokens} tokens, 0 "
            f"to {tokens - 1}: encode the text with this model's vocabulary."
        )


def check_targets(logits, targets):
    """Raise ValueError if logits (N, T, V) have not one target each, (N, T)."""
    if logits.shape[:-1] != targets.shape or targets.is_floating_point():
        raise ValueError(
            f"Logits of shape {tuple(logits.shape)} need a token's id for each place, "
            f"{tuple(logits.shape[:-1])}; the targets are {targets.dtype} of shape "
            f"{tuple(targets.shape)}."
        )


def check_start(start, length):
    """Raise ValueError if the start of a text has ended already, or is too long."""
    if "\n" in start:
        raise ValueError("The start has a line break, which ends a text: leave it out.")
    if len(start) >= length:
        raise ValueError(
            f"The start has {len(start)} characters, but this GPT reads {length - 1} "
            f"at most: shorten it."
        )


def check_prompts(prompts):
    """Raise ValueError unless each prompt has one line break: its answer follows."""
    for text in prompts:
        if text.count("\n") != 1:
            raise ValueError(
                f"A prompt needs one line break, where the answer begins: {text!r} has "
                f"{text.count(chr(10))}."
            )


def check_groups(texts, groups):
    """Raise ValueError unless each group gets as many texts, two or more."""
    if groups < 1 or texts % groups or texts < 2 * groups:
        raise ValueError(
            f"{texts} texts cannot be shared out among {groups} groups: give each as "
            f"many, two or more, to be compared with each other."
        )


def check_alphabet(its, alphabet):
    """Raise ValueError if a model was trained on other characters than these."""
    if alphabet is not None and alphabet.characters != its.characters:
        raise ValueError(
            f"This GPT was trained on {len(its):,} characters, your texts have "
            f"{len(alphabet):,}, with other numbers: take the alphabet that load "
            f"returns."
        )

"""Checkpoints: a `Training` saved to a file, from which it continues bit for bit."""

import copy
import os
from pathlib import Path

import torch


def save(training, path):
    """Write a checkpoint of `training` to `path`, whole or not at all."""
    state = {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "settings": _settings(training),
        "progress": (
            training.steps_done,
            training.seconds,
            training.losses,
            training.rows,
        ),
        "random": torch.get_rng_state(),
    }
    if hasattr(training, "memory"):  # the games that self-play learns from
        state["memory"] = training.memory
    if training.device.type == "cuda":
        state["cuda_random"] = torch.cuda.get_rng_state(training.device)
    half = Path(f"{path}.part")
    try:
        torch.save(state, half)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def load(training, path):
    """Bring `training` back to the checkpoint at `path`; on an error, change nothing.

    Raises
    ------
    ValueError
        If the file is missing or damaged, or belongs to another model or to a training
        with other settings.
    """
    try:
        state = torch.load(path, map_location=training.device, weights_only=True)
        settings = _settings(training)
        if state["settings"] != settings:
            raise ValueError(f"it has {state['settings']}, not {settings}")
        model, optimizer = copy.deepcopy((training.model, training.optimizer))
        model.load_state_dict(state["model"])  # on copies first: all or nothing
        optimizer.load_state_dict(state["optimizer"])
        steps_done, seconds, losses, rows = state["progress"]
        random = state["random"].cpu()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"{path} is not a checkpoint of this training ({reason}): give the path "
            f"that its save() returned."
        ) from error
    training.model.load_state_dict(state["model"])
    training.optimizer.load_state_dict(state["optimizer"])
    training.steps_done, training.seconds = steps_done, seconds
    training.losses, training.rows = losses, rows
    if "memory" in state:
        training.memory = state["memory"]
    torch.set_rng_state(random)
    if "cuda_random" in state and training.device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda_random"].cpu(), training.device)


def _settings(training):
    """Return what must be the same for a checkpoint to make sense."""
    return {
        "optimizer": type(training.optimizer).__name__,
        "seed": training.seed,
        "batch_size": training.batch_size,
        "micro_batch_size": training.micro_batch_size,
        "steps an epoch": training.steps_per_epoch,
        "steps a row": training.measure_every,
    }

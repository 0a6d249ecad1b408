"""A network as an ONNX file, which runs without PyTorch: in a server, in a browser."""

import copy
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

TOLERANCE = 1e-3  # between the logits of PyTorch and of ONNX, which add in other orders


def to_onnx(model: nn.Module, path: str | Path) -> Path:
    """Write a digit network to an ONNX file, for batches of any size; return its path.

    A copy is exported, on the CPU and in evaluation mode: "images" (N, 1, 28, 28) of
    float32 in [0, 1] -> "logits" (N, 10). The weights are in the file, and nothing of
    this machine is: the exporter would note in which source files each layer was. If
    anything fails, a file that was there stays as it was.

    Raises
    ------
    TypeError
        If the model is not an nn.Module.
    ValueError
        If it does not turn images (N, 1, 28, 28) into logits (N, 10), cannot be
        exported, or answers otherwise than before when it has been.
    FileNotFoundError
        If the folder is missing.
    """
    path = Path(path)
    if not isinstance(model, nn.Module):
        raise TypeError(f"The model must be an nn.Module, not {model!r}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"There is no folder {path.parent}: make it first, or name another file."
        )
    model = copy.deepcopy(model).cpu().eval()
    # Two images: of a batch of one, the exporter would take the 1 for a constant.
    images = _like_weights(model, torch.zeros(2, 1, 28, 28))
    _check_answer(model, images)
    network = _exported(model, images)
    _forget_sources(network)
    _check_network(network, model)
    path.write_bytes(network.SerializeToString(deterministic=True))
    return path


def _like_weights(model, images):
    """Return `images` in the number format of the model."""
    return images.to(next(model.parameters(), images))


def _check_answer(model, images):
    """Raise ValueError unless two images give logits (2, 10)."""
    try:
        with torch.no_grad():
            logits = model(images)
    except Exception as error:
        raise ValueError(
            f"The model must read images (N, 1, 28, 28), like one that begins with "
            f"nn.Flatten() or nn.Conv2d(1, ...); this one says: "
            f"{_first_line(error)}"
        ) from error
    got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits)
    if got != (2, 10) or logits.dtype != torch.float32:
        raise ValueError(
            f"The model must turn images (2, 1, 28, 28) into logits (2, 10) of "
            f"float32, one for each digit; got {got}, "
            f"{getattr(logits, 'dtype', 'not a tensor')}. For other numbers, call "
            f"model.float() before."
        )


def _exported(model, images):
    """Return the model as an ONNX graph."""
    try:
        with _quiet():
            program = torch.onnx.export(
                model,
                (images,),
                input_names=["images"],
                output_names=["logits"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # what torch cannot trace may fail in any way
        raise _refusal(error) from error
    return program.model_proto


def _refusal(error):
    """Return the error of a model that cannot be exported, with the first cause."""
    while error.__cause__ is not None:  # torch wraps it in the steps of its exporter
        error = error.__cause__
    cause = _first_line(error)
    return ValueError(
        f"The model cannot be exported to ONNX ({type(error).__name__}: {cause}): use "
        f"layers of torch.nn, with no Python branches on the values of tensors."
    )


def _first_line(error):
    """Return the first line of an error: torch adds a traceback of C++."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _forget_sources(network):
    """Delete the exporter's notes, which name source files by their full paths."""
    graphs = [network.graph, *network.functions]
    parts = [part for graph in graphs for part in graph.node]
    parts += [*network.graph.input, *network.graph.output, *network.graph.value_info]
    parts += [*network.graph.initializer, *graphs]
    for part in parts:
        part.ClearField("metadata_props")


def _check_network(network, model):
    """Raise ValueError unless ONNX gives the model's logits, whatever the batch."""
    try:
        onnx.checker.check_model(network, full_check=True)
        session = onnxruntime.InferenceSession(network.SerializeToString())
        for size in (1, 3):
            images = np.random.default_rng(size).random((size, 1, 28, 28), np.float32)
            with torch.no_grad():
                logits = model(_like_weights(model, torch.from_numpy(images)))
            (exported,) = session.run(["logits"], {"images": images})
            np.testing.assert_allclose(exported, logits, TOLERANCE, TOLERANCE)
    except AssertionError:
        raise _refusal(ValueError("the exported one gives other logits")) from None
    except Exception as error:
        raise _refusal(error) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter, which prints and logs what helps its developers only."""
    before, unread = logging.root.manager.disable, io.StringIO()
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(unread),
            redirect_stderr(unread),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

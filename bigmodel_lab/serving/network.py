"""A digit network in an ONNX file: what it must look like, checked by running it."""

from pathlib import Path

import numpy as np
import onnxruntime

ADVICE = "write it with lab.to_onnx(model, path)"


def open_network(path: str | Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open a digit network: "images" (N, 1, 28, 28) float32 -> "logits" (N, 10).

    Its operations use so many threads. The file must hold all of the network: one with
    its weights beside it is refused.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not ONNX, is damaged, or holds another kind of network.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: {ADVICE} first.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4  # the sentence below says it
    try:
        # From its bytes: what lies in other files does not come along.
        session = onnxruntime.InferenceSession(path.read_bytes(), options)
    except Exception as error:  # onnxruntime has a class for each cause, not a base
        raise ValueError(
            f"{path.name} is not a whole ONNX network ({_first_line(error)}): "
            f"{ADVICE} again."
        ) from None
    _check_form(session, path.name)
    return session


def _check_form(session, name):
    """Raise ValueError unless blank images give ten finite logits each, for any N."""
    got = [
        ", ".join(f"{value.name!r} {value.type} {value.shape}" for value in values)
        for values in (session.get_inputs(), session.get_outputs())
    ]
    wanted = ValueError(
        f"{name} must turn 'images' (N, 1, 28, 28) of float32 into 'logits' (N, 10); "
        f"it has {got[0]} -> {got[1]}: {ADVICE}, where model reads digits."
    )
    if [value.name for value in session.get_inputs()] != ["images"]:
        raise wanted
    for count in (1, 2):
        try:
            blank = np.zeros((count, 1, 28, 28), np.float32)
            (logits,) = session.run(["logits"], {"images": blank})
        except Exception:  # another type, shape, name: onnxruntime's sentence is long
            raise wanted from None
        if np.shape(logits) != (count, 10):
            raise wanted
    if not np.isfinite(logits).all():
        raise ValueError(
            f"The logits of {name} are not finite: its training has diverged; train "
            f"it again with a lower learning rate, and {ADVICE}."
        )


def _first_line(error):
    """Return the first line of an error, without onnxruntime's code before it."""
    return str(error).strip().splitlines()[0].rpartition("] : ")[2].strip(" .")

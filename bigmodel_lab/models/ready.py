"""Small networks that are trained already, in files, so that nobody has to wait."""

from importlib.resources import files
from pathlib import Path

from torch import nn

from bigmodel_lab.from_scratch.games import ConnectFour
from bigmodel_lab.models._weights import read, reason_of, write
from bigmodel_lab.models.detector import DigitDetector
from bigmodel_lab.models.generators import VariationalAutoencoder, VelocityNetwork
from bigmodel_lab.models.players import PolicyValueNetwork

VERSION = "1"  # of the files' layout


def digit_judge() -> nn.Sequential:
    """Return a small classifier: images (N, 1, 28, 28) -> logits (N, 10).

    A judge looks at digits that a network has made. Sure is not good: how far its
    features of them, `judge[:-1](images)` (N, 64), are from those of real ones says
    more (`generating.frechet_distance`).
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1),  # (N, 16, 14, 14)
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),  # (N, 32, 7, 7)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 49, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


# In bigmodel_lab/results, with cards: made by benchmarks/*.py --train.
STORED = {
    "judge": digit_judge,
    "autoencoder": VariationalAutoencoder,
    "velocity": VelocityNetwork,
    "detector": DigitDetector,
    "connect_four": lambda: PolicyValueNetwork(ConnectFour()),
}


def keep(network: nn.Module, path: str | Path, **facts: str) -> None:
    """Write a network's weights in float16 to a file, with `facts` beside them."""
    write(network, path, facts | {"version": VERSION})


def trained(
    name: str, path: str | Path | None = None
) -> tuple[nn.Module, dict[str, str]]:
    """Return (network, facts) of a file: on the CPU, in evaluation mode, float32.

    The autoencoder and the velocity network belong together, as `draw_digits` needs
    them. safetensors holds numbers only: a file of a stranger cannot run anything.

    Parameters
    ----------
    name : str
        "judge", "autoencoder", "velocity", "detector" or "connect_four".
    path : str or Path, optional
        Of a file that `keep` wrote; by default, our own.

    Raises
    ------
    ValueError
        If there is no network of that name, or its file is missing, damaged, of another
        version or of another network.
    """
    if name not in STORED:
        raise ValueError(
            f"There is no network {name!r}; there are {', '.join(map(repr, STORED))}."
        )
    network = STORED[name]()
    if path is None:
        path = files("bigmodel_lab.results") / f"{name}.safetensors"
    try:
        facts, weights = read(path, VERSION)
        network.load_state_dict(weights)
    except (OSError, ValueError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {reason_of(error)}"
        raise ValueError(
            f"{path} does not hold the {name} ({reason}): give a file that models.keep "
            f"wrote, or leave the path out for our own."
        ) from error
    return network.eval(), facts

"""The helper library of Big-Model Lab, an interactive workbook on deep learning."""

from importlib import import_module

__version__ = "0.1.0"

# The public names and the module that holds each: imported on first use (PEP 562),
# so that `import bigmodel_lab` does not wait for torch.
_HOME = {
    "best_device": "device",
    "seed_everything": "device",
    "start_chapter": "device",
    "about": "tolerance",
    "Diverged": "training",
    "Training": "training",
    "evaluate": "training",
    "DigitCanvas": "drawing",
    "Explorer": "explorer",
    "OwnText": "own_text",
    "TuningPanel": "panel",
    "check": "exercises",
    "hint": "exercises",
    "quiz": "exercises",
    "solution": "exercises",
}
_MODULES = {
    "activations",
    "classroom",
    "cleaning",
    "datasets",
    "fast_digits",
    "images",
    "ink",
    "interpretation",
    "losses",
    "measured",
    "models",
    "optimizers",
    "plots",
    "scaling",
    "schedules",
    "sources",
    "text",
}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name):
    """Import a public name from its module the first time it is used."""
    if name in _MODULES:
        return import_module(f"bigmodel_lab.{name}")
    if name in _HOME:
        return getattr(import_module(f"bigmodel_lab.{_HOME[name]}"), name)
    raise AttributeError(f"module 'bigmodel_lab' has no attribute {name!r}")


def __dir__():
    """List the public names, for tab completion."""
    return [*globals(), *__all__]

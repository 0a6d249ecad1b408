"""The helper library of Big-Model Lab, an interactive workbook on deep learning."""

from importlib import import_module

__version__ = "0.1.0"

# The public names and the module that holds each: imported on first use (PEP 562),
# so that `import bigmodel_lab` does not wait for torch.
_HOME = {
    "best_device": "device",
    "seed_everything": "device",
    "start_chapter": "chapter",
    "about": "tolerance",
    "Diverged": "training",
    "Training": "training",
    "evaluate": "training",
    "DigitCanvas": "widgets.canvas",
    "Explorer": "widgets.explorer",
    "TextExplorer": "widgets.text_explorer",
    "TuningPanel": "widgets.panel",
    "check": "exercises",
    "hint": "exercises",
    "quiz": "exercises",
    "solution": "exercises",
}
_MODULES = {
    "activations": "from_scratch.activations",
    "classroom": "classroom",
    "cleaning": "from_scratch.cleaning",
    "datasets": "datasets",
    "explain": "explain",
    "fast_digits": "models.fast_digits",
    "images": "from_scratch.images",
    "losses": "from_scratch.losses",
    "models": "models",
    "optimizers": "from_scratch.optimizers",
    "plots": "plots",
    "results": "results",
    "scalers": "from_scratch.scalers",
    "schedules": "from_scratch.schedules",
    "text": "from_scratch.text",
}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name):
    """Import a public name from its module the first time it is used."""
    if name in _MODULES:
        return import_module(f"bigmodel_lab.{_MODULES[name]}")
    if name in _HOME:
        return getattr(import_module(f"bigmodel_lab.{_HOME[name]}"), name)
    raise AttributeError(f"module 'bigmodel_lab' has no attribute {name!r}")


def __dir__():
    """List the public names, for tab completion."""
    return [*globals(), *__all__]

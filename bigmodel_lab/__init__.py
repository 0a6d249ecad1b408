"""The helper library of Big-Model Lab, an interactive workbook on deep learning."""

import ast
from importlib import import_module
from pathlib import Path

__version__ = "0.1.0"

# The public names and the module that each comes from, as __init__.pyi lists them.
_HOME = {
    alias.name: f"{__name__}.{node.module or ''}".rstrip(".")
    for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text()).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = sorted(_HOME)


def __getattr__(name):
    """Import a public name when it is first used (PEP 562): torch takes its time."""
    if name not in _HOME:
        raise AttributeError(f"module 'bigmodel_lab' has no attribute {name!r}")
    if _HOME[name] != __name__ and hasattr(home := import_module(_HOME[name]), name):
        return getattr(home, name)
    return import_module(f"{_HOME[name]}.{name}")  # a module, not a name in one


def __dir__():
    """List the public names, for tab completion."""
    return [*globals(), *__all__]

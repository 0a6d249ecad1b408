"""Whether a cell that is run again makes the panel that it made before."""

from collections.abc import Callable
from types import CodeType, FunctionType


def same_function(one: Callable, other: Callable) -> bool:
    """Tell whether two functions have the same code and the same defaults.

    Line numbers and comments do not count, and what the functions call is not looked
    at. Functions that need variables of another function are the same only if they are
    one and the same.
    """
    if one == other:
        return True
    plain = all(isinstance(f, FunctionType) and not f.__closure__ for f in (one, other))
    return plain and _content(one) == _content(other)


def _content(function):
    """Return a function's defaults as text, and its code."""
    defaults = repr(function.__defaults__), repr(function.__kwdefaults__)
    return *defaults, _code_content(function.__code__)


def _code_content(code):
    """Return what a code object does, without where it stands."""
    constants = [
        _code_content(constant) if isinstance(constant, CodeType) else repr(constant)
        for constant in code.co_consts
    ]
    return code.co_code, code.co_names, code.co_varnames, code.co_flags, constants

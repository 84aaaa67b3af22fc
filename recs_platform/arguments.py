"""Calling a function with only the arguments that it names: how tables made by Python, and what they say, are called.

Not here: what there is to name (`pipeline/frame_asset.py`, `reporting/presentation.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Returned = TypeVar("Returned")

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def parameters_of_function(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of its parameters; a TypeError when one of them cannot be given by name."""
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind not in _BY_NAME:
            raise TypeError(f"{name_of(function)} takes {parameter}: it must name each of its arguments")
    return tuple(parameter.name for parameter in parameters)


def refuse_other_parameters(function: Callable[..., Any], offered: Iterable[str]) -> None:
    """A TypeError when it names what nobody would give it."""
    offered = tuple(offered)
    if unknown := [name for name in parameters_of_function(function) if name not in offered]:
        raise TypeError(f"{name_of(function)} takes {', '.join(unknown)}; it is offered {', '.join(offered)}")


def call_with_named(function: Callable[..., Returned], **offered: Any) -> Returned:
    """Call it with those of the offered arguments that it names.

    >>> call_with_named(lambda day: f"on {day}", company="shop", day="Monday")
    'on Monday'
    """
    return function(**{name: offered[name] for name in parameters_of_function(function) if name in offered})


def name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))

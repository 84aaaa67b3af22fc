"""Tables made by a Python function over other tables' slices: the decorator that turns one into a `FrameTable`.

Not here: reading the slices and storing the result (io_manager.py), what days of an input are shown (wiring.py).
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any, get_type_hints

import pandas as pd
import pyarrow as pa

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.pipeline import FrameTable
from recs_platform.reporting.presentation import Present
from recs_platform.schemas.table import Table, spec_of
from recs_platform.warehouse.point_in_time import Span

_GIVEN = ("company", "days")
_MODELS = "models"


def table_asset(
    schema: type[Table], *, look_back: Mapping[str, Span] | None = None, present: Present | None = None
) -> Callable[[Callable[..., Any]], FrameTable]:
    """The table that a function makes, typed by a Pandera model.

    The function takes `company` and `days`, and then each table that it reads, by name, annotated with what it is
    handed over as: `pandas.DataFrame` or `pyarrow.Table`. One that trains or scores takes `models: ModelShelf` before
    them. `look_back` says how many days of a log it needs, as a
    query's header does; `present` is what the table says in words and as a picture.
    """

    def declare(function: Callable[..., Any]) -> FrameTable:
        inputs = _inputs(function)
        uses_models = inputs.pop(_MODELS, None) is not None
        spans = dict(look_back or {})
        if unread := sorted(spans.keys() - inputs):
            raise TypeError(f"{function.__name__} looks back on {', '.join(unread)}, which it does not take")
        return FrameTable(spec_of(schema), function, inputs, spans, _fingerprint(function), present, uses_models)

    return declare


def _inputs(function: Callable[..., Any]) -> dict[str, Any]:
    names = tuple(inspect.signature(function).parameters)
    if names[: len(_GIVEN)] != _GIVEN:
        raise TypeError(f"{function.__name__} must take company and days first, not {', '.join(names) or 'nothing'}")
    hints = get_type_hints(function)
    for name in names[len(_GIVEN) :]:
        if name == _MODELS and hints.get(name) is ModelShelf:
            continue
        if hints.get(name) not in (pd.DataFrame, pa.Table):
            given = f"is annotated {hints[name]!r}" if name in hints else "has no annotation"
            raise TypeError(f"{function.__name__}: {name} {given}; say pandas.DataFrame or pyarrow.Table")
    return {name: hints[name] for name in names[len(_GIVEN) :]}


def _fingerprint(function: Callable[..., Any]) -> str:
    """Changes when the function's text does."""
    return hashlib.sha256(dedent(inspect.getsource(function)).encode()).hexdigest()[:12]

"""Tables made by a Python function over other tables' slices: the decorator that turns one into a `FrameTable`.

Not here: reading the slices (`assembly/handover.py`), storing the result (`assembly/io_manager.py`), and which days of
an input are shown (pipeline.py).
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from textwrap import dedent
from typing import Any, Protocol, get_type_hints

import pyarrow as pa

from recs_platform.arguments import name_of, parameters_of_function
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.stage import FrameTable
from recs_platform.reporting.presentation import Present
from recs_platform.schemas.table import Table, spec_of
from recs_platform.warehouse.point_in_time import Span
from recs_platform.warehouse.protocol import BoundQuery


class QueryRunner(Protocol):
    """What a function sees of the warehouse: it runs queries over what the function was handed, and no others."""

    def run(self, query: BoundQuery) -> AbstractContextManager[pa.RecordBatchReader]: ...


_UNTYPED = ("company", "days")
_TYPED = {"models": ModelShelf, "warehouse": QueryRunner}
_HANDED_OVER = {
    pa.Table: "pyarrow.Table",
    pa.RecordBatchReader: "pyarrow.RecordBatchReader",
    BoundQuery: "BoundQuery",
}
_FRAME = "pandas.DataFrame"


def _handed_over() -> dict[Any, str]:
    """The forms of a table, and what they are called. A function that takes a frame has loaded pandas, and nobody else
    needs it."""
    pandas = sys.modules.get("pandas")
    return {pandas.DataFrame if pandas else object(): _FRAME, **_HANDED_OVER}


_AT_MOST = " at most"


def table_asset(
    schema: type[Table],
    *,
    look_back: Mapping[str, int | str] | None = None,
    after: Sequence[str] = (),
    needs: Sequence[str] = (),
    present: Present | None = None,
) -> Callable[[Callable[..., Any]], FrameTable]:
    """The table that a function makes, typed by a Pandera model.

    The function is handed what it names, and nothing else:

    - `company`, and `days`: whose table a run makes, and of which days;
    - `models: ModelShelf`, when it trains or scores;
    - each table that it reads, by the table's name. Its annotation says how: `pandas.DataFrame` or `pyarrow.Table` is
      all of it in memory; `pyarrow.RecordBatchReader` streams it, once; `BoundQuery` is a query over it, for the
      function to return, or to give to the warehouse;
    - `warehouse: QueryRunner`, which runs such a query.

    `look_back` says how many days of a log it needs, as a query's header does: a number, or "@parameter" for what the
    company's own parameter says, with " at most" behind it where fewer will do. `after` names tables that are made
    before it though it does not read them. `needs` names tables without a row of which it has none: it is left out for
    a company that does not provide what they are made of. `present` is what the table says in words and as a picture.
    """

    def declare(function: Callable[..., Any]) -> FrameTable:
        inputs = _inputs(function)
        wanted = look_back or {}
        at_most = frozenset(name for name, span in wanted.items() if isinstance(span, str) and span.endswith(_AT_MOST))
        spans = {name: _span(function, name, span) for name, span in wanted.items()}
        if unread := sorted(spans.keys() - inputs):
            raise TypeError(f"{name_of(function)} looks back on {', '.join(unread)}, which it does not take")
        if read := sorted(set(after) & inputs.keys()):
            raise TypeError(f"{name_of(function)} reads {', '.join(read)}, so it comes after it without saying so")
        return FrameTable(
            spec_of(schema),
            function,
            inputs,
            spans,
            _fingerprint(function),
            present,
            tuple(after),
            tuple(needs),
            at_most,
        )

    return declare


def _inputs(function: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(function)
    inputs = {}
    for name in parameters_of_function(function):
        if name in _UNTYPED:
            continue
        allowed: Mapping[Any, str] = {_TYPED[name]: _TYPED[name].__name__} if name in _TYPED else _handed_over()
        hint = hints.get(name)
        if not any(hint is kind for kind in allowed):
            given = f"is annotated {hint!r}" if name in hints else "has no annotation"
            *others, last = allowed.values()
            wanted = f"{', '.join(others)} or {last}" if others else last
            raise TypeError(f"{name_of(function)}: {name} {given}; say {wanted}")
        if name not in _TYPED:
            inputs[name] = hint
    return inputs


def _span(function: Callable[..., Any], table: str, span: int | str) -> Span:
    """As `point_in_time` has it: a number of days, or the bare name of a parameter."""
    if isinstance(span, str) and span.startswith("@"):
        return span.removeprefix("@").removesuffix(_AT_MOST)
    if isinstance(span, str) or span < 1:
        raise TypeError(f"{name_of(function)} looks back on {table} for {span!r}; say at least 1 day, or '@parameter'")
    return span


def _fingerprint(function: Callable[..., Any]) -> str:
    """Changes when the function's text does."""
    return hashlib.sha256(dedent(inspect.getsource(function)).encode()).hexdigest()[:12]

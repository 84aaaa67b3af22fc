"""What the function of a table is handed: its company's slices, in the form that it asks for.

Rows may still be read while the result is stored: a function may return a stream over a stream. So what was opened
travels with what the function returns, and is closed by whoever has stored that, or here when the function fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.arguments import call_with_named
from recs_platform.companies.model import Company
from recs_platform.errors import MissingSliceError
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.slices import Days, TableRef


@dataclass(frozen=True)
class OpenRows:
    """What a function returned, and what is open until it is stored."""

    rows: object
    opened: ExitStack


def call_table_function(
    pipeline: Pipeline, table: FrameTable, company: Company, days: Days, warehouse: Warehouse, models: ModelShelf | None
) -> OpenRows:
    """Call a table's function with what it names."""
    name = table.spec.name
    shown = pipeline.days_read(name, company, days)
    for other in sorted(pipeline.inputs(name)):
        require_slices(warehouse, pipeline.ref(other, company), shown.get(other, days))
    with ExitStack() as opened:
        inputs: Mapping[str, Any] = {
            other: pipeline.bind_input(name, other, company, days)
            if form is BoundQuery
            else read_as(form, warehouse, pipeline.ref(other, company), shown[other], opened)
            for other, form in table.inputs.items()
        }
        rows = call_with_named(table.function, company=company, days=days, models=models, warehouse=warehouse, **inputs)
        return OpenRows(rows, opened.pop_all())


def read_as(form: Any, warehouse: Warehouse, table: TableRef, days: Days, opened: ExitStack) -> Any:
    """Some days of a table, as pandas, as Arrow, or as a stream that lasts as long as `opened` does. Whoever asks for
    pandas has loaded it."""
    if form is pa.RecordBatchReader:
        return opened.enter_context(warehouse.read(table, days))
    with warehouse.read(table, days) as reader:
        frame = reader.read_all()
    return frame if form is pa.Table else frame.to_pandas()


def require_slices(warehouse: Warehouse, table: TableRef, days: Days) -> None:
    """A function cannot tell a snapshot without rows from one that was never made."""
    if table.spec.kind is Kind.SNAPSHOT and (missing := set(days) - set(warehouse.days(table))):
        raise MissingSliceError(
            f"{table} has no slice for {min(missing)}. Materialize {table.name} for that day first."
        )

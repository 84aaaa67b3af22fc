"""`python -m recs_platform.bench.cost`: what a company's day costs in BigQuery, as Markdown for docs/scale.md.

A model, not a bill. Two small worlds are simulated and run on the lake. The rows of each table, as a + b x customers,
and the bytes of each column follow from them; what each query reads follows from its views and the columns that it
names. Google bills the logical bytes of the columns that a query reads, in the partitions that its conditions leave.

Not here: what a real query read (the metadata of its asset says it), and storage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from recs_platform.bench import strategy_day
from recs_platform.bench.measure import in_own_process
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery.bill import dollars
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.slices import ALL_DAYS, Days, TableRef

FEW, MORE = 60, 240
"""Customers of the two worlds."""
SIZES = (500_000, 50_000_000)
LEAST = 10 * 2**20
"""What is billed of each table that a query names, at least."""
_WIDTHS = {pa.bool_(): 1.0}
_TIMES_A_SLICE_IS_READ = 3
"""Once its rules are counted, once it is put in its place, and once the slice that was there is deleted."""


@dataclass(frozen=True)
class Size:
    """Of a table's slice of one day."""

    rows: float
    widths: Mapping[str, float]
    """Column: logical bytes of a value."""


def measured(home: Path, customers: int) -> dict[str, Size]:
    """A slice of each table of a world, after its day was run. A process of its own."""
    strategy_day.prepare(home, customers)
    warehouse, company = open_warehouse(), strategy_day.bench_company(customers)
    pipeline, found = _pipeline(), {}
    for name, spec in pipeline.specs.items():
        table, span = TableRef(company.dataset, spec), Days.ending(strategy_day.DAY, 28 if spec.kind is Kind.LOG else 1)
        made = [day for day in warehouse.days(table) if day in span]
        with warehouse.read(table, span) as reader:
            rows = reader.read_all()
        widths = {column: _width(rows[column]) for column in rows.column_names}
        found[name] = Size(rows.num_rows / max(len(made), 1), widths)
    return found


def at(customers: int, few: Mapping[str, Size], more: Mapping[str, Size]) -> dict[str, Size]:
    """The same tables of a company of any size: each grows by its rows per customer."""
    slopes = {name: max(more[name].rows - few[name].rows, 0.0) / (MORE - FEW) for name in few}
    return {
        name: Size(few[name].rows + slopes[name] * (customers - FEW), more[name].widths if more[name].rows else {})
        for name in few
    }


def read_in_a_day(pipeline: Pipeline, sizes: Mapping[str, Size]) -> dict[str, float]:
    """Bytes that are billed of a day, by the table or check that reads them."""
    company, today = strategy_day.bench_company(FEW), Days.one(strategy_day.DAY)
    read: dict[str, float] = {}
    for name, table in pipeline.tables.items():
        written = _TIMES_A_SLICE_IS_READ * max(_bytes_of(sizes[name], None), LEAST)
        match table:
            case SqlTable():
                read[name] = written + _query(pipeline.bind(name, company, today), sizes)
            case FrameTable():
                inputs = (pipeline.bind_input(name, other, company, today) for other in table.inputs)
                read[name] = written + sum(_query(one, sizes) for one in inputs)
    for name in pipeline.checks:
        read[name] = _query(pipeline.bind_check(name, company, today), sizes)
    return read


def _query(query: BoundQuery, sizes: Mapping[str, Size]) -> float:
    named, total = columns_named(query.query), 0.0
    for view in query.views:
        size = sizes.get(view.spec.name)
        # A live table, and the newest of earlier snapshots, are one slice.
        days = 1 if view.latest or view.days == ALL_DAYS else len(view.days)
        total += max(days * _bytes_of(size, named), LEAST) if size else LEAST
    return total


def columns_named(query: Query) -> frozenset[str] | None:
    """Every column that a query names anywhere; None where it says SELECT *: an upper bound of what it reads."""
    if any(not isinstance(star.parent, exp.Count) for star in query.tree.find_all(exp.Star)):
        return None
    return frozenset(column.name for column in query.tree.find_all(exp.Column))


def _bytes_of(size: Size, named: frozenset[str] | None) -> float:
    return size.rows * sum(width for column, width in size.widths.items() if named is None or column in named)


def _width(values: pa.ChunkedArray[Any]) -> float:
    """Logical bytes of a value, as Google counts them: 2 more than its text, 8 of a number or a time, 1 of a BOOL."""
    if pa.types.is_string(values.type):
        return 2 + float(pc.mean(pc.binary_length(values)).as_py() or 0)
    return _WIDTHS.get(values.type, 8.0)


def _pipeline() -> Pipeline:
    return pipelines()["vehicle_fitment"]


def lines(few: Mapping[str, Size], more: Mapping[str, Size]) -> Iterator[str]:
    yield "| customers | TiB read a day | dollars a day | a year | dollars for 1,000 customers a year |"
    yield "|---:|---:|---:|---:|---:|"
    for customers in SIZES:
        read = sum(read_in_a_day(_pipeline(), at(customers, few, more)).values())
        day = dollars(round(read))
        thousand = 365_000 * day / customers
        yield f"| {customers:,} | {read / 2**40:,.2f} | {day:,.2f} | {365 * day:,.0f} | {thousand:,.2f} |"
    yield ""
    yield f"| the most, at {SIZES[-1]:,} customers | share |"
    yield "|---|---:|"
    read_by = read_in_a_day(_pipeline(), at(SIZES[-1], few, more))
    for name, count in sorted(read_by.items(), key=lambda pair: -pair[1])[:6]:
        yield f"| {name} | {count / sum(read_by.values()):.0%} |"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, more = (in_own_process(measured, Path(folder) / str(count), count) for count in (FEW, MORE))
    for line in lines(few, more):
        print(line)  # noqa: T201  (a page's text)


if __name__ == "__main__":
    main()

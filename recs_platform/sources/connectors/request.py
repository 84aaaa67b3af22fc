"""What is asked of a connector, and the rules that every connector keeps: which columns it gives, under which names.

Not here: reading anything (one module per connector), and types and values, which are judged after reading.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.companies.source_config import FilesSource, Source
from recs_platform.companies.source_tables import missing_columns_text
from recs_platform.errors import AnySourceError, SourceError, SourceUnavailableError
from recs_platform.masking import mask_text
from recs_platform.schemas.landing import SOURCE_DAY, feed_columns
from recs_platform.schemas.table import Column, TableSpec

SOURCE_DAY_FIELD = pa.field(SOURCE_DAY, pa.date32())
"""The day that a row was read for; NULL where the source is not divided into days."""

BATCH_ROWS = 65_536
_SHOWN_COLUMNS = 30


@dataclass(frozen=True)
class SourceRequest:
    """One source table of one company, for a range of days (both ends included; one day for a snapshot)."""

    company: Company
    spec: TableSpec
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def source(self) -> Source:
        return self.company.sources[self.spec.name]

    @property
    def renames(self) -> dict[str, tuple[str, ...]]:
        return self.source.columns

    @property
    def read_columns(self) -> list[str]:
        """The columns that are looked for in the source: those of a feed, without those that the company file gives and
        those that the connector makes."""
        made = self.source.made_columns if isinstance(self.source, FilesSource) else ()
        given = {*self.source.constants, *self.expressions, *made}
        return [name for name in feed_columns(self.spec) if name not in given]

    @property
    def expressions(self) -> dict[str, str]:
        return self.source.expressions if isinstance(self.source, FilesSource) else {}

    @property
    def timezone(self) -> str | None:
        """The zone of the source's points in time that name none; None is UTC."""
        return self.source.timezone if isinstance(self.source, FilesSource) else None

    def error(self, rule: str, *, remedy: str, column: str | None = None) -> SourceError:
        return SourceError(self.company.name, self.spec.name, mask_text(rule), remedy=remedy, column=column)

    def outage(self, rule: str, *, remedy: str) -> SourceUnavailableError:
        """An error that a rerun may cure."""
        return SourceUnavailableError(self.company.name, self.spec.name, mask_text(rule), remedy=remedy)


@dataclass(frozen=True)
class Stream:
    """What a connector gives back: the schema is known, the rows are read as they are asked for. Closing the generator
    gives back what it holds: files, connections."""

    schema: pa.Schema
    batches: Generator[pa.RecordBatch]


@contextmanager
def for_engine(stream: Stream) -> Iterator[pa.RecordBatchReader]:
    """The stream for an engine to read. Engines wrap what a stream raises in errors of their own, so it is raised again
    on the way out."""
    failures: list[AnySourceError] = []
    try:
        with pa.RecordBatchReader.from_batches(stream.schema, _remembering(stream, failures)) as reader:
            yield reader
    except Exception:
        if failures:
            raise failures[0] from None
        raise


def _remembering(stream: Stream, failures: list[AnySourceError]) -> Iterator[pa.RecordBatch]:
    try:
        yield from stream.batches
    except AnySourceError as error:
        failures.append(error)
        raise


def pick_columns(request: SourceRequest, there: Sequence[str], where: str) -> dict[str, str]:
    """Canonical name -> the source's own name, for every column that the table has and the source gives.

    The date column is never picked: it follows from the time column (logs) or from the day that is read (snapshots).
    """
    _check_constants(request, there, where)
    wanted = [column for column in request.spec.columns if column.name in request.read_columns]
    picked = {column.name: raw for column in wanted if (raw := _named(request, column, there)) in there}
    missing = [column.name for column in wanted if not column.nullable and column.name not in picked]
    if missing:
        raise _missing(request, missing, there, where)
    for name, raw in picked.items():
        if there.count(raw) > 1:
            raise request.error(
                f"{where} has the column {raw} more than once",
                column=name,
                remedy="Leave one of them in the source.",
            )
    return picked


def _check_constants(request: SourceRequest, there: Sequence[str], where: str) -> None:
    columns = {column.name: column for column in request.spec.columns}
    for name in request.source.constants:
        if (own := _own_name(columns[name], there)) in there:
            raise request.error(
                f"{where} has a column {own}, and the company file gives a constant for it",
                column=name,
                remedy=f"Take out sources.{request.spec.name}.constants.{name}, or leave the column out of the source.",
            )


def _named(request: SourceRequest, column: Column, there: Sequence[str]) -> str:
    """What the source calls a column: of several names that the company file gives, the first that is there."""
    given = request.renames.get(column.name)
    if given is None:
        return _own_name(column, there)
    return next((name for name in given if name in there), given[0])


def _own_name(column: Column, there: Sequence[str]) -> str:
    """What the source calls a column that nobody has renamed: a feed may have been written for a former name."""
    if column.formerly is None or column.formerly not in there or column.name in there:
        return column.name
    return column.formerly


def check_renames(request: SourceRequest, picked: Collection[str], there: Iterable[str], where: str) -> None:
    """A rename that finds nothing is a mistake, also for a column that may be absent."""
    if lost := [name for name in request.renames if name not in picked]:
        raise _missing(request, lost, sorted(set(there)), where)


def dated(batch_columns: list[pa.Array[Any]], schema: pa.Schema, day: date | None, rows: int) -> pa.RecordBatch:
    """The batch with its source day as the last column."""
    days = pa.repeat(pa.scalar(day, SOURCE_DAY_FIELD.type), rows)
    return pa.RecordBatch.from_arrays([*batch_columns, days], schema=schema)


def _missing(request: SourceRequest, missing: list[str], there: Sequence[str], where: str) -> SourceError:
    first, table = missing[0], request.spec.name
    raw = [" or ".join(request.renames.get(name, (name,))) for name in missing]
    shown = ", ".join(there[:_SHOWN_COLUMNS]) + (", …" if len(there) > _SHOWN_COLUMNS else "")
    others = [name for name in there if name not in request.read_columns]
    hint = did_you_mean(request.renames.get(first, (first,))[0], others)
    differs = first in request.spec.key or first == request.spec.time_column or first in request.renames
    if not hint and not differs:
        hint = f" If the source lacks it, give one value for all rows: sources.{table}.constants.{first}."
    if isinstance(request.source, PurchasesSource):
        meaning = request.source.remedy_without(first, table)
    else:
        meaning = f" {missing_columns_text(request.spec, missing)}"
    key = request.source.key_of(first) if isinstance(request.source, PurchasesSource) else first
    return request.error(
        f"{where} has no column {', '.join(raw)}; it has {mask_text(shown) or 'none'}",
        column=", ".join(missing),
        remedy=f"Name the source's column in the company file: sources.{table}.columns.{key}.{hint}{meaning}",
    )

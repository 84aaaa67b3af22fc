"""What loading would make of one feed: its rows go through the landing query as they would, and nothing is written.

Not here: what is said about that (check.py), and where a slice is refused (rejection.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.companies.source_config import FilesSource
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.landing import REJECTION, landed, source
from recs_platform.schemas.table import Kind, TableSpec, spec_of
from recs_platform.sources.conform import open_feed, open_typed
from recs_platform.sources.connectors.files import has_day
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.warehouse.lake.trial import counted_rows
from recs_platform.warehouse.point_in_time import looking_back
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.scope import AS_OF
from recs_platform.warehouse.slices import Days

MOST_ROWS = 2_000_000
"""So many rows of a feed are looked at."""
SAMPLE_ROWS = 1_000


@dataclass
class Trial:
    """The rows of a feed that were looked at, and what loading would do with them."""

    sample: pa.Table
    """The first rows, typed."""
    rows: int = 0
    cut_off: bool = False
    """Whether the feed has more rows than were looked at."""
    days: dict[date, Counter[str | None]] = field(default_factory=dict)
    """Day: why its rows would be rejected, None for those that would be kept: how many."""
    event_names: Counter[str] = field(default_factory=Counter)
    given: tuple[str, ...] = ()
    """The columns that the source gives."""

    @property
    def reasons(self) -> Counter[str]:
        """Over all days, for the rows that would be rejected."""
        reasons: Counter[str] = Counter()
        for counts in self.days.values():
            reasons.update({reason: n for reason, n in counts.items() if reason is not None})
        return reasons

    @property
    def landed(self) -> int:
        """The rows that the landing query gives: an undated history leaves out what is after the day."""
        return sum(sum(counts.values()) for counts in self.days.values())


def tried(company: Company, spec: TableSpec, day: date, pipeline: Pipeline) -> Trial:
    """The feed of a day, or all of a feed that is not divided into days. Raises what reading it raises."""
    request = SourceRequest(company, spec, day, day)
    values = query_parameters(company)
    if spec.kind is Kind.SNAPSHOT:
        values[AS_OF] = day
    last = _landed_name(spec)
    steps, empty, others = _steps(company, pipeline, spec, last)
    with ExitStack() as opened:
        given, typed = opened.enter_context(open_feed(request, most_rows=MOST_ROWS))
        trial = Trial(typed.schema.empty_table(), given=given)
        own = pa.RecordBatchReader.from_batches(typed.schema, _watched(typed, trial))
        incoming = {_source_name(spec): own}
        for other in others:
            looked_back = looking_back(Days.one(day), pipeline.looks[last].back.get(other.name, 1), values)
            days = Days(max(looked_back.first, company.start_date), max(looked_back.last, company.start_date))
            incoming[_source_name(other)] = opened.enter_context(_opened(company, other, days))
        for when, reason, rows in counted_rows(steps, values, incoming, empty, (spec.date_column, REJECTION)):
            trial.days.setdefault(when, Counter())[reason] += rows
    return trial


def _watched(typed: pa.RecordBatchReader, trial: Trial) -> Iterator[pa.RecordBatch]:
    sample: list[pa.RecordBatch] = []
    for batch in typed:
        if trial.rows < SAMPLE_ROWS:
            sample.append(batch.slice(0, SAMPLE_ROWS - trial.rows))
            trial.sample = pa.Table.from_batches(sample)
        trial.rows += batch.num_rows
        if "event_name" in batch.schema.names:
            for named in pc.value_counts(batch.column("event_name").drop_null()):
                trial.event_names[named["values"].as_py()] += named["counts"].as_py()
        yield batch
    trial.cut_off = trial.rows == MOST_ROWS


def _steps(
    company: Company, pipeline: Pipeline, spec: TableSpec, last: str
) -> tuple[list[tuple[str, Query]], dict[str, TableSpec], list[TableSpec]]:
    """The queries in the order in which they see each other, the tables that stand empty, and the other feeds that are
    read for them."""
    steps: list[tuple[str, Query]] = []
    empty: dict[str, TableSpec] = {}
    others: list[TableSpec] = []
    feeds = {_source_name(feed): feed for feed in company.tables.values()}

    def add(name: str) -> None:
        if name in feeds:
            feed = feeds[name]
            if feed is not spec and feed not in others and company.provides(feed.name):
                others.append(feed)
            elif feed is not spec and feed not in others:
                empty[name] = spec_of(source(feed.model))
            return
        if any(name == made for made, _ in steps):
            return
        table = pipeline.tables[name]
        assert isinstance(table, SqlTable)  # noqa: S101  (feeds land by queries)
        for needed in sorted(table.query.tables):
            add(needed)
        steps.append((name, table.query))

    add(last)
    return steps, empty, others


@contextmanager
def _opened(company: Company, spec: TableSpec, days: Days) -> Iterator[pa.RecordBatchReader]:
    """The rows of another feed; of files that come by day, those that are there."""
    feed = company.sources[spec.name]
    if not isinstance(feed, FilesSource) or not feed.dated:
        with open_typed(SourceRequest(company, spec, days.first, days.last)) as typed:
            yield typed
        return
    columns = [column for column in spec_of(source(spec.model)).columns if column.name != spec.date_column]
    schema = pa.schema([(column.name, column.type) for column in columns])
    there = [day for day in days if has_day(feed, day)]
    yield pa.RecordBatchReader.from_batches(schema, _each_day(company, spec, there, schema))


def _each_day(company: Company, spec: TableSpec, days: Sequence[date], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for day in days:
        with open_typed(SourceRequest(company, spec, day, day)) as typed:
            for batch in typed:
                yield pa.RecordBatch.from_arrays([batch.column(name) for name in schema.names], schema=schema)


def _landed_name(spec: TableSpec) -> str:
    return spec_of(landed(spec.model)).name


def _source_name(spec: TableSpec) -> str:
    return spec_of(source(spec.model)).name

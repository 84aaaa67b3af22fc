"""A slice that is made of the same as an earlier one takes over its rows; any other is made.

What it is made of is noted with each slice, so whether it is the same is asked without reading a row. What is carried
over has the rows of the earlier slice under its own day: nothing is parsed, computed or judged again, because all of
that was done with the same by the same program.

Not here: what a slice is made of (`ingredients.py`), and how an engine carries rows over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.pipeline.ingredients import ingredients
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import Feed, SqlTable
from recs_platform.settings import Switch, settings
from recs_platform.warehouse.protocol import Audit, BoundQuery, Incoming, Subject, Warehouse, Written
from recs_platform.warehouse.slices import INGREDIENTS, Slice

NEWEST = "newest"
"""Under this name the note of a slice says the newest value of each column of a feed that is compared with the day."""
CARRIED_FROM = "carried_from"
"""Under this name it says which day's rows it has."""


def made_or_carried(
    pipeline: Pipeline,
    company: Company,
    subject: Subject,
    query: BoundQuery,
    warehouse: Warehouse,
    *,
    audits: Sequence[Audit],
    note: Mapping[str, Any],
) -> Written:
    """Let the subject's day be what its query gives."""
    table = pipeline.tables[subject.table.name]
    if settings().carry is Switch.OFF or not warehouse.carries or not isinstance(table, SqlTable):
        return warehouse.replace(subject, query, audits=audits, note=note)
    looks = _looks(table.feed, company, subject)
    parts = ingredients(pipeline, company, subject, query, warehouse)
    if not parts:
        return warehouse.replace(subject, query, audits=audits, note=note)
    earlier = _earlier(warehouse, subject)
    if earlier is not None and _same_rows(table, query, warehouse, earlier, parts):
        kept = {name: earlier.note[name] for name in (INGREDIENTS, NEWEST) if name in earlier.note}
        carried = warehouse.carry(subject, earlier, {**note, **kept, CARRIED_FROM: str(earlier.day)})
        if carried is not None:
            return carried
    if table.feed is None or not query.incoming:
        return warehouse.replace(subject, query, audits=audits, note={**note, INGREDIENTS: parts})
    # What was read is known when it was read, and the note is written after that.
    written = dict(note)
    is_same = partial(_is_same, table.feed, company, subject, looks)
    watched = {
        name: partial(_watched, rows, _compared(table, name), written, parts, is_same)
        for name, rows in query.incoming.items()
    }
    return warehouse.replace(subject, replace(query, incoming=watched), audits=audits, note=written)


def _looks(feed: Feed | None, company: Company, subject: Subject) -> Any:
    return feed.looks(company, subject.days) if feed and not feed.why_unknown(company) else None


def _is_same(feed: Feed, company: Company, subject: Subject, looks: Any) -> bool:
    """Whether what was read is what its fingerprint was taken of: another file may have been put there meanwhile."""
    return bool(feed.looks(company, subject.days) == looks)


def _earlier(warehouse: Warehouse, subject: Subject) -> Slice | None:
    """The newest slice from before the subject's day."""
    before = [one for one in warehouse.slices(subject.table) if one.day < subject.days.first]
    return before[-1] if before else None


def _same_rows(
    table: SqlTable, query: BoundQuery, warehouse: Warehouse, earlier: Slice, parts: Mapping[str, str]
) -> bool:
    """Whether it is made of the same, and no value that is compared with the day lies between the two days."""
    if earlier.note.get(INGREDIENTS) != parts:
        return False
    newest = earlier.note.get(NEWEST, {})
    for name, column in table.query.facts.day.compared:
        if name in query.incoming:
            if not _is_before(newest.get(column, str(date.max)), earlier.day):
                return False
        else:
            view = next(view for view in query.views if view.name == name)
            if not warehouse.all_before(query.ref(view.spec), view.days.last, column, earlier.day):
                return False
    return True


def _is_before(newest: str | None, day: date) -> bool:
    """Whether the newest value, if there is any, is from before a day."""
    return newest is None or date.fromisoformat(newest) < day


def _compared(table: SqlTable, name: str) -> Sequence[str]:
    return [column for other, column in table.query.facts.day.compared if other == name]


@contextmanager
def _watched(
    rows: Incoming,
    columns: Sequence[str],
    note: MutableMapping[str, Any],
    parts: Mapping[str, str],
    is_same: Callable[[], bool],
) -> Iterator[pa.RecordBatchReader]:
    """The rows; when they were read, the note says what they were."""
    newest: dict[str, str | None] = dict.fromkeys(columns)
    with rows() as reader:
        if not columns:
            yield reader
        else:
            yield pa.RecordBatchReader.from_batches(reader.schema, _looked_through(reader, newest))
    if is_same():
        note[INGREDIENTS] = dict(parts)
        note[NEWEST] = newest


def _looked_through(reader: pa.RecordBatchReader, newest: dict[str, str | None]) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for column in newest:
            value = pc.max(batch[column]).as_py()
            day = value.date() if isinstance(value, datetime) else value
            if day is not None:
                newest[column] = max(newest[column] or "", day.isoformat())
        yield batch

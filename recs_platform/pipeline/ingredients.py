"""What a slice is made of, told apart unread: the program, the query and its values, the rows of each input, the feed.

Two slices of a snapshot that are made of the same, and whose query does nothing with its day but give it, have the same
rows but for their date. Only what is known for certain counts: where the bytes of one ingredient are unknown, nobody
says that it is the same.

Not here: taking over a slice that is made of the same (`carrying.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.warehouse.program import program
from recs_platform.warehouse.protocol import BoundQuery, Subject, Warehouse
from recs_platform.warehouse.scope import AS_OF, OF_A_SNAPSHOT
from recs_platform.warehouse.shown_days import days_shown

PROGRAM, QUERY, VALUES, COMPANY_FILE = "the program", "the query", "the parameters", "the company's file"
FEED = "the feed"


def never_the_same(pipeline: Pipeline, company: Company, name: str) -> str:
    """Why a table is made anew every day whatever its inputs are; nothing where it need not be."""
    return next(_reasons(pipeline, company, pipeline.tables[name]), "")


def _reasons(pipeline: Pipeline, company: Company, table: SqlTable | FrameTable) -> Iterator[str]:
    if isinstance(table, FrameTable):
        yield "it is made by Python, which nobody can look into"
        return
    if table.spec.kind is Kind.LOG:
        yield "it is a log: every day has rows of its own"
        return
    specs = _read_by(pipeline, table)
    if logs := sorted(name for name in table.query.tables if specs[name].kind is Kind.LOG):
        yield f"it reads the log {logs[0]}, of which every day shows other days"
    if asked := sorted(table.query.parameters & OF_A_SNAPSHOT - {AS_OF}):
        yield f"its rows depend on the day: it uses @{asked[0]}"
    if table.query.facts.day.reason:
        yield table.query.facts.day.reason
    for whole in table.query.facts.day.whole:
        yield f"its rows may depend on the day: it takes every column of {whole}"
    earlier = pipeline.looks[table.spec.name].earlier
    for other, column in table.query.facts.day.compared:
        kinds = {one.name: one.type for one in specs[other].columns}
        moment = pa.types.is_date(kinds.get(column, pa.null())) or pa.types.is_timestamp(kinds.get(column, pa.null()))
        if other in earlier or not moment:
            yield f"its rows depend on the day: it compares {other}.{column} with it"
    if table.incoming:
        why = table.feed.why_unknown(company) if table.feed else "nobody knows whether its feed is the same"
        if why:
            yield why


def _read_by(pipeline: Pipeline, table: SqlTable) -> Mapping[str, TableSpec]:
    """What stands behind each name that its query reads."""
    earlier = pipeline.looks[table.spec.name].earlier
    incoming = {spec.name: spec for spec in table.incoming_specs}
    return {**pipeline.specs, **incoming, **{name: pipeline.specs[one.table] for name, one in earlier.items()}}


def ingredients(
    pipeline: Pipeline, company: Company, subject: Subject, query: BoundQuery, warehouse: Warehouse
) -> dict[str, str]:
    """What a slice is made of, by name; nothing where somebody does not know."""
    table = pipeline.tables[subject.table.name]
    if not isinstance(table, SqlTable) or never_the_same(pipeline, company, table.spec.name):
        return {}
    values = {name: query.values[name] for name in sorted(query.query.parameters - {AS_OF})}
    parts = {
        PROGRAM: program(),
        QUERY: query.query.text,
        VALUES: repr([(name, type(value).__name__, value) for name, value in values.items()]),
    }
    for view in query.views:
        ref = query.ref(view.spec)
        contents = warehouse.contents(ref, days_shown(warehouse.days, ref, view, query))
        if contents is None:
            return {}
        parts[view.name] = repr(list(contents))
    if table.incoming and table.feed:
        # How the feed is read, and how much of it may be unusable, is the company's file to say.
        parts[COMPANY_FILE] = company.model_dump_json(warnings=False)
        parts[FEED] = table.feed.fingerprint(company, subject.days)
    return {name: hashlib.sha256(part.encode()).hexdigest()[:32] for name, part in parts.items()}


def differing(earlier: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The ingredients that are not the same."""
    return [name for name in dict.fromkeys((*now, *earlier)) if earlier.get(name) != now.get(name)]

"""The state of a company, read from the lake itself and from the job log: what is there, what failed, what is stale.

A table is stale when its newest day is older than the newest one that is due, or when something it is made of was
replaced later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from recs_platform.automation.locks import is_running
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.platform_db.tables import JobRun, Status
from recs_platform.schemas.table import Kind
from recs_platform.settings import Environment, settings
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import TableRef


@dataclass(frozen=True)
class TableState:
    table: str
    kind: str
    days: int
    newest: date | None
    rows: int | None
    """Of the newest day."""
    state: str
    """fresh, stale, missing or not due."""
    why: str


@dataclass(frozen=True)
class CompanyState:
    company: str
    strategy: str
    newest: date | None
    tables: tuple[TableState, ...]
    last_run: str
    ended_at: datetime | None
    checks_warned: int | None
    checks_failed: int | None
    message: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Written:
    days: int
    newest: date | None
    rows: int | None
    at: datetime | None
    """When the newest day was last replaced."""


def company_status(company: Company, pipeline: Pipeline, warehouse: Warehouse) -> CompanyState:
    written = {name: _written(warehouse, pipeline.ref(name, company)) for name in pipeline.tables}
    newest = max((w.newest for w in written.values() if w.newest), default=None)
    tables = tuple(_table_state(name, company, pipeline, written, newest) for name in pipeline.tables)
    run = _last_run(company)
    return CompanyState(
        company.name,
        company.strategy.name,
        newest,
        tables,
        _words(run),
        run.ended_at if run else None,
        run.checks_warned if run else None,
        run.checks_failed if run else None,
        run.message if run and run.status is Status.FAILED else "",
    )


def _table_state(
    name: str, company: Company, pipeline: Pipeline, written: Mapping[str, _Written], newest: date | None
) -> TableState:
    own, kind = written[name], pipeline.specs[name].kind
    due = newest
    if newest is not None and kind is Kind.SNAPSHOT:
        due = company.strategy.cadence.newest_due(newest)
    if own.newest is None and due is not None and due < company.start_date:
        return TableState(name, kind, 0, None, None, "not due", f"snapshots are {company.strategy.cadence}")
    if own.newest is None:
        return TableState(name, kind, 0, None, None, "missing", "never materialized")
    if due and own.newest < due:
        return TableState(name, kind, own.days, own.newest, own.rows, "stale", f"{due} is not there yet")
    for other in sorted(pipeline.inputs(name) - {name}):
        theirs = written[other]
        if theirs.at and own.at and theirs.newest == own.newest and theirs.at > own.at:
            return TableState(name, kind, own.days, own.newest, own.rows, "stale", f"{other} was replaced later")
    return TableState(name, kind, own.days, own.newest, own.rows, "fresh", "")


def _written(warehouse: Warehouse, ref: TableRef) -> _Written:
    days = warehouse.days(ref)
    if not days:
        return _Written(0, None, None, None)
    newest = days[-1]
    for version in warehouse.versions(ref):
        first, last = version.note.get("first"), version.note.get("last")
        if first and first <= str(newest) <= str(last):
            rows = version.note["rows"] if first == last else None
            return _Written(len(days), newest, rows, version.at)
    return _Written(len(days), newest, None, None)


def _last_run(company: Company) -> JobRun | None:
    database = engine()
    upgrade(database)
    runs = job_log.recent(database, company.name, limit=1)
    return runs[0] if runs else None


def _words(run: JobRun | None) -> str:
    if run is None:
        return "never ran"
    if run.status is Status.RUNNING and settings().env is Environment.LOCAL and not is_running(run.company):
        return f"interrupted ({run.job})"
    return f"{run.status} ({run.job})"

"""The state of a company, read from the slice ledger and from the job log: what is there, what failed, what is stale.

A table is missing when it was never made, and empty when its newest day was made and has no rows. It is stale when its
newest day is older than the newest one that is due, or when something it is made of was replaced later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from recs_platform.automation.dead_runs import death_of
from recs_platform.automation.locks import is_running
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import JobRun, Status
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Slice


@dataclass(frozen=True)
class TableState:
    table: str
    kind: str
    days: int
    newest: date | None
    rows: int | None
    """Of the newest day."""
    state: str
    """fresh, empty, stale, missing or not due."""
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


def company_status(company: Company, pipeline: Pipeline, warehouse: Warehouse) -> CompanyState:
    slices = {name: warehouse.slices(pipeline.ref(name, company)) for name in pipeline.tables}
    newest = max((of_table[-1].day for of_table in slices.values() if of_table), default=None)
    tables = tuple(_table_state(name, company, pipeline, slices, newest) for name in pipeline.tables)
    run = _last_run(company)
    return CompanyState(
        company.name,
        company.strategy.name,
        newest,
        tables,
        _run_text(run),
        run.ended_at if run else None,
        run.checks_warned if run else None,
        run.checks_failed if run else None,
        _message(run),
    )


def _table_state(
    name: str, company: Company, pipeline: Pipeline, slices: Mapping[str, Sequence[Slice]], newest: date | None
) -> TableState:
    kind, due = pipeline.specs[name].kind, newest
    if newest is not None and kind is Kind.SNAPSHOT:
        due = company.strategy.cadence.newest_due(newest)
    if not slices[name]:
        if due is not None and due < company.start_date:
            return TableState(name, kind, 0, None, None, "not due", f"snapshots are {company.strategy.cadence}")
        return TableState(name, kind, 0, None, None, "missing", "never materialized")
    own = slices[name][-1]
    state, why = "fresh", ""
    if due and own.day < due:
        state, why = "stale", f"{due} is not there yet"
    elif later := [other for other in sorted(pipeline.inputs(name) - {name}) if _is_later(slices[other], own)]:
        state, why = "stale", f"{later[0]} was replaced later"
    elif own.empty:
        state, why = "empty", f"{own.day} was made and has no rows"
    return TableState(name, kind, len(slices[name]), own.day, own.rows, state, why)


def _is_later(inputs: Sequence[Slice], own: Slice) -> bool:
    """Whether the newest day of an input was made again after what was made of it."""
    return bool(inputs) and inputs[-1].day == own.day and inputs[-1].made_at > own.made_at


def _last_run(company: Company) -> JobRun | None:
    runs = job_log.recent(opened_database(), company.name, limit=1)
    return runs[0] if runs else None


def _run_text(run: JobRun | None) -> str:
    if run is None:
        return "never ran"
    return f"{'died' if _died(run) else run.status} ({run.job})"


def _message(run: JobRun | None) -> str:
    if run is None:
        return ""
    if _died(run):
        return death_of(run)
    return run.message if run.status is Status.FAILED else ""


def _died(run: JobRun) -> bool:
    """Whether it says that it is running, and no process holds its company's lock."""
    return run.status is Status.RUNNING and not is_running(run.company)

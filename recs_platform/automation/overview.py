"""The state of a company, read from the slice ledger and from the job log: what is there, and what is not and why.

Of a table, the first of these that is true:

- failed: its newest day that is due, or a check of that day, failed, and it was not made again since.
- missing: a day that is expected was never made, the newest or one before it.
- not due: it was never made, and need not have been yet.
- stale: something that its newest day is made of was replaced later, or is provided only since.
- not provided: it has no rows, as the company does not provide a source table that it is made of.
- empty: its newest day was made and has no rows.
- fresh: none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from recs_platform.automation.dead_runs import death_of
from recs_platform.automation.locks import is_running
from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.companies.weeks import weekday_of
from recs_platform.pipeline.coverage import Coverage, in_words
from recs_platform.pipeline.failed_parts import failed_parts
from recs_platform.pipeline.left_out import NOT_PROVIDED, left_out, not_provided_in_words
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import JobRun, Status
from recs_platform.plurals import listed
from recs_platform.warehouse.point_in_time import looking_back
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, Slice


@dataclass(frozen=True)
class TableState:
    table: str
    kind: str
    days: int
    newest: date | None
    rows: int | None
    """Of the newest day."""
    state: str
    """fresh, empty, not provided, stale, missing, failed or not due."""
    why: str
    missing_days: tuple[date, ...] = ()
    """Those that are expected, up to the company's newest day."""


@dataclass(frozen=True)
class CompanyState:
    company: str
    strategy: str
    newest: date | None
    newest_whole: date | None
    """The newest day of which nothing is missing and nothing failed."""
    tables: tuple[TableState, ...]
    missing_days: tuple[date, ...]
    """Days on which some table is missing that was due."""
    lost_days: tuple[date, ...]
    not_provided: tuple[str, ...]
    """The source tables that it does without."""
    last_run: str
    ended_at: datetime | None
    checks_warned: int | None
    checks_failed: int | None
    message: str
    """What the last run failed of."""
    last_failed: tuple[str, ...] = ()
    """The tables that failed in the last run."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def count(self, state: str) -> int:
        return sum(table.state == state for table in self.tables)


def company_status(company: Company, pipeline: Pipeline, warehouse: Warehouse) -> CompanyState:
    slices = {name: warehouse.slices(pipeline.ref(name, company)) for name in pipeline.tables}
    made = {name: frozenset(one.day for one in of_table) for name, of_table in slices.items()}
    there, newest = Coverage(company, pipeline, made), max((max(days) for days in made.values() if days), default=None)
    missing: tuple[date, ...] = ()
    failed = frozenset[str]()
    if newest is not None:
        missing = there.missing(newest)
        failed = frozenset(failed_parts(company, pipeline, warehouse, opened_database(), newest))
    run, without = _last_run(company), left_out(pipeline, company)
    return CompanyState(
        company.name,
        company.strategy.name,
        newest,
        _newest_whole(there, newest if failed else None),
        tuple(
            _table_state(name, there, slices, newest, missing, failed, without.get(name, ()))
            for name in pipeline.tables
        ),
        missing,
        company.lost_days,
        company.not_provided,
        _run_text(run),
        run.ended_at if run else None,
        run.checks_warned if run else None,
        run.checks_failed if run else None,
        _message(run),
        run.failed_tables if run and run.status is Status.FAILED else (),
    )


def _newest_whole(there: Coverage, failed: date | None) -> date | None:
    days = frozenset[date]().union(*there.made.values())
    return next((day for day in sorted(days, reverse=True) if day != failed and not there.lacking(day)), None)


def _table_state(
    name: str,
    there: Coverage,
    slices: Mapping[str, Sequence[Slice]],
    newest: date | None,
    missing: Sequence[date],
    failed: Collection[str],
    without: Sequence[str],
) -> TableState:
    company, pipeline, own = there.company, there.pipeline, slices[name]
    kind = pipeline.specs[name].kind
    lacks = tuple(day for day in missing if name in there.lacking(day))
    if newest is not None and newest not in lacks and name in there.lacking(newest):
        lacks = (*lacks, newest)
    state, why = "fresh", ""
    if name in failed:
        state, why = "failed", f"{newest} failed"
    elif lacks:
        state, why = "missing", _why_missing(name, pipeline, lacks, newest, failed)
    elif not own and newest is not None:
        state, why = "not due", f"it is made on {weekday_of(company).capitalize()}s"
    elif not own:
        state, why = "missing", "never made"
    elif later := _replaced_later(name, there, slices):
        state, why = "stale", f"{later} was replaced later"
    elif made_without := [one for one in own[-1].note.get(NOT_PROVIDED, ()) if one not in without]:
        state, why = "stale", f"it was made without {listed(made_without)}"
    elif without:
        state, why = "not provided", not_provided_in_words(without)
    elif own[-1].empty:
        state, why = "empty", "no rows"
    last = own[-1] if own else None
    return TableState(name, kind, len(own), last.day if last else None, last.rows if last else None, state, why, lacks)


def _why_missing(
    name: str, pipeline: Pipeline, lacks: Sequence[date], newest: date | None, failed: Collection[str]
) -> str:
    if lacks[-1] == newest and (causes := sorted(pipeline.made_of(name) & set(failed))):
        return f"{newest} was not made: {causes[0]} failed"
    return f"{in_words(lacks)} {'was' if len(lacks) == 1 else 'were'} never made"


def _replaced_later(name: str, there: Coverage, slices: Mapping[str, Sequence[Slice]]) -> str | None:
    """What the newest day of a table is made of and that was made again after it: an input's same day, or a day of a
    log within the window."""
    pipeline, own = there.pipeline, slices[name][-1]
    looks, values = pipeline.looks[name], query_parameters(there.company)
    for other in sorted(pipeline.inputs(name) - {name}):
        shown = looking_back(Days.one(own.day), looks.back.get(other, 1), values)
        for one in reversed(slices.get(other, ())):
            if one.day < shown.first:
                break
            if one.day in shown and one.made_at > own.made_at:
                return other if one.day == own.day else f"{one.day} of {other}"
    return None


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

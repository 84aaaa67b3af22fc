"""The look at runs that have ended, whoever started them: one observation for each, under the run's id.

Where the look stopped is a moment, up to which it has seen everything. It begins some minutes before it again, because
runs that end at once are written in any order, and skips those that it has seen since, or that somebody else has
booked. On a platform that it never looked at, it begins a short time ago: what happened before is no news.

Not here: what is read of a run (run_facts.py), and what of it is told (run_findings.py).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES, RunRecord
from dagster._core.storage.tags import WILL_RETRY_TAG

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Observation, Severity, Trouble
from recs_platform.alerts.record import is_booked
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.open_troubles import open_troubles
from recs_platform.automation.looks.run_facts import about, facts_of, part_of, whose
from recs_platform.automation.looks.run_findings import Roles, roles_of, seen_in
from recs_platform.model_registry.training_log import of_run

_log = logging.getLogger(__name__)

NAME = "ended runs"
OVERLAP = timedelta(minutes=5)
FIRST_LOOK_BACK = timedelta(minutes=15)
DECIDED_WITHIN = timedelta(seconds=10)
STARTED_AGAIN_WITHIN = timedelta(minutes=30)
"""Dagster's daemon does so within a minute."""
TOLD_WITHIN = timedelta(days=1)
"""While nobody looked, as while the daemon was down, such runs are kept for the next look."""
NOT_AGAIN = {WILL_RETRY_TAG: "false"}
_PAGE = 200
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, dg.DagsterError)
_EVENTS = "(events)"
"""The subject of trouble with what a run says of itself: no table has such a name."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Seen:
    """How far the look has come."""

    upto: datetime
    run_ids: Mapping[str, datetime]
    """Those that were seen, and when they were written to, as far back as the next look begins."""

    @classmethod
    def read(cls, text: str | None, now: datetime) -> Seen:
        """From where a first look begins, if that is no cursor: somebody may have edited it."""
        try:
            kept = json.loads(text or "")
            seen = {run_id: datetime.fromtimestamp(at, UTC) for run_id, at in kept["seen"].items()}
            return cls(datetime.fromisoformat(kept["upto"]).astimezone(UTC), seen)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
            return cls.beginning(now - FIRST_LOOK_BACK)

    def to_text(self) -> str:
        # Dagster keeps it with every tick, so it is short.
        seen = {run_id: int(at.timestamp()) for run_id, at in self.run_ids.items()}
        return json.dumps({"upto": self.upto.isoformat(), "seen": seen})

    @classmethod
    def beginning(cls, begin: datetime) -> Seen:
        """With nothing seen, so that the next look begins there."""
        return cls(begin + OVERLAP, {})

    @property
    def begins(self) -> datetime:
        return self.upto - OVERLAP

    def with_run(self, run_id: str, written: datetime, now: datetime) -> Seen:
        # A machine whose clock is ahead must not carry the look past runs that others have still to write.
        return Seen(self.upto, {**self.run_ids, run_id: written}).looked(min(written, now))

    def looked(self, upto: datetime) -> Seen:
        """Everything up to a moment was seen."""
        upto = max(self.upto, upto)
        return Seen(upto, {one: at for one, at in self.run_ids.items() if at >= upto - OVERLAP})


def ended_runs(context: LookContext) -> Iterator[Observation]:
    seen = Seen.read(context.cursors.get(NAME), context.now)
    roles: dict[str, Roles] = {}
    context.cursors[NAME] = seen.to_text()
    for record in _written_since(context.instance, seen.begins):
        run_id = record.dagster_run.run_id
        if run_id in seen.run_ids or is_undecided(context.instance, record, context.now):
            continue
        if not context.has_time:
            return
        if not is_booked(context.database, run_id):
            yield _observed(context, record, roles)
        seen = seen.with_run(run_id, record.update_timestamp, context.now)
        context.cursors[NAME] = seen.to_text()
    context.cursors[NAME] = seen.looked(context.now).to_text()


def is_undecided(instance: dg.DagsterInstance, record: RunRecord, now: datetime) -> bool:
    """Whether Dagster has still to say if it starts a failed run again, which it does just after the run has failed."""
    run = record.dagster_run
    waits = run.status is dg.DagsterRunStatus.FAILURE and WILL_RETRY_TAG not in run.tags
    return waits and instance.run_retries_enabled and now - record.update_timestamp < DECIDED_WITHIN


def never_again(context: LookContext) -> Iterator[Observation]:
    """Runs that Dagster was to start again and did not: their failure was not told yet."""
    wanted = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={WILL_RETRY_TAG: "true"},
        updated_after=context.now - TOLD_WITHIN,
        updated_before=context.now - STARTED_AGAIN_WITHIN,
    )
    for record in context.instance.get_run_records(wanted):
        run = record.dagster_run
        name = f"{run.run_id} never again"
        if not run.is_complete_and_waiting_to_retry or is_booked(context.database, name):
            continue
        if not context.has_time:
            return
        if not _was_made_since(context.instance, record):
            given_up = run.with_tags({**run.tags, **NOT_AGAIN})
            seen = _observed(context, record._replace(dagster_run=given_up), {})
            yield replace(seen, name=name, at=context.now)


def _was_made_since(instance: dg.DagsterInstance, record: RunRecord) -> bool:
    """Whether somebody else has started what a run did not get through, and that has."""
    run = record.dagster_run
    company, days = whose(run)
    wanted = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS],
        job_name=run.job_name,
        tags={COMPANY_TAG: company} if company else {},
        updated_after=record.update_timestamp,
    )
    for other in instance.get_runs(wanted):
        _, made = whose(other)
        if part_of(other) == part_of(run) and (days is None or (made is not None and made.last >= days.last)):
            return True
    return False


def _observed(context: LookContext, record: RunRecord, roles: dict[str, Roles]) -> Observation:
    try:
        run = facts_of(context.instance, record)
    except _UNREADABLE as error:
        # One run whose events make no sense keeps no other waiting.
        _log.exception("what run %s did cannot be read", record.dagster_run.run_id)
        return unreadable(record, error)
    if run.company not in roles:
        roles[run.company] = _roles(context, run.company)
    trainings = of_run(context.database, run.run_id)
    return seen_in(run, roles[run.company], trainings, open_troubles(context.database, run.company))


def unreadable(record: RunRecord, error: Exception) -> Observation:
    run = record.dagster_run
    company, days = whose(run)
    finding = Finding(
        Trouble(company, Kind.RUN, f"{run.job_name if company == PLATFORM else ''} {_EVENTS}".strip()),
        Severity.WARN,
        f"What the run of {about(days, run.job_name)} did cannot be read: {error!r}.",
        "Look at the run's page. That is a defect: its trace stands in the log of the code server.",
        days=days,
        run_id=run.run_id,
    )
    return Observation(run.run_id, company, record.update_timestamp, (finding,))


def _roles(context: LookContext, company: str) -> Roles:
    """Of a company that is no more, or whose file is broken, a run is told as it is."""
    if company not in context.companies:
        return Roles()
    return roles_of(context.pipeline_of(company), context.companies[company].sparse_tables)


def _written_since(instance: dg.DagsterInstance, begin: datetime) -> Iterator[RunRecord]:
    """Ended runs, in the order in which they were last written to. Several may have been at the same moment."""
    size, given = _PAGE, set[str]()
    while True:
        wanted = dg.RunsFilter(statuses=FINISHED_STATUSES, updated_after=begin)
        page = instance.get_run_records(wanted, limit=size, order_by="update_timestamp", ascending=True)
        yield from (record for record in page if record.dagster_run.run_id not in given)
        if len(page) < size:
            return
        given |= {record.dagster_run.run_id for record in page}
        last = page[-1].update_timestamp - _TICK
        begin, size = (last, size) if last > begin else (begin, size * 2)

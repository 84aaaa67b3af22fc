"""The look at runs that do not get on: nothing was heard of them for long, or they wait in the queue for too long.

Whether such a run still works nobody can tell from here, so nothing is done to it. Dagster itself gives up those that
do not start, and ends those that take longer than dagster.yaml allows (run_monitoring); the look at ended runs tells of
that.

Not here: runs whose process is gone (killed.py).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES, RunRecord

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Observation, Severity, Trouble
from recs_platform.alerts.wording import lasting
from recs_platform.automation.looks.killed import last_heard
from recs_platform.automation.looks.look import LookContext, when
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.automation.looks.run_facts import about, whose
from recs_platform.automation.looks.run_findings import QUEUE

SILENT = timedelta(hours=2)
"""The longest step of the largest company takes less."""
WAITS = timedelta(hours=12)
"""Days that a company catches up on wait for each other."""
STANDS_STILL = timedelta(minutes=30)
"""While nothing runs at all, nothing should wait."""


def stuck(context: LookContext) -> Iterator[Observation]:
    instance, now = context.instance, context.now
    working = instance.get_run_records(dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES))
    silent = []
    for record in working:
        heard = last_heard(instance, record.dagster_run.run_id) or record.create_timestamp
        if now - heard > SILENT:
            silent.append(_silent(record, heard))
    oldest = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]), limit=1, order_by="id", ascending=True
    )
    known = open_of_kind(context.database, Kind.STUCK)
    waiting = _waiting(oldest, now, nothing_runs=not working, known=known)
    seen = [*silent, *waiting]
    yield from seen
    stays = {finding.trouble for one in seen for finding in one.findings}
    for trouble in sorted(known.keys() - stays):
        # What Dagster gave up ends with a run that succeeds.
        if trouble.subject == QUEUE or instance.has_run(trouble.subject):
            yield Observation(f"goes on {trouble.subject} {now}", trouble.company, now, settled=frozenset({trouble}))


def _silent(record: RunRecord, heard: datetime) -> Observation:
    run = record.dagster_run
    company, days = whose(run)
    finding = Finding(
        Trouble(company, Kind.STUCK, run.run_id),
        Severity.ERROR,
        f"Nothing was heard of the run of {about(days, run.job_name)} since {heard:%Y-%m-%d %H:%M} UTC.",
        "Look at its page. If it does nothing, terminate it there, or end its process, and run it again.",
        days=days,
        run_id=run.run_id,
    )
    # Another silence of the same run is another look.
    return Observation(f"silent {run.run_id} {heard.timestamp()}", company, heard + SILENT, (finding,))


def _waiting(
    oldest: Sequence[RunRecord], now: datetime, *, nothing_runs: bool, known: Container[Trouble]
) -> list[Observation]:
    if not oldest:
        return []
    (record,) = oldest
    company, days = whose(record.dagster_run)
    limit = STANDS_STILL if nothing_runs else WAITS
    waits = now - record.create_timestamp
    if waits < limit:
        return []
    why = "although nothing runs" if nothing_runs else "behind other runs"
    finding = Finding(
        Trouble(PLATFORM, Kind.STUCK, QUEUE),
        Severity.ERROR if nothing_runs else Severity.WARN,
        f"A run of {company or record.dagster_run.job_name} has waited in the queue for "
        f"{lasting(record.create_timestamp, now)}, {why}.",
        "See which runs are in progress, and whether the daemon and its queue are well: recs status; the UI's page "
        "Deployment. Terminate what nobody needs.",
        days=days,
        run_id=record.dagster_run.run_id,
    )
    name = f"queue {finding.severity} {when(now, news=finding.trouble not in known)}"
    return [Observation(name, PLATFORM, now, (finding,))]

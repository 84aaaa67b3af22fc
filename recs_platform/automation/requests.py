"""Runs that a schedule or a sensor asks for: a step of a plan as Dagster's request, and what is under way already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import RANGE_END, RANGE_START, asked_partitions
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.plan import Step

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_RETRIED_WITHIN = timedelta(hours=1)
"""Dagster's daemon starts a failed run again within a minute; what it has not started by then it never will."""


def run_request(step: Step, logs: Collection[dg.AssetKey], *, key: str | None = None) -> dg.RunRequest:
    """Of a day, everything, of a range, its logs, or of either what the step names. Who asks may give its own key:
    Dagster starts nothing twice for a key."""
    first, last = (partition_key(step.company, day) for day in (step.days.first, step.days.last))
    tags = {COMPANY_TAG: step.company, **step.tags}
    tables = [dg.AssetKey([step.strategy, table]) for table in sorted(step.tables or ())]
    if not step.history:
        return dg.RunRequest(run_key=key or last, partition_key=last, tags=tags, asset_selection=tables or None)
    tags |= {RANGE_START: first, RANGE_END: last}
    return dg.RunRequest(run_key=key or range_key([first, last]), tags=tags, asset_selection=tables or list(logs))


def range_key(partitions: Sequence[str]) -> str:
    return " to ".join(partitions)


def under_way(instance: dg.DagsterInstance, company: str | None = None) -> Mapping[str, frozenset[str]]:
    """Of each company that has any, or of one, the partitions of the runs that have not ended, or that failed and that
    Dagster is about to start again."""
    whose = {COMPANY_TAG: company} if company else {}
    runs = list(instance.get_runs(dg.RunsFilter(tags=whose, statuses=_UNDER_WAY)))
    failed = dg.RunsFilter(
        tags={**whose, WILL_RETRY_TAG: "true"},
        statuses=[dg.DagsterRunStatus.FAILURE],
        updated_after=datetime.now(UTC) - _RETRIED_WITHIN,
    )
    runs += [run for run in instance.get_runs(failed) if run.is_complete_and_waiting_to_retry]
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        if COMPANY_TAG in run.tags:
            keys[run.tags[COMPANY_TAG]].add(range_key(asked_partitions(run)))
    return {name: frozenset(of_company) for name, of_company in keys.items()}

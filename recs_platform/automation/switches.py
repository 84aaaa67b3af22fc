"""Which companies run by themselves: those whose schedule is on, and since when. It is the one switch for a company:
sensors and the look for late products go by it. Not here: when the schedule runs (scheduled.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus

from recs_platform.automation.scheduled import ENDING


def scheduled_since(instance: dg.DagsterInstance) -> dict[str, datetime]:
    """The companies whose schedule is on, and since when. Schedules are off until somebody turns them on, which Dagster
    remembers; an instance in memory has none."""
    if instance.schedule_storage is None:
        return {}
    on = instance.all_instigator_state(
        instigator_type=InstigatorType.SCHEDULE, instigator_statuses={InstigatorStatus.RUNNING}
    )
    since: dict[str, datetime] = {}
    for state in on:
        began = getattr(state.instigator_data, "start_timestamp", None)
        if state.instigator_name.endswith(ENDING):
            since[state.instigator_name.removesuffix(ENDING)] = datetime.fromtimestamp(began or 0, UTC)
    return since


def scheduled_companies(instance: dg.DagsterInstance) -> frozenset[str]:
    """The companies that run by themselves, by name."""
    return frozenset(scheduled_since(instance))

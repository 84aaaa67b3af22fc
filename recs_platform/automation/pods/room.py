"""What a run's pod may use: its strategy says it, of a day or of what is heavy.

Not here: the sizes themselves (each strategy's record), and what anybody else adds (the tag `dagster-k8s/config`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import dagster as dg

from recs_platform.automation.jobs import history_job, training_job
from recs_platform.automation.journal import RANGE_START
from recs_platform.declarations.room import Room
from recs_platform.strategies.catalogue import STRATEGIES

_OF_THE_PLATFORM = Room(cores=1, memory_gib=2, disk_gib=10)
"""Runs of no strategy: housekeeping, overviews."""
_OF_QUERIES = 0.6
"""The part of the memory that a query may use: rows that Python holds, models and the platform itself need the rest."""


def strategy_of(run: dg.DagsterRun) -> str | None:
    """By its assets, or by its job, whose name begins with the strategy's."""
    if run.asset_selection:
        first = min(key.path[0] for key in run.asset_selection)
        return first if first in STRATEGIES else None
    return next((name for name in STRATEGIES if run.job_name.startswith(f"{name}_")), None)


def room_of(run: dg.DagsterRun) -> Room:
    strategy = strategy_of(run)
    if strategy is None:
        return _OF_THE_PLATFORM
    heavy = run.job_name in (history_job(strategy), training_job(strategy)) or RANGE_START in run.tags
    rooms = STRATEGIES[strategy].rooms
    return rooms.heavy if heavy else rooms.day


def resources(room: Room) -> Mapping[str, Mapping[str, str]]:
    """As a container asks for it. What it asks for of the memory is all it gets, so that no run is killed for another
    one's; of the cores it may use more where they are free."""
    memory, disk = f"{room.memory_gib:g}Gi", f"{room.disk_gib:g}Gi"
    return {
        "requests": {"cpu": f"{room.cores:g}", "memory": memory, "ephemeral-storage": disk},
        "limits": {"memory": memory, "ephemeral-storage": disk},
    }


def variables(room: Room) -> list[dict[str, Any]]:
    """What the run is told of it: Python sees the cores of the whole node."""
    return [
        {"name": "RECS_MEMORY_LIMIT", "value": f"{room.memory_gib * _OF_QUERIES:.2f}GiB"},
        {"name": "RECS_THREADS", "value": str(math.ceil(room.cores))},
    ]

"""What the next day of each table costs: whether its rows are taken over where nothing has changed, and why not; and
what its newest day was. For who asks why a day takes so long.

Not here: where the time of a run went (`recs run --timings`), and carrying a slice over (`pipeline/carrying.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import dagster as dg

from recs_platform.automation.run_summary import summary
from recs_platform.companies.model import Company
from recs_platform.pipeline.carrying import CARRIED_FROM
from recs_platform.pipeline.ingredients import differing, never_the_same
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.plurals import listed
from recs_platform.settings import Switch, settings
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import INGREDIENTS, Slice

_NOTHING_CARRIED = "this warehouse carries nothing over"
_SWITCHED_OFF = "RECS_CARRY is off"


@dataclass(frozen=True)
class DayCost:
    table: str
    incremental: bool
    """Whether its day takes over the rows of the day before where it is made of the same."""
    why_not: str
    newest: date | None
    last: str
    """What its newest day was: carried, or made, and what had changed."""
    seconds: float | None
    """What that took, where Dagster still knows the run."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def day_costs(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, instance: dg.DagsterInstance
) -> list[DayCost]:
    seconds: dict[str, dict[str, float]] = {}
    costs = []
    for name in pipeline.tables:
        slices = warehouse.slices(pipeline.ref(name, company))
        why_not = _why_not(company, pipeline, warehouse, name)
        last, took = slices[-1] if slices else None, None
        if last is not None and last.run is not None:
            if last.run not in seconds:
                seconds[last.run] = dict(summary(instance, last.run).seconds)
            took = seconds[last.run].get(name)
        said = _said(slices[-2] if len(slices) > 1 else None, last) if last else "never made"
        costs.append(DayCost(name, not why_not, why_not, last.day if last else None, said, took))
    return costs


def _why_not(company: Company, pipeline: Pipeline, warehouse: Warehouse, name: str) -> str:
    if not warehouse.carries:
        return _NOTHING_CARRIED
    return _SWITCHED_OFF if settings().carry is Switch.OFF else never_the_same(pipeline, company, name)


def _said(before: Slice | None, last: Slice) -> str:
    if CARRIED_FROM in last.note:
        return f"carried from {last.note[CARRIED_FROM]}"
    if before is None or INGREDIENTS not in last.note or INGREDIENTS not in before.note:
        return "made"
    changed = differing(before.note[INGREDIENTS], last.note[INGREDIENTS])
    return f"made: {listed(changed)} changed" if changed else "made"

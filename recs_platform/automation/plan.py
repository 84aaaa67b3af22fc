"""Which runs a range of a company's days needs, and in which order. No Dagster; carrying them out is launch.py's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.reach import reach
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days


@dataclass(frozen=True)
class Step:
    """One run: a company's whole day, or its logs for a range of days."""

    company: str
    strategy: str
    days: Days
    history: bool
    tables: frozenset[str] | None = None
    """Only these tables of the day; all when None."""
    tags: Mapping[str, str] = field(default_factory=dict)

    def tagged(self, tags: Mapping[str, str]) -> Step:
        return replace(self, tags=tags)

    def __str__(self) -> str:
        return f"{self.company} {'history ' if self.history else ''}{self.days}"


def check_days(company: Company, days: Days) -> None:
    """Refuse days that the company does not have."""
    if days.first < company.start_date:
        raise ConfigError(
            f"{company.name} starts on {company.start_date}; there is nothing for {days.first} before it."
        )


def plan(company: Company, pipeline: Pipeline, warehouse: Warehouse, days: Days) -> list[Step]:
    """The runs that make these days: missing history of the look-back window in one run, then each day.

    Days on which the strategy makes no snapshots get their logs alone, as many days in a run as follow each other.
    """
    check_days(company, days)
    before = Days(reach(pipeline, company, days).first, days.first)
    missing = _missing_days(company, pipeline, warehouse, before)
    steps = []
    if missing:
        steps.append(Step(company.name, company.strategy.name, Days(missing[0], missing[-1]), history=True))
    for is_due, together in groupby(days, company.strategy.cadence.is_due):
        group = list(together)
        if is_due:
            steps += [Step(company.name, company.strategy.name, Days.one(day), history=False) for day in group]
        else:
            steps.append(Step(company.name, company.strategy.name, Days(group[0], group[-1]), history=True))
    return steps


def plan_backfill(company: Company, pipeline: Pipeline, days: Days) -> list[Step]:
    """The runs that make a range again: its logs, with the history they need, in one run; then the rest of each day on
    which snapshots are due."""
    check_days(company, days)
    logs = Step(company.name, company.strategy.name, reach(pipeline, company, days), history=True)
    daily = frozenset(pipeline.tables) - logs_of_logs(pipeline)
    due = [day for day in days if company.strategy.cadence.is_due(day)]
    return [logs] + [
        Step(company.name, company.strategy.name, Days.one(day), history=False, tables=daily) for day in due
    ]


def logs_of_logs(pipeline: Pipeline) -> frozenset[str]:
    """The logs that are made of nothing but logs: a run over a range makes them as every day by itself would."""
    pure_logs: set[str] = set()
    logs = {name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG}
    while grown := {name for name in logs - pure_logs if pipeline.inputs(name) <= pure_logs}:
        pure_logs |= grown
    return frozenset(pure_logs)


def _missing_days(company: Company, pipeline: Pipeline, warehouse: Warehouse, days: Days) -> list[date]:
    """The days before the last one that some log lacks: a run that was killed has made the first of them and not the
    last. A slice without rows is there."""
    wanted = set(days) - {days.last}
    logs = [name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG]
    present = [set(warehouse.days(pipeline.ref(name, company))) for name in logs]
    return sorted(day for day in wanted if any(day not in of_table for of_table in present))

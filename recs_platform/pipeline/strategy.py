"""A strategy's record with the functions that make it work, typed: which stages it has, what it says of a day, and how
it explains itself. Not here: what is data of it (`declarations/strategy.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, TypeAlias

from recs_platform.companies.model import Company
from recs_platform.declarations import strategy
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import Stage
from recs_platform.reporting.explanation import Explanation
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import Query

MakeStage: TypeAlias = Callable[[AnyStrategy, Mapping[str, Query]], Stage]
"""A stage of a strategy, made of the queries of `sql/`. A shared stage is made once for each strategy."""

MakeStages: TypeAlias = Callable[[], Sequence[MakeStage]]
"""Imports the stages when they are asked for: who only reads a company's file need not load what trains models."""


def weekly(make: MakeStage) -> MakeStage:
    """The same stage, made and published once a week, on the company's weekday."""

    def made_weekly(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
        return replace(make(strategy, queries), weekly=True)

    return made_weekly


class Story(Protocol):
    def __call__(self, company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
        """One line a finding; what the day has no figures of is left out."""


class Explain(Protocol):
    def __call__(self, read: DayReader, customer: str, item: str | None) -> Explanation:
        """Why a customer is recommended what it is, or one item in particular; a ConfigError for whom the day does not
        know."""


@dataclass(frozen=True)
class Explainer:
    table: str
    """A day that has a slice of it can be explained."""
    explain: Explain
    live_and_made: str | None = None
    """The question that gives what a customer sees beside what the day's table holds, as it was made last; None where
    no recommendations are published."""


Strategy: TypeAlias = strategy.Strategy[MakeStages, Story, Explainer]


def made(record: Strategy, queries: Mapping[str, Query], validation: Sequence[Query]) -> Pipeline:
    """The strategy's pipeline."""
    return Pipeline(record, [make(record, queries) for make in record.stages()], validation)

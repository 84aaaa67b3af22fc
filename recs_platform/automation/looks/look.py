"""What a look at the platform is: it reads something that was recorded, and says what is wrong and what is well.

A look is a generator of observations. It moves its cursor only after it was asked for the next one, which is when what
it gave is booked; what it is not asked for, it gives again at the next tick. A look starts no run and sends nothing.

Not here: the looks themselves (a module for each source; catalogue.py lists them), the tick that takes them
(`sensors/alerts.py`), and what becomes of what they saw (`recs_platform.alerts`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeAlias, TypeVar

import dagster as dg
from sqlalchemy import Engine

from recs_platform.alerts.finding import Observation
from recs_platform.companies.known_companies import Companies
from recs_platform.patience import patiently
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse

Given = TypeVar("Given")


class Cursors(dict[str, str]):
    """How far each look has come, by the look's name: kept between ticks, and written by the look alone."""


@dataclass(frozen=True)
class LookContext:
    instance: dg.DagsterInstance
    database: Engine
    """The platform's."""
    companies: Companies
    """Those of which the file is sound; `companies.broken` are the others."""
    pipelines: Mapping[str, Pipeline]
    """By strategy."""
    now: datetime
    """With a time zone. No look reads a clock."""
    open_warehouse: Callable[[], Warehouse]
    cursors: Cursors = field(default_factory=Cursors)
    until: float = float("inf")
    """On `time.monotonic()`: when the tick has no time left."""

    @cached_property
    def warehouse(self) -> Warehouse:
        """Opened by the first look that needs it: a lake that cannot be reached keeps the others from nothing."""
        return self.open_warehouse()

    @property
    def has_time(self) -> bool:
        """Whether a look may begin with one more company or run. What is left comes at the next tick."""
        return time.monotonic() < self.until

    def ask_warehouse(self, ask: Callable[[Warehouse], Given]) -> Given:
        """As long as a look may wait for it. A lake that hangs keeps no look, and no message, waiting."""
        return patiently(lambda: ask(self.warehouse), "the lake", seconds=LAKE_SECONDS)

    def pipeline_of(self, company: str) -> Pipeline:
        return self.pipelines[self.companies[company].strategy.name]


LAKE_SECONDS = 5.0
"""In which the lake has to answer a look: the other looks, and sending, have their share of the tick."""

Look: TypeAlias = Callable[[LookContext], Iterable[Observation]]


def when(now: datetime, *, news: bool) -> str:
    """For the name of a look at what lasts: what begins or ends is booked at once, what goes on once an hour."""
    return now.isoformat() if news else now.replace(minute=0, second=0, microsecond=0).isoformat()

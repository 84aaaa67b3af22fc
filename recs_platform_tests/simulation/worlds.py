"""The worlds that the simulation's tests look at, and how they read their files: without the platform's code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from recs_platform.schemas.table import Kind
from recs_platform.simulation import world
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.simulation.world import WorldSpec, read_truth
from recs_platform.sources.connectors.simulated import simulated_tables
from recs_platform.strategies.catalogue import STRATEGIES

FIRST = date(2025, 9, 1)
FEEDS = {
    "Viewed Product": "product_viewed",
    "Cart Update": "cart_updated",
    "Ordered Product": "order_line",
    "Consumer Website Order": "order_line",
    "Placed Order": "order_placed",
    "Refunded Product": "order_refunded",
}
SPECS = {
    "holley": WorldSpec("holley", "vehicle_fitment", 11, 4000, FIRST, FEEDS),
    "metro": WorldSpec("metro", "offer_ranking", 12, 600, FIRST, {}),
    "concord": WorldSpec("concord", "replenishment", 13, 429, FIRST, {}),
}


DAYS = {"holley": 50, "metro": 60, "concord": 66}
"""Long enough for the gap day, and in concord for a whole block of trending products."""


def world_of(spec: WorldSpec) -> SimulatedWorld:
    made = STRATEGIES[spec.strategy].world
    assert made is not None
    return made()


def simulate(spec: WorldSpec, landing: Path, first: date, last: date, **how: Any) -> None:
    """The feeds of the strategy that the spec names."""
    world.simulate(world_of(spec), simulated_tables(STRATEGIES[spec.strategy]), spec, landing, first, last, **how)


def ensure(spec: WorldSpec, landing: Path, table: str, day: date) -> None:
    world.ensure(world_of(spec), spec, landing, table, day)


@dataclass(frozen=True)
class Landed:
    spec: WorldSpec
    landing: Path
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=offset) for offset in range((self.last - self.first).days + 1)]

    @property
    def truth(self) -> dict[str, Any]:
        return read_truth(self.landing, self.spec.company)

    def files(self, table: str, day: str = "*", name: str = "*") -> str:
        """A DuckDB relation of the landed rows, with `filename` and `day`."""
        pattern = self.landing / self.spec.company / table / day / f"{name}.parquet"
        return (
            f"(SELECT *, CAST(split_part(filename, '/', -2) AS DATE) AS day "
            f"FROM read_parquet('{pattern}', filename = true))"
        )

    def days_of(self, table: str) -> list[date]:
        return [self.last] if table in self.tables(Kind.SNAPSHOT) else self.days

    def tables(self, *kinds: Kind) -> list[str]:
        specs = simulated_tables(STRATEGIES[self.spec.strategy])
        return [spec.name for spec in specs if not kinds or spec.kind in kinds]

    def counted(self, *path: str) -> dict[str, Any]:
        """A count of the truth per day; days without it are left out, zeros too."""
        found = {}
        for day, counts in self.truth["days"].items():
            for name in path:
                counts = counts.get(name, {})
            if counts:
                found[day] = counts
        return found


def by_day(duck: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    """The rows of a query of day and count as a dictionary, without zeros."""
    return {day.isoformat(): count for day, count in duck.sql(query).fetchall() if count}

"""A service in this process with real models, and features of pairs that a test makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pyarrow as pa

from recs_platform.declarations.strategy import TrainedModel
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.keys import KnownKey
from recs_platform.serving.metrics import PrometheusMetrics
from recs_platform.serving.models.holder import RegistryModels
from recs_platform.serving.models.lookup import Lookup, Pair
from recs_platform.serving.service import Service
from recs_platform.serving.sightings import sightings_of
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform_tests.serving.made_up import Lists, made_up
from recs_platform_tests.serving.models.worlds import House, feature_rows


@dataclass
class Warehouse:
    """What it knows of pairs: those of customers `c0` to `c99` with offers `o0` to `o9`."""

    asked: list[Sequence[Pair]] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    rows: pa.Table = field(default_factory=lambda: known_pairs())

    def __call__(self, company: ServedCompany, model: TrainedModel, day: date, pairs: Sequence[Pair]) -> pa.Table:
        self.asked.append(pairs)
        self.days.append(day)
        wanted = set(pairs)
        names = [self.rows[name].to_pylist() for name in model.task.columns.subjects]
        return self.rows.filter(pa.array([pair in wanted for pair in zip(*names, strict=True)]))


def known_pairs() -> pa.Table:
    table = feature_rows(OFFERS.features, 1_000, seed=3)
    customers, offers = [f"c{n // 10}" for n in range(1_000)], [f"o{n % 10}" for n in range(1_000)]
    return table.append_column("customer_id", pa.array(customers)).append_column("offer_id", pa.array(offers))


@dataclass
class Scoring:
    service: Service
    models: RegistryModels
    warehouse: Warehouse
    lists: Lists

    async def look(self) -> None:
        await self.models.look()
        await self.service.publications.look()


async def scoring(house: House, *, keys: tuple[KnownKey, ...] = ()) -> Scoring:
    """Of acme, metro and concord; everything that is active is loaded."""
    service, lists = made_up(keys=keys)
    warehouse, models = Warehouse(), house.holder(service.companies)
    service.models, service.lookup = models, Lookup(warehouse)
    service.metrics = PrometheusMetrics(lambda: service.companies.by_name, partial(sightings_of, service))
    made = Scoring(service, models, warehouse, lists)
    await made.look()
    return made

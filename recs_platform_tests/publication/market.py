"""A company with offers, in small: the day's lists and what explains them are planted, the comparison and everything
after it are the real ones.

Not here: companies that publish other products (garage.py).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import dagster as dg
import pyarrow as pa

from recs_platform.automation.jobs import daily_job
from recs_platform.automation.partitions import partition_key
from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.definitions import build_defs
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import Stage
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import outlet_of
from recs_platform.schemas.offer_ranking import OfferCandidates, OfferRecommendations, OfferScores
from recs_platform.schemas.sources import Customers, Offers
from recs_platform.schemas.table import Table, spec_of
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import KNOWN, STRATEGIES
from recs_platform.strategies.offer_ranking.publication import offers
from recs_platform.strategies.offer_ranking.stage import offers_stage
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.publication.garage import arrow
from recs_platform_tests.sql.queries import platform_queries

NAME, STRATEGY = "market", "offer_ranking"
DAY = date(2025, 9, 10)
NEXT = DAY + timedelta(days=1)
EARLIER, LATER = DAY - timedelta(days=30), DAY + timedelta(days=30)


@dataclass(frozen=True)
class Shown:
    """An offer in a customer's list."""

    offer: str
    score: float = 0.1
    ends: date = LATER
    discount: float = 0.2
    own_brand: bool = False
    margin: float | None = 0.5

    def row(self, day: date, customer: str, rank: int) -> dict[str, Any]:
        return {
            "as_of": day,
            "customer_id": customer,
            "rank": rank,
            "offer_id": self.offer,
            "item_id": f"item {self.offer}",
            "category": "dairy",
            "is_own_brand": self.own_brand,
            "discount": self.discount,
            "price": 10.0,
            "ends_on": self.ends,
            "score": self.score,
            "expected_margin": self.margin,
            "reason": "new this week",
            "scored_by": "m1",
            "pipeline_version": "1",
            "generated_at": datetime.datetime.combine(day, datetime.time()),
        }


Lists = Mapping[str, Sequence[Shown]]
"""Customer: the offers shown, the first place first."""


def lists(customers: int, *offers: str, **of_all: Any) -> dict[str, list[Shown]]:
    """So many customers who are all shown the same."""
    return {f"c{n}": [Shown(offer, **of_all) for offer in offers] for n in range(customers)}


@dataclass(frozen=True)
class Planned:
    """What a day's tables hold."""

    lists: Lists
    scores: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Customer and offer of each candidate: its chance."""
    running: frozenset[str] = frozenset()
    """The offers that run on the day."""
    customers: frozenset[str] = frozenset()

    def tables(self, day: date) -> dict[type[Table], pa.Table]:
        """All tables that the comparison is made of, and the day's lists."""
        shown = [s.row(day, c, n) for c, offers in self.lists.items() for n, s in enumerate(offers, start=1)]
        offers = [
            {"as_of": day, "offer_id": o, "item_id": o, "discount": 0.2, "starts_on": EARLIER, "ends_on": ends}
            for o, ends in [*((o, LATER) for o in sorted(self.running)), ("last year's", EARLIER)]
        ]
        pairs = [{"as_of": day, "customer_id": c, "offer_id": o} for c, o in self.scores]
        candidates = [{**pair, "item_id": pair["offer_id"], "generators": "", "place": 1} for pair in pairs]
        chances = [
            {**pair, "raw_score": None, "probability": chance, "scored_by": "m1"}
            for pair, chance in zip(pairs, self.scores.values(), strict=True)
        ]
        return {
            OfferRecommendations: arrow(OfferRecommendations, shown),
            OfferCandidates: arrow(OfferCandidates, candidates),
            OfferScores: arrow(OfferScores, chances),
            Offers: arrow(Offers, offers),
            Customers: arrow(Customers, [{"as_of": day, "customer_id": c} for c in sorted(self.customers)]),
        }


def planned(lists: Lists) -> Planned:
    """A day on which what is shown are all candidates and all offers that run. One customer is shown nothing."""
    scores = {(customer, shown.offer): shown.score for customer, offers in lists.items() for shown in offers}
    return Planned(lists, scores, frozenset(offer for _, offer in scores), frozenset({*lists, "somebody"}))


PRODUCT = offers(spec_of(OfferRecommendations), platform_queries()["offer_recommendation_figures"])


@dataclass
class Market:
    """The company and its pipeline. A day's tables are what was planned for it."""

    parameters: dict[str, Any] = field(default_factory=dict)
    days: dict[date, Planned] = field(default_factory=dict)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def company(self) -> Company:
        return Company.model_validate({**self.described, "parameters": self.parameters}, context=KNOWN)

    @property
    def described(self) -> dict[str, Any]:
        return {
            "name": NAME,
            "strategy": STRATEGY,
            "dataset": NAME,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "start_date": date(2025, 9, 1),
            "simulation": {},
        }

    @cached_property
    def pipeline(self) -> Pipeline:
        strategy = STRATEGIES[STRATEGY]
        publishing = offers_stage(strategy, platform_queries())
        return Pipeline(strategy, [Stage("made", tuple(self._tables())), publishing], [])

    @cached_property
    def outlet(self) -> Outlet:
        database = engine()
        upgrade(database)
        return outlet_of(self.pipeline, RECOMMENDATIONS, self.company, lake_of(settings()), database)

    def plan(self, day: date, lists: Lists) -> None:
        self.days[day] = planned(lists)

    def make(self, day: date) -> None:
        """The day's tables, without Dagster."""
        for model, rows in self.days[day].tables(day).items():
            write(self.outlet, model, day, rows)

    def run(self, day: date, only: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        """The company's whole day in Dagster; of `only` these assets when they are named."""
        definitions = build_defs(companies={NAME: self.company}, strategies={STRATEGY: self.pipeline})
        job = definitions.resolve_job_def(daily_job(STRATEGY))
        return job.execute_in_process(
            partition_key=partition_key(NAME, day),
            instance=self.instance,
            raise_on_error=False,
            asset_selection=[dg.AssetKey([STRATEGY, name]) for name in only] or None,
        )

    def _tables(self) -> list[Any]:
        def made(model: type[Table]) -> Any:
            def function(company: Company, days: Days) -> Any:
                return self.days[days.last].tables(days.last)[model]

            return table_asset(model)(function)

        return [made(model) for model in planned({}).tables(DAY)]


def write(outlet: Outlet, model: type[Table], day: date, rows: pa.Table, *, audited: bool = True) -> None:
    """A table's slice in the outlet's warehouse; not `audited`, as somebody might write it past the platform."""
    spec = spec_of(model)
    ref = TableRef(outlet.dataset, spec)
    subject = Subject(spec.name, outlet.company, ref, Days.one(day))
    outlet.warehouse.replace(subject, rows.to_reader(), audits=(SCHEMA_AUDIT,) if audited else ())

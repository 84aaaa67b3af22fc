"""The recommendations find what was planted in holley's simulated world, at its default size.

The match rate is worked out here in a few lines of pandas, so that it owes nothing to the backtest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.pipeline.stage import CANDIDATES, RECOMMENDED
from recs_platform.settings import settings
from recs_platform.simulation.world import read_truth
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform.warehouse.check import judge
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.vehicle_fitment.engine import Engine, values
from recs_platform_tests.strategies.vehicle_fitment.small_world import World

THEN, TODAY = date(2025, 11, 5), date(2025, 12, 3)
_OF_THE_RANKING = (
    "users_with_vehicles",
    "eligible_parts",
    "item_popularity",
    "segment_popularity",
    "intent_scores",
    "purchases",
    "order_history",
    "ignored_recommendations",
)


@dataclass(frozen=True)
class Holley:
    world: World
    truth: dict[str, Any]

    def frame(self, table: str, days: Days) -> pd.DataFrame:
        return self.arrow(table, days).to_pandas()

    def arrow(self, table: str, days: Days) -> pa.Table:
        with self.world.lake.read(self.world.pipeline.ref(table, self.world.company), days) as reader:
            return reader.read_all()

    @cached_property
    def recommended(self) -> pd.DataFrame:
        """As of THEN, with the owner's vehicle."""
        owners = self.frame("users_with_vehicles", Days.one(THEN))
        vehicle = ["customer_id", "vehicle_year", "vehicle_make", "vehicle_model"]
        return self.frame("recommendations", Days.one(THEN)).merge(owners[vehicle], on="customer_id")

    @cached_property
    def bought_after(self) -> pd.DataFrame:
        """The order lines of the 28 days after THEN by people who got recommendations."""
        events = self.frame("events", Days(THEN + timedelta(days=1), TODAY))
        lines = events[events["event_name"] == "order_line"]
        return lines[lines["customer_id"].isin(self.recommended["customer_id"])]

    def match_rate(self, recommended: pd.DataFrame) -> float:
        """Purchases that were recommended / purchases."""
        pairs = recommended[["customer_id", "item_id"]].assign(recommended=True)
        matched = self.bought_after.merge(pairs, on=["customer_id", "item_id"], how="left")
        return float(matched["recommended"].notna().mean())

    def by_popularity(self, popularity: str) -> pd.DataFrame:
        """What would have been recommended THEN."""
        engine = Engine({name: self.arrow(name, Days.one(THEN)) for name in _OF_THE_RANKING})
        given = {**values(popularity=popularity), "as_of": THEN}
        for table in ("vehicle_ranking", "recommendations"):
            engine.make(table, given)
        made: pa.Table = engine.rows("SELECT * FROM recommendations", given)
        engine.close()
        return made.to_pandas()


@pytest.fixture(scope="module")
@takes_seconds
def holley(tmp_path_factory: pytest.TempPathFactory) -> Holley:
    home = tmp_path_factory.mktemp("holley")
    company = load_companies()["holley"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECS_HOME", str(home))
        settings.cache_clear()
        world = World(home, company, pipeline_of(company), lake_of(settings()))
        world.make(THEN, events_from=company.start_date)
        world.make(TODAY, events_from=THEN + timedelta(days=1))
        truth = read_truth(settings().landing.absolute(), company.name)
    settings.cache_clear()
    return Holley(world, truth)


@pytest.mark.parametrize("day", [THEN, TODAY], ids=str)
def test_owners_get_what_owners_of_their_vehicle_buy(holley: Holley, day: date) -> None:
    recommended = holley.frame("recommendations", Days.one(day))
    assert recommended["customer_id"].nunique() > 3_000
    is_specific = (recommended["tier"] == "vehicle").groupby(recommended["customer_id"])
    assert is_specific.any().mean() >= 0.87
    assert is_specific.all().mean() >= 0.9
    assert (recommended["tier"] == "global").mean() <= 0.02


def test_owners_of_its_model_see_the_console_latch_unless_they_have_it(holley: Holley) -> None:
    latch = holley.truth["console_latch"]
    make, model = latch["model"]
    recommended = holley.recommended
    owners = recommended[(recommended["vehicle_make"] == make) & (recommended["vehicle_model"] == model)]
    purchases = holley.frame("purchases", Days.one(THEN))
    lately = purchases["ordered_on"] > THEN - timedelta(days=365)
    have_it = set(purchases[lately & (purchases["family"] == latch["item_id"])]["customer_id"])
    without = owners[~owners["customer_id"].isin(have_it)]
    assert without["customer_id"].nunique() > 100
    sees_it = (without["item_id"] == latch["item_id"]).groupby(without["customer_id"]).any()
    assert sees_it.mean() >= 0.9
    assert latch["item_id"] not in set(owners[owners["customer_id"].isin(have_it)]["item_id"])


@pytest.mark.parametrize("day", [THEN, TODAY], ids=str)
def test_nobody_sees_the_headlight_or_a_part_that_may_not_be_recommended(holley: Holley, day: date) -> None:
    items = holley.frame("recommendations", Days.one(day))["item_id"]
    assert holley.truth["universal"]["headlight"] not in set(items)
    assert not set(holley.truth["popular_but_excluded"]["items_of_the_first_model"]) & set(items)
    # The two at the edge of the rules are recommended.
    assert set(holley.truth["popular_and_kept"]) & set(items)


@pytest.mark.parametrize("day", [THEN, TODAY], ids=str)
def test_every_check_passes(holley: Holley, day: date) -> None:
    pipeline, company = holley.world.pipeline, holley.world.company
    stages = [stage for stage in pipeline.stages if stage.name in (CANDIDATES, RECOMMENDED)]
    own = {table.spec.name for stage in stages for table in stage.tables}
    verdicts = {
        name: judge(holley.world.lake, check, pipeline.bind_check(name, company, Days.one(day)))
        for name, (check, _) in pipeline.checks.items()
        if check.table in own
    }
    assert len(verdicts) >= 18
    assert all(verdict.rows for verdict in verdicts.values())
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == []


def test_what_owners_buy_foretells_ten_times_as_many_purchases_as_what_everybody_buys(holley: Holley) -> None:
    by_segment, by_global = holley.by_popularity("segment"), holley.by_popularity("global")
    assert holley.match_rate(by_segment) == holley.match_rate(holley.recommended)
    assert len(holley.bought_after) > 250
    assert holley.match_rate(by_segment) >= 10 * holley.match_rate(by_global)
    assert holley.match_rate(by_segment) > 0.05

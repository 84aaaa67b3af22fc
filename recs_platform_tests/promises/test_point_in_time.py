"""What a later day brings is not seen on an earlier one, also where a feed hands over everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.companies.model import Simulation
from recs_platform.simulation.events import gap_day
from recs_platform.sources.connectors.simulated import world_spec
from recs_platform.strategies.catalogue import load_companies
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Platform, violations
from recs_platform_tests.promises.shop import FIRST, SECOND, THIRD, Rows, Shop, events_of

pytestmark = pytest.mark.slow

_TOMORROW = f"{THIRD}T09:00:00Z"
# Tables without a time of their own (catalog, fitment) hold what they hold; an offer may be announced.
_FROM_THE_FUTURE: dict[str, Rows] = {
    "events": [
        *({**row, "event_id": f"new-{n}"} for n, row in enumerate(events_of(THIRD))),
        # The order line of the day before once more, and an event of the day before under the same identifier.
        {**events_of(SECOND)[-1], "event_ts": _TOMORROW},
        {**events_of(SECOND)[0], "event_ts": _TOMORROW},
    ],
    "treatments": [
        {
            "send_id": "s2",
            "customer_id": "c2",
            "treatment_id": "t",
            "campaign_id": "k",
            "arm": "random",
            "sent_at": _TOMORROW,
        }
    ],
    "deliveries": [{"send_id": "s2", "status": "failed", "reported_at": _TOMORROW}],
    "interactions": [{"send_id": "s2", "kind": "CLICKED", "happened_at": _TOMORROW}],
    "customers": [{"customer_id": "c1", "email": "moved@example.com", "updated_at": _TOMORROW}],
    "order_history": [{"order_line_id": "h2", "item_id": "i2", "ordered_at": _TOMORROW, "quantity": 5}],
    "impressions": [{"impression_id": "m2", "customer_id": "c2", "offer_id": "f1", "shown_at": _TOMORROW}],
    "redemptions": [{"customer_id": "c1", "offer_id": "f1", "order_id": "o2", "redeemed_at": _TOMORROW}],
}


# Feeds that only offer ranking has; the others are the same in every strategy, and vehicle fitment has all of them.
_OFFER_TABLES = [
    f"{form}{table}"
    for table in ("catalog", "impressions", "redemptions", "offers", "events")
    for form in ("landed_", "")
]


@pytest.mark.parametrize(
    ("strategy", "tables", "changed"),
    [
        # The later state of a profile lands with the others and is counted as merged; the profile stays as it was.
        ("vehicle_fitment", [], {"landed_customers", "source_counts"}),
        ("offer_ranking", _OFFER_TABLES, set()),
    ],
)
def test_rows_from_the_future_in_every_undated_feed(
    strategy: str, tables: list[str], changed: set[str], tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "feeds", strategy, undated=True)
    platform = Platform(tmp_path / "home", [shop.company])
    seen = Days(FIRST, SECOND)
    platform.succeeded(platform.load_days("shop", seen))
    platform.succeeded(platform.run_day("shop", SECOND, only=tables))
    before = platform.contents("shop", seen)
    for table, rows in _FROM_THE_FUTURE.items():
        if table in shop.feeds:
            shop.add(table, rows)
    platform.succeeded(platform.run_day("shop", SECOND, only=tables))
    after = platform.contents("shop", seen)
    assert {table for table in before if before[table] != after[table]} == changed
    platform.succeeded(platform.run_day("shop", THIRD, only=tables))
    assert platform.contents("shop", seen) == after
    # What was planted is there on its own day.
    assert "new-0" in {row["event_id"] for row in platform.rows("shop", "events", Days.one(THIRD))}
    emails = {row["as_of"]: row["email"] for row in platform.rows("shop", "customers") if row["customer_id"] == "c1"}
    assert emails == ({} if tables else {SECOND: "c1@example.com", THIRD: "moved@example.com"})


def test_a_day_without_events_is_reported(tmp_path: Path) -> None:
    acme = load_companies()["acme"].model_copy(update={"simulation": Simulation(seed=1, customers=300)})
    day = gap_day(world_spec(acme))
    platform = Platform(tmp_path, [acme]).beginning_on("acme", day)
    run = platform.run_day("acme", day)
    assert run.success
    assert violations(run)["days_without_events"] == 1
    assert platform.days("acme", "events") == [day]
    assert platform.rows("acme", "events") == []
    assert any("days_without_events" in warning for warning in platform.summary(run).warnings)

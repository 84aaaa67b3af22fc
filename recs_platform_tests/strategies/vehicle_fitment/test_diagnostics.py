"""The diagnostics over a simulated world, held against plain Python, and what the small tables say of themselves.

Each query's own cases are in `recs_platform_tests/sql/reporting`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from recs_platform.file_store.local import LocalFiles
from recs_platform.reporting.presentation import markdown_image, presented, write_picture
from recs_platform.schemas.reporting import PRICE_BANDS
from recs_platform.strategies.vehicle_fitment.diagnostic_presentations import (
    show_backtest,
    show_price_bands,
    show_tier_shares,
)
from recs_platform_tests.strategies.vehicle_fitment.small_world import THEN, TODAY, World

Row = dict[str, Any]


def test_purchases_by_fitment(world: World) -> None:
    fitting = {row["item_id"] for row in world.rows("fitment", TODAY)}
    lines = [row for row in world.rows("events", TODAY) if row["event_name"] == "order_line"]
    assert lines
    outside = [row for row in lines if row["item_id"] not in fitting and (row["item_id"] or "?")[:-1] not in fitting]
    (today,) = (row for row in world.rows("purchases_by_fitment", TODAY) if row["ordered_on"] == TODAY)
    assert (today["purchases"], today["outside_fitment"]) == (len(lines), len(outside))


def test_shares_add_up(world: World) -> None:
    for table, column in (
        ("revenue_by_category", "share_of_revenue"),
        ("revenue_by_category", "share_of_lines"),
        ("revenue_by_price_band", "share_of_revenue"),
        ("tier_shares", "share_of_recommendations"),
    ):
        assert sum(row[column] for row in world.rows(table, TODAY)) == pytest.approx(1), (table, column)
    assert {row["price_from"] for row in world.rows("revenue_by_price_band", TODAY)} <= set(PRICE_BANDS)


def test_tier_shares_are_those_of_the_recommendations(world: World) -> None:
    tiers = Counter(row["tier"] for row in world.rows("recommendations", TODAY))
    assert {row["tier"]: row["recommendations"] for row in world.rows("tier_shares", TODAY) if row["items"]} == tiers


def test_average_prices(world: World) -> None:
    prices: dict[int, list[float]] = {}
    for row in world.rows("recommendations", TODAY):
        prices.setdefault(row["rank"], []).append(row["price"])
    for row in world.rows("recommended_price", TODAY):
        mine = prices.pop(row["position"])
        assert row["average_price"] == pytest.approx(sum(mine) / len(mine))
    assert not prices


def test_an_event_feed_is_seen_day_by_day(world: World) -> None:
    counted = {
        (row["happened_on"], row["event_name"]): row["events"] for row in world.rows("events_by_kind_and_day", TODAY)
    }
    assert {day for day, _ in counted} <= {world.company.start_date + timedelta(days=n) for n in range(30)}
    today = Counter(row["event_name"] for row in world.rows("events", TODAY))
    assert {name: events for (day, name), events in counted.items() if day == TODAY} == today


def test_cold_starts(world: World) -> None:
    wishing = {row["customer_id"] for row in world.rows("intent_scores", TODAY)}
    owners = {row["customer_id"] for row in world.rows("users_with_vehicles", TODAY)}
    (row,) = world.rows("cold_starts", TODAY)
    assert (row["owners"], row["without_intent"]) == (len(owners), len(owners - wishing))


def words_in(svg: bytes) -> set[str]:
    return {element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize(
    ("table", "show", "says", "labels"),
    [
        ("backtest", show_backtest, "had been recommended to the buyer", {"recommended", "segment", "global"}),
        (
            "tier_shares",
            show_tier_shares,
            "of owners get at least one part that owners of the same vehicle ordered",
            {"vehicle: recommendations", "global: owners with at least one"},
        ),
        (
            "revenue_by_price_band",
            show_price_bands,
            "of revenue comes from items of USD 500 and more",
            {"under 50: revenue", "50-100: order lines", "from 1,000: revenue"},
        ),
    ],
)
def test_a_table_speaks_for_itself(world: World, table: str, show: Any, says: str, labels: set[str]) -> None:
    rows = world.rows(table, TODAY)
    shown = presented(show, world.company, TODAY, rows)
    assert says in shown.words
    assert labels <= words_in(shown.picture)
    assert presented(show, world.company, TODAY, rows).picture == shown.picture, "the same rows give another picture"
    backwards = presented(show, world.company, TODAY, rows[::-1])
    assert backwards.picture == shown.picture, "the order of rows shows"
    assert world.pipeline.tables[table].present is show


def test_what_an_empty_table_says(world: World) -> None:
    said = show_backtest(world.company, THEN, [])
    assert said.picture is None
    assert f"on {THEN - timedelta(days=21)}" in said.words
    assert show_tier_shares([]).picture is None
    assert show_price_bands(world.company, []).picture is None


def test_a_ratio_without_an_upper_bound(world: World) -> None:
    rows = [{**row} for row in world.rows("backtest", TODAY)]
    (segment,) = (row for row in rows if (row["contender"], row["section"]) == ("segment", "all"))
    segment.update(over_global=12.0, over_global_low=3.4, over_global_high=None)
    assert "12.0 times as many (95% interval: 3.4 to no upper bound)" in show_backtest(world.company, TODAY, rows).words
    segment.update(over_global=None)
    assert "times as many" not in show_backtest(world.company, TODAY, rows).words


def test_pictures_go_to_the_report_folder(world: World) -> None:
    path = Path(write_picture(LocalFiles(world.home), "holley", TODAY, "backtest", b"<svg/>"))
    assert path == world.home / "reports" / "holley" / str(TODAY) / "backtest.svg"
    assert path.read_bytes() == b"<svg/>"
    assert markdown_image(b"<svg/>", "backtest") == "![backtest](data:image/svg+xml;base64,PHN2Zy8+)"

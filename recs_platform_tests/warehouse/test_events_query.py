"""The real `events` query against its rule in plain Python: over a range, day by day, and with rows of the future."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.sources.stage import sources_stage
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import D, day, days, reader

SPAN = 20
LOOK_BACK = 7
CANONICAL = {"Ordered Product": "order_line", "Website Order": "order_line", "Viewed": "product_viewed"}
PREFERRED = "Ordered Product"
Row = dict[str, Any]

# Few values, so that repeats and lines in several feeds are the rule; and days around a week apart.
ROWS = st.lists(
    st.builds(
        lambda offset, hour, **rest: {
            "event_date": day(offset),
            "event_ts": datetime(D.year, D.month, D.day, hour) + timedelta(days=offset),
            **rest,
        },
        offset=st.sampled_from([0, 1, 7, 8, 9, 16, SPAN]),
        hour=st.integers(8, 9),
        event_id=st.sampled_from([f"e{n}" for n in range(9)]),
        event_name=st.sampled_from(list(CANONICAL)),
        customer_id=st.sampled_from([None, "c1"]),
        item_id=st.sampled_from(["i1", "i2"]),
        order_id=st.sampled_from([f"o{n}" for n in range(4)]),
        quantity=st.sampled_from([None, 1, 2]),
        unit_price=st.just(2.5),
        rejection=st.sampled_from([None, None, None, "item_id is missing"]),
    ),
    min_size=10,
    max_size=40,
)


@cache
def sources() -> Pipeline:
    """The sources stage alone: what comes after it has no say here."""
    strategy = STRATEGIES["replenishment"]
    return Pipeline(strategy, [sources_stage(strategy, platform_queries())], [])


def nulls_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def rule(landed: list[Row]) -> list[Row]:
    """An event that the feed repeats on a day stands once; a line stands once, on the first day of a week that reports
    it, and on one day as the preferred feed has it."""
    first: dict[tuple[str, Any], Row] = {}
    order = ("item_id", "customer_id", "order_id", "quantity", "unit_price")
    for row in landed:
        if row["rejection"] is None:
            rank = (
                row["event_ts"],
                row["event_name"] != PREFERRED,
                row["event_name"],
                *(nulls_first(row[c]) for c in order),
            )
            known = first.get((row["event_id"], row["event_date"]))
            if known is None or rank < known["rank"]:
                first[row["event_id"], row["event_date"]] = row | {"rank": rank}
    lines = [row for row in first.values() if CANONICAL[row["event_name"]] == "order_line"]
    kept = [row for row in first.values() if CANONICAL[row["event_name"]] != "order_line"]
    for row in lines:
        same = [other for other in lines if (other["order_id"], other["item_id"]) == (row["order_id"], row["item_id"])]
        before = [o for o in same if 1 <= (row["event_date"] - o["event_date"]).days <= LOOK_BACK]
        today = [o["event_name"] for o in same if o["event_date"] == row["event_date"]]
        best = min(today, key=lambda name: (name != PREFERRED, name))
        if not before and row["event_name"] == best:
            kept.append(row)
    return kept


def identity(row: Row) -> tuple[Any, ...]:
    name = CANONICAL.get(row["event_name"], row["event_name"])
    return (
        row["event_date"],
        row["event_id"],
        name,
        row["order_id"],
        row["item_id"],
        row["event_ts"],
        str(row["quantity"]),
    )


@pytest.mark.slow
@settings(max_examples=10)
@given(landed=ROWS, first=st.integers(0, 8), more=st.integers(1, 9))
def test_a_range_is_its_days_one_by_one_and_both_are_the_rule(landed: list[Row], first: int, more: int) -> None:
    last = min(first + more, SPAN)
    pipeline = sources()
    with TemporaryDirectory() as folder:
        lake = open_lake(f"{folder}/lake", Path(folder))
        company = shop(Path(folder), event_names=CANONICAL)

        def run(of: Days) -> list[tuple[Any, ...]]:
            about = Subject("events", "shop", pipeline.ref("events", company), of)
            lake.replace(about, pipeline.bind("events", company, of), audits=(SCHEMA_AUDIT,))
            with lake.read(about.table, of) as rows:
                return sorted(identity(row) for row in rows.read_all().to_pylist())

        def land(of: Days) -> None:
            ref = pipeline.ref("landed_events", company)
            lake.replace(
                Subject("landed_events", "shop", ref, of),
                reader([row for row in landed if row["event_date"] in of], ref.spec),
            )

        wanted = sorted(identity(row) for row in rule(landed) if row["event_date"] in days(first, last))
        land(days(0, last))
        assert run(days(first, last)) == wanted
        land(days(0, SPAN))
        assert [row for d in days(first, last) for row in run(Days.one(d))] == wanted


def test_the_rule_finds_something_to_do() -> None:
    """The generator makes what the rule is about: repeats, several feeds, a week and more between reports."""
    line = {"event_name": PREFERRED, "order_id": "o1", "item_id": "i1", "rejection": None, "customer_id": None}
    line |= {"quantity": 1, "unit_price": 2.5}

    def at(offset: int, event: str, feed: str = PREFERRED) -> Row:
        stamp = datetime(2025, 12, 1) + timedelta(days=offset)
        return line | {"event_date": day(offset), "event_ts": stamp, "event_id": event, "event_name": feed}

    rows = [at(0, "a", "Website Order"), at(0, "b"), at(0, "b"), at(7, "c"), at(15, "d"), at(16, "e", "Website Order")]
    assert [row["event_id"] for row in rule(rows)] == ["b", "d"]

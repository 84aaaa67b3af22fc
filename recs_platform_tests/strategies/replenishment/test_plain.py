"""Versions without a model give what their rules say: queries and functions against plain loops, on small worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from recs_platform.schemas.replenishment import OrderLines
from recs_platform.schemas.sources import Catalog
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform_tests.strategies.replenishment.lists import arrow
from recs_platform_tests.strategies.replenishment.plain import Goods, Line, Plain, Row, World
from recs_platform_tests.strategies.replenishment.worlds import InMemory, with_parameters

DAY = date(2025, 9, 7)
CLIENTS = ("anna", "бор", "c" * 200, "dora", "Emil", "f")
ITEMS = (*(f"i{n}" for n in range(8)), "ключ №5", "☃" * 200)
HABITS = ["client_days", "client_items", "client_profiles", "product_trends", "ignored_weeks"]
Habit = tuple[str, str, int, int, int]
"""A client orders an item, the last time so many days ago, always after so many days, so many times."""

habits = st.tuples(
    st.sampled_from(CLIENTS),
    st.sampled_from(ITEMS),
    st.one_of(st.integers(0, 40), st.integers(330, 400)),
    st.integers(0, 30),
    st.integers(1, 6),
)
goods = st.builds(
    Goods,
    group=st.sampled_from((None, "G", "G", "H")),
    category=st.sampled_from((None, "C")),
    brand=st.sampled_from((None, "b", "B")),
    price=st.sampled_from((None, 0.0, 0.99, 4.0, 7.5)),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    lines: dict[tuple[date, str, str, str], Line] = {}
    for client, item, ago, gap, times in draw(st.lists(habits, min_size=1, max_size=14)):
        for number in range(times):
            day = DAY - timedelta(days=ago + gap * number)
            # Two orders on some days.
            order = f"{day}-{client[0]}-{draw(st.integers(0, 3)) // 3}"
            lines[day, order, client, item] = Line(day, order, client, item, quantity=2)
    for line in draw(st.lists(st.sampled_from(list(lines.values())), max_size=4)):
        returned = min(line.day + timedelta(days=draw(st.integers(0, 9))), DAY)
        of = (returned, line.order, line.client, line.item)
        was = lines.get(of, Line(*of, quantity=0))
        lines[of] = Line(*of, was.quantity, was.returned + draw(st.integers(1, 2)))
    has_catalog = draw(st.booleans())
    catalog = draw(st.dictionaries(st.sampled_from(ITEMS), goods, min_size=4)) if has_catalog else {}
    before = draw(st.frozensets(st.sampled_from(ITEMS), max_size=6)) if has_catalog else frozenset[str]()
    return World(DAY, list(lines.values()), catalog, before)


@st.composite
def parameters(draw: st.DrawFn, version: str) -> Mapping[str, Any]:
    history = draw(st.sampled_from((70, 400, 760)))
    season = {"season_days": draw(st.sampled_from((0, 10, 21)))} if history > 70 else {}
    weights = st.sampled_from((0.0, 0.2, 0.6))
    return {
        "version": version,
        "history_days": history,
        **season,
        "active_window_days": draw(st.sampled_from((5, 20, 60))),
        "repurchases_per_client": draw(st.integers(1, 4)),
        "discoveries_per_client": draw(st.integers(0, 4)),
        "max_per_group": draw(st.integers(1, 3)),
        "light_share": 0.5,
        "heavy_share": draw(st.sampled_from((0.0, 0.15, 0.3, 0.5))),
        "trend_days": draw(st.sampled_from((3, 7, 28))),
        "trend_growth": draw(st.sampled_from((0.1, 0.5, 1.0))),
        "trend_min_orders": draw(st.integers(1, 3)),
        "trend_boost": draw(st.sampled_from((0.0, 0.2))),
        "new_item_days": draw(st.sampled_from((7, 28))),
        "new_item_share": draw(st.sampled_from((0.0, 0.2, 0.5, 1.0))),
        "neighbours": draw(st.integers(1, 4)),
        "repurchase_candidates_per_client": draw(st.integers(1, 8)),
        "candidates_per_client": draw(st.integers(1, 5)),
        "product_similarity": draw(st.sampled_from((0.1, 0.6))),
        "recency_similarity": draw(weights),
        "frequency_similarity": draw(weights),
    }


def made(world: World, chosen: Mapping[str, Any]) -> InMemory:
    tables = InMemory(with_parameters(chosen), world.day, threads=1)
    first = world.day - timedelta(days=tables.company.parameters.history_days)
    lines = [
        {
            "event_date": line.day,
            "order_id": line.order,
            "customer_id": line.client,
            "item_id": line.item,
            "quantity": line.quantity,
            "returned": line.returned,
        }
        for line in world.lines
        if line.day > first
    ]
    catalog = [
        {"item_id": item, "group_id": of.group, "category": of.category, "brand": of.brand, "price": of.price}
        for item, of in world.catalog.items()
    ]
    tables.give("order_lines", arrow(OrderLines, lines, world.day))
    tables.give("catalog", arrow(Catalog, catalog, world.day))
    tables.give("catalog_before", arrow(Catalog, [{"item_id": item} for item in sorted(world.catalog_before)]))
    tables.make_lists(habits=HABITS)
    return tables


def assert_as_plainly(world: World, chosen: Mapping[str, Any]) -> None:
    expected = Plain(world, ReplenishmentParameters.model_validate(chosen))
    tables = made(world, chosen)
    scored = [
        Row(*row)
        for row in tables.rows(
            "SELECT customer_id, item_id, kind, score, reason FROM replenishment_scores ORDER BY ALL"
        )
    ]
    assert_same_rows(scored, sorted(expected.scores, key=lambda row: (row.client, row.item)))
    listed = tables.rows(
        """SELECT customer_id, item_id, kind, score, reason, week, rank, group_id, version, scored_by
        FROM weekly_recommendations ORDER BY customer_id, rank"""
    )
    assert_same_rows(
        [Row(*row[:5]) for row in listed], [r for client in expected.active for r in expected.lists[client]]
    )
    version = chosen["version"]
    assert [row[5:] for row in listed] == [
        (expected.week, rank, expected.goods(row.item).alike, version, version)
        for client in expected.active
        for rank, row in enumerate(expected.lists[client], 1)
    ]


def assert_same_rows(rows: list[Row], expected: list[Row]) -> None:
    """The last of six digits may differ: a half is rounded by its last bit."""
    assert [(r.client, r.item, r.kind, r.reason) for r in rows] == [
        (r.client, r.item, r.kind, r.reason) for r in expected
    ]
    assert [r.score for r in rows] == pytest.approx([r.score for r in expected], abs=1.5e-6)


def order(client: str, items: Sequence[str], ago: int = 3) -> list[Line]:
    day = DAY - timedelta(days=ago)
    return [Line(day, f"{client}-{ago}", client, item) for item in items]


MANY = [f"m{number:02}" for number in range(60)]
EDGES: Mapping[str, World] = {
    "one client with one order": World(DAY, order("anna", ["a"]), {}, frozenset()),
    "nobody alike": World(DAY, [*order("anna", ["a"]), *order("бор", ["b", "c"]), *order("c", ["d"])], {}, frozenset()),
    "all was sent back": World(
        DAY, [*order("anna", ["a"]), Line(DAY, "anna-3", "anna", "a", 0, 1), *order("бор", ["b"])], {}, frozenset()
    ),
    "more items that are as popular than are scored": World(
        DAY,
        [line for client in ("anna", "бор") for line in order(client, MANY, ago=4)] + order("z", ["z"]),
        {},
        frozenset(),
    ),
    "more items than are scored": World(
        DAY,
        [
            line
            for ago in range(1, 40, 3)
            for line in order("anna", [f"o{n:03}" for n in range(150) if n % (ago + 1) < 7], ago)
        ]
        + order("бор", ["o149", "z"], 300),
        {},
        frozenset(),
    ),
    "one group": World(
        DAY,
        [*order("anna", MANY[:9]), *order("бор", MANY[5:14]), *order("c", MANY[:14], ago=9)],
        dict.fromkeys(MANY, Goods("G")),
        frozenset(MANY[:50]),
    ),
    "nobody is active": World(DAY, order("anna", ["a"], ago=200), {}, frozenset()),
    "nothing is sold any more": World(DAY, order("anna", ["a", "b"]), {"new": Goods("G")}, frozenset({"a"})),
    "a season": World(
        DAY,
        [
            line
            for client in ("anna", "бор")
            for ago in (*range(0, 400, 20), 390)
            for line in order(client, ["milk", *(["wax"] if 340 < ago < 385 else ["z"] if ago == 390 else [])], ago)
        ],
        {},
        frozenset(),
    ),
}


@pytest.mark.parametrize("version", ["v31", "v32"])
@pytest.mark.parametrize("edge", EDGES)
def test_edges_are_what_the_rules_say(edge: str, version: str) -> None:
    assert_as_plainly(EDGES[edge], {"version": version})


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v31", "v32"])
def test_lists_are_what_the_rules_say(version: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(worlds(), parameters(version))
    def as_plainly(world: World, chosen: Mapping[str, Any]) -> None:
        assert_as_plainly(world, chosen)

    as_plainly()

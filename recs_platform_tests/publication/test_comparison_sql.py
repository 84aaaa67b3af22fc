"""comparison.sql against a plain definition of it, on random small worlds."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from recs_platform.schemas.publication import Comparison
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.vehicle_fitment import DroppedCustomers, ItemPopularity, VehicleRecommendations
from recs_platform_tests.publication.garage import DAY, NEXT, Car, Owner, arrow
from recs_platform_tests.publication.in_memory import compared
from recs_platform_tests.sql.queries import platform_queries

QUERY = platform_queries()["comparison"]
CARS: list[Car] = [
    (1969, "Chevrolet", "Camaro"),
    (1970, "Chevrolet", "Camaro"),
    (1969, "Chevrolet", "Nova"),
    (1969, "Ford", "Camaro"),
]
ITEMS = ("a", "b", "c", "d", "e", "f")
REASONS = ("no usable e-mail", "vehicle not in fitment", "too few parts left")
PLACES = range(4)


@dataclass(frozen=True)
class World:
    live: list[Owner]
    today: list[Owner]
    dropped: dict[str, str]
    orders: dict[str, int]


@st.composite
def _owner(draw: st.DrawFn, customer: str, address: str) -> Owner:
    return Owner(
        customer,
        parts=tuple(draw(st.permutations(ITEMS))[:4]),
        car=draw(st.sampled_from(CARS)),
        prices=tuple(draw(st.lists(st.sampled_from((50.0, 99.99, 1234.5)), min_size=4, max_size=4))),
        scores=tuple(draw(st.lists(st.sampled_from((1.0, 2.5, 3.25)), min_size=4, max_size=4))),
        email=f"{address}@mail.example",
    )


@st.composite
def _people(draw: st.DrawFn) -> list[Owner]:
    """One row per address and per customer; a customer may have changed the address, and an address the customer."""
    customers = draw(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=5))
    addresses = draw(st.permutations("uvwxyz"))
    return [draw(_owner(c, draw(st.sampled_from((c, a))))) for c, a in zip(customers, addresses, strict=False)]


def _one_per_address(people: list[Owner]) -> list[Owner]:
    return list({owner.address: owner for owner in people}.values())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    today = _one_per_address(draw(_people()))
    live = _one_per_address(draw(_people()))
    # Many are as they were, as in life, or have another car.
    known = draw(st.lists(st.sampled_from(today), unique=True, max_size=5)) if today else []
    kept = [replace(owner, car=draw(st.sampled_from((owner.car, *CARS)))) for owner in known]
    live = _one_per_address([o for o in live if o.customer not in {k.customer for k in kept}] + kept)
    served = {owner.customer for owner in today}
    dropped = draw(st.dictionaries(st.sampled_from("uvwxyz"), st.sampled_from(REASONS)))
    orders = draw(st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 400)))
    return World(live, today, {c: reason for c, reason in dropped.items() if c not in served}, orders)


def score(orders: int) -> float:
    return round(2 * math.log(1 + orders), 6)


def computed(world: World) -> list[dict[str, Any]]:
    """What the query gives."""
    popularity = [
        {"as_of": NEXT, "item_id": i, "historical_orders": 0, "recent_orders": n, "orders": n, "score": score(n)}
        for i, n in world.orders.items()
    ]
    dropped = [{"as_of": NEXT, "customer_id": c, "reason": reason} for c, reason in world.dropped.items()]
    tables = {
        "live_vehicle_recommendations": arrow(VehicleRecommendations, [o.row(DAY) for o in world.live]),
        "vehicle_recommendations": arrow(VehicleRecommendations, [o.row(NEXT) for o in world.today]),
        "dropped_customers": arrow(DroppedCustomers, dropped),
        "item_popularity": arrow(ItemPopularity, popularity),
    }
    return compared("comparison", NEXT, tables)


def defined(world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The definition: (section, name) to (count, share, before, after, detail)."""
    live, today = {o.address: o for o in world.live}, {o.address: o for o in world.today}
    common = [(live[a], today[a]) for a in live if a in today and live[a].car == today[a].car]
    lost = [o for o in world.live if o.address not in today or today[o.address].car != o.car]
    sizes = (float(len(live)), float(len(today)))
    found: dict[tuple[str, str], tuple[Any, ...]] = {}

    def count(section: str, name: str, number: int, of: int) -> None:
        found[section, name] = (number, number / of if of else None, None, None, None)

    for name, number, of in (
        ("common", len(common), len(live)),
        ("gained", len(today) - len(common), len(today)),
        ("lost", len(lost), len(live)),
    ):
        found["customers", name] = (number, number / of if of else None, *sizes, None)
    for cause, number in Counter(_cause(owner, world, today) for owner in lost).items():
        count("lost_because", cause, number, len(lost))
    changes = [[old.parts[p] != new.parts[p] for p in PLACES] for old, new in common]
    for number in range(5):
        count("changed_per_customer", str(number), sum(sum(change) == number for change in changes), len(common))
    for p in PLACES:
        count("changed_at_position", str(p + 1), sum(change[p] for change in changes), len(common))
    moves = [new.scores[p] - old.scores[p] for old, new in common for p in PLACES]
    for name, number in (
        ("up", sum(move > 0 for move in moves)),
        ("down", sum(move < 0 for move in moves)),
        ("same", sum(move == 0 for move in moves)),
    ):
        count("scores", name, number, len(moves))
    for p in PLACES:
        before = sum(o.prices[p] for o in live.values()) / len(live) if live else None
        after = sum(o.prices[p] for o in today.values()) / len(today) if today else None
        moved = after / before - 1 if before and after else None
        found["average_price", str(p + 1)] = (None, moved, before, after, None)
    return found | _swaps(common, world)


def _swaps(common: list[tuple[Owner, Owner]], world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    swapped = Counter(
        (p + 1, old.parts[p], new.parts[p]) for old, new in common for p in PLACES if old.parts[p] != new.parts[p]
    )
    largest = sorted(swapped.items(), key=lambda swap: (-swap[1], swap[0]))[:20]
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for (place, old_item, new_item), number in largest:
        was, is_now = (world.orders.get(item, 0) for item in (old_item, new_item))
        detail = f"{new_item} replaced {old_item}: {was} -> {is_now} orders, {score(was):.2f} -> {score(is_now):.2f}"
        figures = (number, number / len(common), score(was), score(is_now), detail)
        found["swaps", f"position {place}: {old_item} -> {new_item}"] = figures
    return found


def _cause(owner: Owner, world: World, today: dict[str, Owner]) -> str:
    if owner.address in today:
        return "another vehicle"
    if any(other.customer == owner.customer for other in world.today):
        return "another e-mail"
    return world.dropped.get(owner.customer, "left or opted out")


@pytest.mark.slow
@settings(max_examples=60)
@given(worlds())
def test_the_query_gives_what_the_definition_gives(world: World) -> None:
    wanted, rows = defined(world), computed(world)
    assert {row["as_of"] for row in rows} == {NEXT}
    given_ = {
        (r["section"], r["name"]): tuple(r[c] for c in ("count", "share", "before", "after", "detail")) for r in rows
    }
    assert len(given_) == len(rows)
    assert given_.keys() == wanted.keys()
    for key, figures in wanted.items():
        for got, expected in zip(given_[key], figures, strict=True):
            assert got == expected or math.isclose(got, expected, abs_tol=1e-4), (key, given_[key], figures)


@pytest.mark.slow
@settings(max_examples=30)
@given(worlds())
def test_what_must_add_up_adds_up(world: World) -> None:
    counted: Counter[str] = Counter()
    figures = {}
    for row in computed(world):
        counted[row["section"]] += row["count"] or 0
        figures[row["section"], row["name"]] = row
    common, gained, lost = (figures["customers", name]["count"] for name in ("common", "gained", "lost"))
    assert (common + lost, common + gained) == (len(world.live), len(world.today))
    assert counted["lost_because"] == lost
    assert counted["changed_per_customer"] == common
    assert counted["scores"] == 4 * common
    changed = sum(int(str(n)) * figures["changed_per_customer", str(n)]["count"] for n in range(5))
    assert counted["changed_at_position"] == changed


def test_at_most_twenty_swaps_the_largest_first() -> None:
    """Thirty pairs at the first position, each for one customer more than the one before."""
    live, today = [], []
    for pair in range(30):
        for n in range(pair + 1):
            live.append(Owner(f"c{pair}-{n}", parts=(f"old{pair}", "x", "y", "z")))
            today.append(Owner(f"c{pair}-{n}", parts=(f"new{pair}", "x", "y", "z")))
    swaps = [row for row in computed(World(live, today, {}, {})) if row["section"] == "swaps"]
    assert {(row["name"], row["count"]) for row in swaps} == {
        (f"position 1: old{pair} -> new{pair}", pair + 1) for pair in range(10, 30)
    }


def test_the_columns_are_the_tables() -> None:
    assert QUERY.tree.named_selects == [column.name for column in spec_of(Comparison).columns]

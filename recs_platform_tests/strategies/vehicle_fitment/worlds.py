"""Small made-up worlds of vehicles, parts, wishes and purchases, many side by side in one set of tables.

Worlds do not meet: vehicles, items and customers bear the number of theirs. Scores, wishes and part types come from a
few values, so that ties, full part types and families with several members are common. Not here: what must come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

AS_OF = date(2025, 9, 10)
EXCLUSION_DAYS = 365
Tables = Mapping[str, list[dict[str, Any]]]

_TYPES = (None, "Brakes", "Brakes", "Seats", "Gauges")
_SCORES = (0.0, 0.0, 1.386294, 2.197225, 2.197225, 3.0, 5.5)
_INTENTS = (0.0, 0.5, 0.810931, 1.386294, 3.0, 10.0)
_AGES: tuple[int, ...] = (0, 1, 30, EXCLUSION_DAYS - 1, EXCLUSION_DAYS - 1, EXCLUSION_DAYS, EXCLUSION_DAYS + 1)


def worlds(seed: int, count: int) -> Tables:
    """The inputs of `vehicle_ranking` and `recommendations`, for a number of worlds."""
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    for number in range(count):
        _world(Random(f"{seed} {number}"), f"w{number}", made)
    return made


_TABLES = (
    "users_with_vehicles",
    "eligible_parts",
    "item_popularity",
    "segment_popularity",
    "intent_scores",
    "purchases",
    "order_history",
    "ignored_recommendations",
)


def _world(draw: Random, world: str, made: dict[str, list[dict[str, Any]]]) -> None:
    parts = draw.choice([draw.randint(1, 12), draw.randint(1, 12), draw.randint(12, 40)])
    roots = draw.choice([parts, max(1, parts // 2)])
    variety = draw.choice(["", "", "B", "BR", "BRGP"])
    items = sorted(
        {f"{world}-{draw.randrange(roots) + 1}{draw.choice(['', *variety])}" for _ in range(parts)},
    )
    types = {item: draw.choice(_TYPES) for item in items}
    vehicles = [f"{year}|Make{world}|Model" for year in range(1969, 1969 + draw.randint(1, 2))]
    for vehicle in vehicles:
        for item in items:
            if draw.random() < 0.85:
                made["eligible_parts"].append(_part(vehicle, item, types[item], world))
    scores = {item: draw.choice(_SCORES) for item in items}
    made["item_popularity"].extend({"item_id": item, "orders": 1, "score": score} for item, score in scores.items())
    favourites = sorted(items, key=lambda item: -scores[item])
    _segments(draw, vehicles, items, world, made)
    for number in range(draw.randint(1, 5)):
        customer = f"{world}-c{number}"
        made["users_with_vehicles"].append({"customer_id": customer, "vehicle": draw.choice(vehicles)})
        _wishes(draw, customer, items, made)
        _purchases(draw, customer, favourites, made)


def _part(vehicle: str, item: str, part_type: str | None, world: str) -> dict[str, Any]:
    return {
        "vehicle": vehicle,
        "vehicle_make": f"Make{world}",
        "vehicle_model": "Model",
        "item_id": item,
        "family": family(item),
        "part_type": part_type,
        "price": 50.0 + len(item),
        "image_url": f"https://img.example.com/{item}.jpg",
        "vehicles_fitted": 1,
    }


def family(item: str) -> str:
    return item[:-1] if item[-1] in "BRGP" and item[-2].isdigit() else item


def _segments(
    draw: Random, vehicles: list[str], items: list[str], world: str, made: dict[str, list[dict[str, Any]]]
) -> None:
    """Orders of the tiers; whole numbers, so that several items have equal shares."""
    segments = [("vehicle", vehicle) for vehicle in vehicles]
    for tier, segment in [*segments, ("model", f"Make{world}|Model"), ("make", f"Make{world}")]:
        orders = {item: draw.choice([0, 0, 1, 1, 2, 5]) for item in items}
        total = float(sum(orders.values()))
        made["segment_popularity"].extend(
            {"tier": tier, "segment": segment, "item_id": item, "orders": n, "weighted_orders": float(n),
             "segment_orders": total}
            for item, n in orders.items() if n
        )  # fmt: skip


def _wishes(draw: Random, customer: str, items: list[str], made: dict[str, list[dict[str, Any]]]) -> None:
    count = draw.choice([0, 0, 1, 2, 3, 8, 12])
    for item in draw.sample(items, min(count, len(items))):
        made["intent_scores"].append({"customer_id": customer, "item_id": item, "intent": draw.choice(_INTENTS)})


def _purchases(draw: Random, customer: str, favourites: list[str], made: dict[str, list[dict[str, Any]]]) -> None:
    """Most buy little, and some of that long ago; a few have bought all that is popular, of late."""
    if draw.random() < 0.15:
        bought_items, ages = favourites[: draw.randint(5, 14)], _AGES[:5]
    else:
        bought_items, ages = draw.sample(favourites, min(draw.choice([0, 0, 1, 2, 3]), len(favourites))), _AGES
    for item in bought_items:
        day = AS_OF - timedelta(days=draw.choice(ages))
        # Also a variant that nobody sells any more.
        bought = family(item) + draw.choice(["", "P"])
        if draw.random() < 0.8:
            made["purchases"].append({"customer_id": customer, "family": family(bought), "ordered_on": day})
        else:
            at = datetime.combine(day, datetime.min.time()) + timedelta(hours=23)
            made["order_history"].append({"customer_id": customer, "item_id": bought, "ordered_at": at})

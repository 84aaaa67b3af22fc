"""The definition of a customer's four recommendations, as a person would say it: no SQL, no windows, no shortcuts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF, EXCLUSION_DAYS, Tables, family


class Place(NamedTuple):
    customer_id: str
    rank: int
    item_id: str
    score: float
    intent: float


def recommendations(tables: Tables, ranking: Iterable[Mapping[str, Any]], most_of_a_type: int) -> list[Place]:
    """Of `ranking` only vehicle, item, family, part type and popularity are read."""
    parts = defaultdict(list)
    for row in ranking:
        parts[row["vehicle"]].append(row)
    wishes = {(row["customer_id"], row["item_id"]): row["intent"] for row in tables["intent_scores"]}
    bought = _bought(tables)
    return [
        place
        for owner in tables["users_with_vehicles"]
        for place in _four(owner["customer_id"], parts[owner["vehicle"]], wishes, bought, most_of_a_type)
    ]


def _four(
    customer: str,
    parts: list[Mapping[str, Any]],
    wishes: Mapping[tuple[str, str], float],
    bought: set[tuple[str, str]],
    most_of_a_type: int,
) -> list[Place]:
    candidates = []
    for part in parts:
        if (customer, part["family"]) not in bought:
            intent = wishes.get((customer, part["item_id"]), 0.0)
            candidates.append((-round(intent + part["popularity"], 6), part["item_id"], intent, part))
    families: set[str] = set()
    of_type: Counter[str] = Counter()
    chosen: list[Place] = []
    for negative_score, item, intent, part in sorted(candidates, key=lambda candidate: candidate[:2]):
        if part["family"] in families:
            continue
        families.add(part["family"])
        of_type[part["part_type"] or item] += 1
        if of_type[part["part_type"] or item] <= most_of_a_type:
            chosen.append(Place(customer, len(chosen) + 1, item, -negative_score, intent))
    return chosen[:4] if len(chosen) >= 4 else []


def _bought(tables: Tables) -> set[tuple[str, str]]:
    first = AS_OF - timedelta(days=EXCLUSION_DAYS - 1)
    stream = {(r["customer_id"], r["family"]) for r in tables["purchases"] if first <= r["ordered_on"] <= AS_OF}
    history = {
        (r["customer_id"], family(r["item_id"]))
        for r in tables["order_history"]
        if first <= r["ordered_at"].date() <= AS_OF
    }
    return stream | history

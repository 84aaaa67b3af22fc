"""The fast ranking gives, on every input, exactly what the plain definition gives.

Hypothesis draws the worlds; hundreds of them stand side by side in one run of the queries. The plain definition is
written twice: as SQL over the same inputs, and in Python. Mutations show that the worlds would find a bound too low.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recs_platform_tests.strategies.vehicle_fitment import plain
from recs_platform_tests.strategies.vehicle_fitment.engine import PLAIN, Engine, arrow, sorted_rows, text_of, values
from recs_platform_tests.strategies.vehicle_fitment.worlds import Tables, worlds

_WORLDS = 250
_EXAMPLES = 12


def _differing(tables: Tables, parameters: dict[str, Any], fast: str | None = None) -> list[tuple[Any, ...]]:
    """What stands in the fast answer or in one of the plain ones, and not in all of them."""
    engine, given_values = Engine(arrow(tables)), values(**parameters)
    try:
        engine.make("vehicle_ranking", given_values)
        ranking = engine.rows("SELECT * FROM vehicle_ranking", given_values).to_pylist()
        by_fast = engine.rows(fast or text_of("recommendations"), given_values)
        by_sql = engine.rows(PLAIN.read_text(), given_values)
    finally:
        engine.close()
    by_hand = {tuple(place) for place in plain.recommendations(tables, ranking, parameters["max_per_part_type"])}
    places = {tuple(row[name] for name in plain.Place._fields) for row in by_fast.to_pylist()}
    assert len(places) == len(by_fast)
    whole = set(sorted_rows(by_fast)) ^ set(sorted_rows(by_sql))
    return [*sorted(places ^ by_hand), *sorted(whole, key=repr)]


@pytest.mark.slow
@settings(max_examples=_EXAMPLES, phases=(Phase.explicit, Phase.generate))
@example(seed=1, max_per_part_type=1, popularity="segment")
@example(seed=2, max_per_part_type=4, popularity="global")
@given(
    seed=st.integers(0, 2**32),
    max_per_part_type=st.integers(1, 4),
    popularity=st.sampled_from(["segment", "global"]),
)
def test_the_fast_ranking_is_the_plain_one(seed: int, max_per_part_type: int, popularity: str) -> None:
    tables = worlds(seed, _WORLDS)
    assert _differing(tables, {"max_per_part_type": max_per_part_type, "popularity": popularity}) == []


def test_the_worlds_are_many_and_of_all_kinds() -> None:
    """Ties, families, unknown part types, short and long lists, people with few and many wishes."""
    assert _WORLDS * _EXAMPLES >= 2_000
    tables = worlds(1, _WORLDS)
    wishes: dict[str, int] = {}
    for row in tables["intent_scores"]:
        wishes[row["customer_id"]] = wishes.get(row["customer_id"], 0) + (row["intent"] > 0)
    assert {1, 2, 3, 8} <= set(wishes.values())
    assert max(wishes.values()) > 8
    sizes = [0] * 41
    for vehicle in {row["vehicle"]: 0 for row in tables["eligible_parts"]}:
        sizes[sum(row["vehicle"] == vehicle for row in tables["eligible_parts"])] += 1
    assert all(sizes[1:13])
    assert sum(sizes[13:])
    assert any(row["part_type"] is None for row in tables["eligible_parts"])
    assert any(row["family"] != row["item_id"] for row in tables["eligible_parts"])


# What is changed in the fast query, and what to.
_MUTATIONS = {
    "one less of the capped list": ("capped_before <= depth + 3", "capped_before <= depth + 2"),
    "one less of a part type": ("@max_per_part_type + depth AND", "@max_per_part_type + depth - 1 AND"),
    "depth forgotten": ("@max_per_part_type + depth AND", "@max_per_part_type AND"),
    "more touched than read": ("WHEN COUNT(*) <= 2 THEN 2", "WHEN COUNT(*) <= 3 THEN 2"),
    "many touched, not all read": ("WHEN COUNT(*) <= 8 THEN 8", "WHEN COUNT(*) <= 12 THEN 8"),
    "unknown types alike": ("CONCAT('? ', item_id)", "'?'"),
    "ties the other way round": ("ORDER BY score DESC, item_id) AS rank", "ORDER BY score DESC, item_id DESC) AS rank"),
    "a day more": ("lines.ordered_on > ", "lines.ordered_on >= "),
    "history left out": ("DATE(ordered_at) <= @as_of", "FALSE"),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutation", _MUTATIONS)
def test_the_worlds_find_a_wrong_ranking(mutation: str) -> None:
    old, new = _MUTATIONS[mutation]
    right = text_of("recommendations")
    assert old in right, f"{mutation}: the query does not say {old} any more"
    wrong = right.replace(old, new)
    assert any(
        _differing(worlds(seed, _WORLDS), {"max_per_part_type": most, "popularity": popularity}, wrong)
        for seed, most in enumerate((1, 4, 2))
        for popularity in ("global", "segment")
    )

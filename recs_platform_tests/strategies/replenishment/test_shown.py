"""Feedback weighs examples of its own target, and nothing else: no feature, no label, and nobody else's example."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.schemas.feedback_sources import RecommendationFeedback
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.shown import weighed_by_feedback

NEWEST, BEFORE, UNKNOWN = date(2025, 11, 24), date(2025, 11, 17), date(2025, 12, 1)
STARTS = (NEWEST, BEFORE)


def example(client: str, item: str, target: int, bought: bool = False, weight: float = 0.5) -> dict[str, Any]:
    return {
        "customer_id": client,
        "item_id": item,
        "target": target,
        "target_from": STARTS[target],
        "was_bought": bought,
        "weight": weight,
        "popularity": 0.25,
    }


EXAMPLES = pa.Table.from_pylist(
    [
        example("anna", "p1", 0),
        example("anna", "p2", 0, bought=True),
        example("bert", "p1", 0),
        example("anna", "p1", 1),
        example("bert", "p2", 1, weight=0.25),
    ]
)


def feedback(*rows: tuple[str, str, str, date]) -> pa.Table:
    spec = spec_of(RecommendationFeedback)
    return spec.arrow_table(
        {
            "event_id": str(number),
            "customer_id": client,
            "item_id": item,
            "reaction": reaction,
            "happened_at": datetime.combine(day, time(23, 59)),
            "event_date": day,
        }
        for number, (client, item, reaction, day) in enumerate(rows)
    )


def weights(reactions: pa.Table, shown_weight: float = 2.0) -> list[float]:
    found = weighed_by_feedback(EXAMPLES, reactions, UNKNOWN, shown_weight)
    others = [name for name in found.column_names if name != "weight"]
    assert found.select(others) == EXAMPLES.select(others)
    assert found.column_names == EXAMPLES.column_names
    told: list[float] = found["weight"].to_pylist()
    return told


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("anna", "p1", "shown", NEWEST)], [1.0, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p1", "shown", UNKNOWN - timedelta(days=1))], [1.0, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p1", "shown", BEFORE), ("bert", "p2", "shown", BEFORE)], [0.5, 0.5, 0.5, 1.0, 0.5]),
        ([("anna", "p1", "shown", NEWEST), ("anna", "p1", "clicked", NEWEST)], [0.5, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p1", "shown", NEWEST), ("anna", "p1", "clicked", BEFORE)], [1.0, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p2", "shown", NEWEST)], [0.5, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p1", "shown", UNKNOWN)], [0.5, 0.5, 0.5, 0.5, 0.25]),
        ([("anna", "p1", "shown", BEFORE - timedelta(days=1))], [0.5, 0.5, 0.5, 0.5, 0.25]),
        ([("carl", "p1", "shown", NEWEST), ("anna", "p9", "shown", NEWEST)], [0.5, 0.5, 0.5, 0.5, 0.25]),
        ([], [0.5, 0.5, 0.5, 0.5, 0.25]),
    ],
    ids=[
        "in the newest target",
        "on its last day",
        "in the target before",
        "clicked",
        "clicked in another target",
        "bought",
        "after all targets",
        "before all targets",
        "of who is no example",
        "none",
    ],
)
def test_what_was_shown_and_ignored_counts_more(
    rows: Sequence[tuple[str, str, str, date]], expected: list[float]
) -> None:
    assert weights(feedback(*rows)) == expected


def test_a_weight_of_1_changes_nothing_and_without_feedback_the_table_is_the_same() -> None:
    shown = feedback(("anna", "p1", "shown", NEWEST))
    assert weighed_by_feedback(EXAMPLES, shown, UNKNOWN, 1.0) is EXAMPLES
    assert weighed_by_feedback(EXAMPLES, feedback(), UNKNOWN, 2.0) is EXAMPLES


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["anna", "bert", "carl"]),
            st.sampled_from(["p1", "p2", "p9"]),
            st.sampled_from(["shown", "clicked", "bought"]),
            st.dates(BEFORE - timedelta(days=3), UNKNOWN + timedelta(days=3)),
        ),
        max_size=12,
    )
)
def test_each_example_is_weighed_by_its_own_targets_reactions(rows: list[tuple[str, str, str, date]]) -> None:
    expected = []
    for one in EXAMPLES.to_pylist():
        start = one["target_from"]
        within = {
            reaction
            for client, item, reaction, day in rows
            if (client, item) == (one["customer_id"], one["item_id"]) and start <= day < start + timedelta(days=7)
        }
        ignored = "shown" in within and "clicked" not in within and not one["was_bought"]
        expected.append(one["weight"] * (2 if ignored else 1))
    assert weights(feedback(*rows)) == expected

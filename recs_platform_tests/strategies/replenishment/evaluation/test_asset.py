"""The evaluation as a table: when there is one, and of what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.schemas.replenishment_reports import NextBasketEvaluation
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import TrainingPlan
from recs_platform.strategies.replenishment.evaluation.asset import next_basket_evaluation, show_evaluation
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.replenishment.evaluation.logs import company, habits

LINES = habits(clients=70, items=30, weeks=12)
DAY = max(LINES["event_date"].to_pylist())
TRENDS = pa.table({name: pa.array([], pa.string()) for name in ("item_id", "group_id", "brand")}).append_column(
    "price", pa.array([], pa.float64())
)


class Orders:
    """A warehouse that holds order lines, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    @contextmanager
    def run(self, query: Any) -> Iterator[pa.RecordBatchReader]:
        self.asked += 1
        yield LINES.to_reader()


def made(trains: bool, weeks: int = 1) -> tuple[pa.Table, Orders]:
    plan = {"as_of": DAY, "reason": "calendar", "words": "It is time.", "evidence": None}
    orders = Orders()
    rows = next_basket_evaluation.function(
        company=company(evaluated_weeks=weeks),
        days=Days.one(DAY),
        warehouse=orders,
        training_plan=spec_of(TrainingPlan).arrow_table([plan] if trains else []),
        product_trends=TRENDS,
        order_lines=None,
    )
    return rows, orders


@pytest.mark.parametrize(("trains", "weeks"), [(False, 1), (True, 0)])
def test_nothing_is_read_on_other_days_or_where_nobody_asks(trains: bool, weeks: int) -> None:
    rows, orders = made(trains, weeks)
    assert rows.num_rows == 0
    assert orders.asked == 0
    assert show_evaluation([]).words.startswith("Not judged")


@pytest.mark.slow
def test_a_day_that_trains_is_judged_on_its_newest_weeks() -> None:
    rows, _ = made(trains=True)
    spec = spec_of(NextBasketEvaluation)
    assert rows.schema.equals(spec.arrow_schema)
    found = rows.to_pylist()
    assert {row["as_of"] for row in found} == {DAY}
    assert isinstance(DAY, date)
    assert {row["method"] for row in found if row["judged"] == "list"} == {"v4", "v32"}
    assert {row["compared_with"] for row in found if row["method"] == "v4"} >= {"", "TIFU-KNN", "UP-CF", "v32"}
    keys = [tuple(row[name] for name in spec.key) for row in found]
    assert len(set(keys)) == len(keys)
    words = show_evaluation(found).words
    (shown,) = (line for line in words.splitlines() if line.startswith("| v4 "))
    (value,) = (
        row["value"]
        for row in found
        if (row["judged"], row["method"], row["compared_with"], row["measure"], row["k"], row["part"], row["segment"])
        == ("ranking", "v4", "", "recall", 20, "all", "all")
    )
    assert f"| {value:.4f} |" in shown

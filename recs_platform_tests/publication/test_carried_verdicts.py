"""Publication asks for the error checks of a day that its run has just judged: of the same slices it is told what was
found, and of others it judges again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.publication import proposal
from recs_platform.publication.proposal import propose
from recs_platform.warehouse.check import CheckVerdict
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.verdicts import judge_unless_kept
from recs_platform_tests.publication.garage import DAY, Garage, owners

pytestmark = pytest.mark.filterwarnings(
    "ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"
)


@dataclass
class Publishing:
    """What publication asks of checks, and the queries that run for it."""

    asked: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """What happens between the run's checks and publication's."""


@pytest.fixture
def publishing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publishing]:
    seen, asking, run = Publishing(), [False], Lake.run

    def judged(warehouse: Any, check: Any, bound: Any) -> CheckVerdict:
        seen.before()
        seen.asked.append(check.name)
        asking[0] = True
        try:
            return judge_unless_kept(warehouse, check, bound)
        finally:
            asking[0] = False

    def counting(lake: Lake, query: BoundQuery) -> AbstractContextManager[pa.RecordBatchReader]:
        if asking[0]:
            seen.queries.append(query.query.name)
        return run(lake, query)

    monkeypatch.setattr(proposal, "judge_unless_kept", judged)
    monkeypatch.setattr(Lake, "run", counting)
    yield seen


def test_what_the_run_has_judged_is_not_judged_again(garage: Garage, publishing: Publishing) -> None:
    garage.plan(DAY, owners(10))
    assert garage.run(DAY).success
    assert publishing.asked == ["no_negative_price"]
    assert publishing.queries == []
    assert [store.served("garage", "recommendations") is not None for store in garage.outlet.stores] == [True]


def test_who_comes_later_judges_for_themselves(garage: Garage, publishing: Publishing) -> None:
    garage.plan(DAY, owners(10))
    assert garage.run(DAY, only=["vehicle_recommendations", "dropped_customers", "item_popularity"]).success
    propose(garage.outlet, garage.pipeline, garage.company, DAY)
    assert len(publishing.queries) == 1


def test_rows_that_came_after_the_runs_check_are_judged_before_they_go_live(
    garage: Garage, publishing: Publishing
) -> None:
    def replaced() -> None:
        garage.plan(DAY, owners(10, prices=(-1.0, 2.0, 3.0, 4.0)))
        garage.make(DAY)

    garage.plan(DAY, owners(10))
    publishing.before = replaced
    assert not garage.run(DAY).success
    assert len(publishing.queries) >= 1
    assert garage.outlet.stores[0].served("garage", "recommendations") is None

"""The next basket of a real grocer's clients, through the product's own evaluation: v4 above the published methods, and
below no baseline anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from recs_platform.cli.evaluation_tables import show
from recs_platform.schemas.replenishment import SEGMENTS
from recs_platform.strategies.replenishment.evaluation.evaluate import Evaluation
from recs_platform.strategies.replenishment.evaluation.ranked import OTHERS
from recs_platform_tests.next_basket.experiment import evaluated
from recs_platform_tests.slow import takes_seconds

SHOWN = [(measure, k) for measure in ("recall", "ndcg") for k in (10, 20)]


@pytest.fixture(scope="module", params=["types, last baskets", "types, eight weeks"])
@takes_seconds
def found(request: pytest.FixtureRequest) -> Evaluation:
    if request.param == "types, last baskets":
        of = evaluated("types", "last-basket", versions=("v31", "v32", "v4"))
    else:
        of = evaluated("types", "weeks", 8)
    show(request.param, of)
    assert not of.notes
    return of


def above(found: Evaluation, other: str, measure: str, k: int, **more: str) -> dict[str, Any]:
    row = found.figure("ranking", "v4", measure, k, compared_with=other, **more)
    assert row is not None
    assert row["low"] is not None
    return row


@pytest.mark.parametrize(("measure", "k"), SHOWN)
@pytest.mark.parametrize("other", OTHERS)
def test_above_published_methods_and_baselines(found: Evaluation, other: str, measure: str, k: int) -> None:
    assert above(found, other, measure, k)["low"] > 0


@pytest.mark.parametrize("segment", SEGMENTS)
def test_below_nothing_in_any_segment(found: Evaluation, segment: str) -> None:
    for other in OTHERS:
        for measure, k in SHOWN:
            assert above(found, other, measure, k, segment=segment)["high"] > 0, (other, measure, k)


def test_above_the_versions_before(found: Evaluation) -> None:
    for version in set(found.plan.versions) - {"v4"}:
        for measure, k in SHOWN:
            assert above(found, version, measure, k)["low"] > 0, (version, measure, k)

"""The next basket of a real grocer's clients: v4 above the published methods, and below no baseline anywhere."""

from __future__ import annotations

import pytest

from recs_platform.next_basket.lists import Lists
from recs_platform.next_basket.sources import Settings
from recs_platform_tests.next_basket.experiment import (
    BLEND,
    SEGMENTS,
    SHOWN,
    Trial,
    beside,
    of_last_baskets,
    ranked_by_others,
    ranked_by_v4,
    report,
)
from recs_platform_tests.next_basket.experiment_worlds import WORLDS
from recs_platform_tests.slow import takes_seconds

Ranked = tuple[Trial, list[Lists], dict[str, list[Lists]]]


@pytest.fixture(scope="module")
@takes_seconds
def ranked() -> Ranked:
    """Product types are what is bought, and everybody's last basket is what is predicted."""
    log, attributes = WORLDS["types"]()
    trial = of_last_baskets(log)
    v4, others = ranked_by_v4(trial, Settings(threads=2), attributes), ranked_by_others(trial)
    print(*report(trial, v4, others), sep="\n")
    return trial, v4[BLEND], others


@pytest.mark.parametrize(("measure", "k"), SHOWN)
@pytest.mark.parametrize("other", ["TIFU-KNN", "UP-CF"])
def test_above_the_published_methods(ranked: Ranked, other: str, measure: str, k: int) -> None:
    trial, ours, others = ranked
    low = beside(trial, ours, others[other], measure, k).low
    assert low is not None
    assert low > 0


@pytest.mark.parametrize("segment", SEGMENTS)
def test_below_no_baseline_in_any_segment(ranked: Ranked, segment: str) -> None:
    trial, ours, others = ranked
    for other in others.values():
        for measure, k in SHOWN:
            high = beside(trial, ours, other, measure, k, segment).high
            assert high is not None
            assert high > 0

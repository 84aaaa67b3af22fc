"""The measured tables of docs/statistics.md: each row is simulated again and held to its promise and to the page."""

from __future__ import annotations

import numpy as np
import pytest

from recs_platform.simulation.randomness import stream
from recs_platform.statistics.sequential import reach
from recs_platform_tests.statistics import coverage, peeking
from recs_platform_tests.statistics.coverage import DOES_NOT_HOLD, HOLDS, SEED
from recs_platform_tests.statistics.peeking import WATCHED
from recs_platform_tests.statistics.tables import PAGE, REMEDY, names, printed


@pytest.mark.parametrize("name", HOLDS)
def test_a_95_percent_interval_holds_the_truth_95_times_in_100(name: str) -> None:
    found = HOLDS[name](name)
    assert 0.93 <= found <= 0.97
    assert coverage.row(name, found) in printed("holds"), REMEDY


@pytest.mark.parametrize("name", DOES_NOT_HOLD)
def test_what_the_page_warns_of_is_so(name: str) -> None:
    found = DOES_NOT_HOLD[name](name)
    assert found < 0.90
    assert coverage.row(name, found) in printed("does not hold"), REMEDY


@pytest.mark.slow
@pytest.mark.parametrize("name", WATCHED)
def test_looking_every_day_is_honest_with_the_anytime_interval_only(name: str) -> None:
    found = WATCHED[name](name)
    assert 0.03 < found.fixed_at_the_end < 0.07
    assert found.fixed > 0.15
    assert found.anytime <= 0.05
    assert peeking.row(name, found) in printed("peeking"), REMEDY


def test_the_page_has_these_rows_and_no_others() -> None:
    assert names("holds") == list(HOLDS)
    assert names("does not hold") == list(DOES_NOT_HOLD)
    assert names("peeking") == list(WATCHED)


def test_an_endless_watcher_uses_up_most_of_the_five_percent() -> None:
    """Not above 5%, and not far below either: the interval is no wider than its promise needs."""
    walks, looks = 2_000, 2_000
    times = np.arange(1, looks + 1)
    steps = stream(SEED, "endless watching").standard_normal((walks, looks), dtype=np.float32)
    scores = np.abs(steps.cumsum(axis=1) / np.sqrt(times))
    limits = np.array([reach(float(time**-0.5), tuned_for=5**-0.5) for time in times])
    ever_wrong = float((scores > limits).any(axis=1).mean())
    assert 0.025 < ever_wrong <= 0.05
    assert f"tuned for the 5th look: {ever_wrong:.1%}" in PAGE.read_text()

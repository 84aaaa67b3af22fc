"""Posteriors per segment: how far a segment is believed to be like the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.campaign.bandit.counts import Floats, Tally
from recs_platform.campaign.bandit.prior import BetaPrior
from recs_platform.campaign.bandit.segments import global_posterior, segment_posteriors

PRIOR = BetaPrior(0.1, 50)


def tally_of(trials: npt.NDArray[Any], successes: npt.NDArray[Any]) -> Tally:
    rows, columns = trials.shape
    segments, treatments = (tuple(f"s{row}" for row in range(rows)), tuple(f"t{column}" for column in range(columns)))
    return Tally(segments, treatments, np.asarray(trials, float), np.asarray(successes, float))


def test_a_segment_without_data_has_the_global_posterior() -> None:
    counts = tally_of(np.array([[60, 200], [0, 0], [40, 0]]), np.array([[6, 10], [0, 0], [4, 0]]))
    everywhere, found = global_posterior(counts, PRIOR), segment_posteriors(counts, PRIOR)["s1"]
    assert found.alpha.tolist() == everywhere.alpha.tolist() == [15, 15]
    assert found.beta.tolist() == everywhere.beta.tolist() == [135, 235]


def test_by_hand() -> None:
    """Segment s0 did as well as expected (10 clicks of 100 where 10% is all that is known), so its level is 1.

    Elsewhere t0 has 5 + 40 clicks of 50 + 150: 22.5% worth 200. With a strength of 200 that is worth 100: 22.5 of 100.
    """
    counts = tally_of(np.array([[0, 100], [150, 0]]), np.array([[0, 10], [40, 0]]))
    found = segment_posteriors(counts, PRIOR, strength=200)["s0"]
    assert (found.alpha[0], found.beta[0]) == pytest.approx((22.5, 77.5))
    # t1 was sent nowhere else: the prior's 10% worth 50, of which 40 are left, and its own 10 of 100.
    assert (found.alpha[1], found.beta[1]) == pytest.approx((4 + 10, 36 + 90))


def test_its_own_trials_do_not_count_twice() -> None:
    """However alike segments are, all that is known of s0 is what everybody has shown."""
    counts = tally_of(np.array([[1_000, 1_000], [500, 500]]), np.array([[50, 100], [25, 50]]))
    found, everywhere = segment_posteriors(counts, PRIOR, strength=1e12)["s0"], global_posterior(counts, PRIOR)
    assert found.alpha + found.beta == pytest.approx(everywhere.alpha + everywhere.beta)


def test_the_only_segment_is_everybody() -> None:
    counts = tally_of(np.array([[1_000, 1_000], [0, 0]]), np.array([[50, 200], [0, 0]]))
    everywhere = global_posterior(counts, PRIOR)
    for found in segment_posteriors(counts, PRIOR).values():
        assert found.alpha.tolist() == everywhere.alpha.tolist()


def planted(differ: float, seed: int = 5) -> tuple[Tally, Floats]:
    rng = np.random.default_rng(seed)
    treatment = rng.beta(6, 70, 10)
    rates = np.clip(treatment * np.exp(rng.normal(0, differ, (6, 10))), 0, 0.9)
    trials = rng.integers(50, 600, (6, 10))
    return tally_of(trials, rng.binomial(trials, rates)), rates


def error(found: dict[str, Floats], rates: Floats) -> float:
    return float(np.sqrt(np.mean((np.stack(list(found.values())) - rates) ** 2)))


@pytest.mark.parametrize("differ", [0.0, 0.2, 1.0], ids=["alike", "somewhat different", "very different"])
def test_shrinking_is_nearer_to_the_truth_than_either_extreme(differ: float) -> None:
    errors = []
    for seed in range(20):
        counts, rates = planted(differ, seed)
        shrunk = {name: found.mean for name, found in segment_posteriors(counts).items()}
        own = dict(zip(counts.segments, counts.successes / counts.trials, strict=True))
        everywhere = {name: global_posterior(counts).mean for name in counts.segments}
        errors.append([error(of, rates) for of in (shrunk, own, everywhere)])
    shrunk_error, own_error, global_error = np.mean(errors, axis=0)
    assert shrunk_error < (0.75 if differ < 1 else 1) * own_error
    # Where segments are alike, it costs a little to find out.
    assert shrunk_error < (1.1 if differ == 0 else 0.85) * global_error


def test_a_treatment_is_not_judged_by_strangers() -> None:
    """The loyal click three times as often. t1 is as good as t0 and the loyal have hardly seen it."""
    counts = tally_of(np.array([[2_000, 20], [2_000, 2_000]]), np.array([[300, 3], [100, 100]]))
    loyal = segment_posteriors(counts)["s0"]
    assert loyal.mean[1] == pytest.approx(0.15, rel=0.15)
    assert abs(loyal.mean[1] - loyal.mean[0]) < 0.02


@given(st.lists(st.integers(0, 400), min_size=6, max_size=6), st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_always_distributions_between_own_and_elsewhere(trials: list[int], rates: list[float]) -> None:
    tried = np.array(trials, float).reshape(2, 3)
    counts = tally_of(tried, np.floor(tried * np.array(rates).reshape(2, 3)))
    for row, found in enumerate(segment_posteriors(counts).values()):
        assert (found.alpha > 0).all()
        assert (found.beta > 0).all()
        assert (found.alpha + found.beta >= counts.trials[row]).all()

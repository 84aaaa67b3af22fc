"""Lists in two orders against drawing customers again, and calibration where customers have habits."""

from __future__ import annotations

import numpy as np
import pytest

from recs_platform.models.features import Bools, Floats
from recs_platform.models.paired import Judges
from recs_platform.models.paired_lists import Examples, Metric, calibration_by_customer, ndcg_difference, paired
from recs_platform.models.ranking_metrics import CalibrationBin, Values, lists, mean, ndcg, ranks
from recs_platform.statistics.intervals import UNKNOWN


def sampled(seed: int, customers: int = 300, offers: int = 12) -> tuple[Judges, Values, Floats, Floats]:
    """Two lists per customer; the first scores see the taste, the second a part of it."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(customers), offers)
    habit, taste = rng.normal(0, 1.2, customers)[who], rng.normal(0, 0.8, len(who))
    labels = rng.random(len(who)) < 1 / (1 + np.exp(2.5 - habit - taste))
    half = np.tile(np.arange(offers) % 2, customers)
    return Judges(labels, who), who * 2 + half, taste, taste + rng.normal(0, 1, len(who))


def plain(labels: Values, groups: Values, first: Floats, second: Floats) -> float:
    one, other = (ndcg(lists(groups, ranks(scores), labels), 3) for scores in (first, second))
    found = mean(one - other)
    assert found is not None
    return found


@pytest.mark.slow
def test_the_interval_is_as_wide_as_drawing_customers_again_makes_it() -> None:
    judges, groups, first, second = sampled(2)
    found = ndcg_difference(judges, groups, first, second, 3)
    assert found.estimate == pytest.approx(plain(judges.labels, groups, first, second))
    rng, drawn = np.random.default_rng(3), []
    for _ in range(300):
        rows = (rng.integers(0, 300, 300)[:, None] * 12 + np.arange(12)).ravel()
        again = np.repeat(np.arange(300), 12) * 2 + groups[rows] % 2
        drawn.append(plain(judges.labels[rows], again, first[rows], second[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.width == pytest.approx(high - low, rel=0.15)


def test_the_order_of_rows_says_nothing() -> None:
    judges, groups, first, second = sampled(4, customers=40)
    turned = np.random.default_rng(1).permutation(len(groups))
    found = ndcg_difference(judges, groups, first, second, 3)
    other = ndcg_difference(
        Judges(judges.labels[turned], judges.customers[turned]), groups[turned], first[turned], second[turned], 3
    )
    assert other.estimate == pytest.approx(found.estimate)
    assert other.low == pytest.approx(found.low)


def test_a_score_is_no_better_than_itself() -> None:
    judges, groups, first, _ = sampled(5, customers=30)
    found = ndcg_difference(judges, groups, first, first, 3)
    assert (found.estimate, found.low, found.high) == (0, 0, 0)


def test_without_a_success_nothing_is_known() -> None:
    judges = Judges(np.array([False, False]), np.array([0, 1]))
    assert ndcg_difference(judges, np.array([0, 1]), np.array([0.1, 0.2]), np.array([0.2, 0.1]), 3) == UNKNOWN


@pytest.mark.slow
def test_calibration_intervals_hold_the_truth_although_customers_have_habits() -> None:
    """The chance that is promised is the truth on average, but each customer redeems all or hardly any."""
    held, held_alone, bins = 0, 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(200), 10)
        promised, habit = rng.uniform(0.05, 0.5, len(who)), rng.random(200)[who]
        labels = np.where(rng.random(len(who)) < 0.7, habit, rng.random(len(who))) < promised
        curve = calibration_by_customer(labels, promised, who, bins=4)
        alone = calibration_by_customer(labels, promised, np.arange(len(who)), bins=4)
        held += sum(one.happened.contains(one.promised) for one in curve)
        held_alone += sum(one.happened.contains(one.promised) for one in alone)
        bins += len(curve)
    assert held / bins >= 0.92
    assert held_alone / bins < 0.9


def test_a_bin_without_a_success_is_not_certain() -> None:
    (one,) = calibration_by_customer(np.zeros(50, dtype=bool), np.full(50, 0.01), np.zeros(50, dtype=np.int64))
    assert one.happened.low == 0.0
    assert one.happened.high is not None
    assert one.happened.high > 0.01


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "ndcg"])
def test_both_values_stand_beside_their_difference(metric: Metric) -> None:
    judges, groups, first, second = sampled(6, customers=100)
    examples = Examples(judges.labels, np.array([f"c{number}" for number in judges.customers]), groups)
    ours, theirs = (1 / (1 + np.exp(2.5 - scores)) for scores in (first, second))
    found = paired(metric, examples, ours, theirs, k=3)
    assert found.ours is not None
    assert found.theirs is not None
    assert found.difference.estimate == pytest.approx(found.ours - found.theirs)
    assert found.is_known_to_differ
    assert not paired(metric, examples, ours, ours, k=3).is_known_to_differ


def test_with_one_outcome_alone_there_is_nothing_to_sort() -> None:
    examples = Examples(np.array([True, True]), np.array(["A", "B"]))
    found = paired("roc_auc", examples, np.array([0.1, 0.2]), np.array([0.2, 0.1]))
    assert (found.ours, found.difference.estimate, found.is_known_to_differ) == (None, None, False)


def curve_of(labels: Bools, chances: Floats) -> tuple[CalibrationBin, ...]:
    """Each row of a customer of its own."""
    return calibration_by_customer(labels, chances, np.arange(len(labels)))


def test_calibration_bins_hold_equally_many_and_their_intervals_hold_the_truth() -> None:
    """Of 200 bins; the interval's level is 95%."""
    held, bins = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        promised = rng.beta(2, 8, 4_000)
        curve = curve_of(rng.random(4_000) < promised, promised)
        assert [one.rows for one in curve] == [400] * 10
        assert [one.promised for one in curve] == sorted(one.promised for one in curve)
        held += sum(one.happened.contains(one.promised) for one in curve)
        bins += len(curve)
    assert 0.92 <= held / bins <= 0.98


def test_promises_twice_too_high_show_in_every_bin() -> None:
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.1, 0.5, 20_000)
    for one in curve_of(rng.random(20_000) < truth, truth * 2):
        assert one.happened.high is not None
        assert one.happened.high < one.promised


def test_one_probability_for_all_is_one_bin_and_nothing_is_none() -> None:
    (one,) = curve_of(np.array([True, False, False, False]), np.full(4, 0.25))
    assert (one.rows, one.promised, one.happened.estimate) == (4, 0.25, 0.25)
    assert curve_of(np.array([], dtype=bool), np.array([])) == ()

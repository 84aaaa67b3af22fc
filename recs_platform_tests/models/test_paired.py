"""Paired figures against brute force, and their intervals against resampling and against worlds of known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.metrics import log_loss, roc_auc
from recs_platform.models.paired import Examples, Metric, calibration_by_customer, paired, with_interval
from recs_platform.models.ranking_metrics import lists, mean, ndcg, ranks

METRICS: tuple[Metric, ...] = ("roc_auc", "log_loss", "ndcg")


def world(seed: int, customers: int = 300, offers: int = 12) -> tuple[Examples, np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Customers with habits of their own: the examples, the true chances, a score with noise, one that knows less."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(customers), offers)
    habit, taste = rng.normal(0, 1.2, customers)[who], rng.normal(0, 0.8, len(who))
    truth = 1 / (1 + np.exp(2.5 - habit - taste))
    labels = rng.random(len(who)) < truth
    names = np.array([f"c{number}" for number in who], dtype=object)
    noisy = 1 / (1 + np.exp(2.5 - habit - taste + rng.normal(0, 0.7, len(who))))
    return Examples(labels, names), truth, noisy, 1 / (1 + np.exp(2.5 - taste))


def plain(metric: Metric, examples: Examples, scores: np.ndarray, k: int) -> float | None:  # type: ignore[type-arg]
    if metric == "roc_auc":
        return roc_auc(examples.labels, scores)
    if metric == "log_loss":
        return log_loss(examples.labels, scores)
    return mean(ndcg(lists(examples.customers, ranks(scores), examples.labels), k))


@pytest.mark.parametrize("metric", METRICS)
def test_values_are_those_of_the_metrics(metric: Metric) -> None:
    examples, _, noisy, less = world(1)
    found = paired(metric, examples, noisy, less, k=5)
    assert found.ours == pytest.approx(plain(metric, examples, noisy, 5))
    assert found.theirs == pytest.approx(plain(metric, examples, less, 5))
    assert found.difference.estimate == pytest.approx(found.ours - found.theirs)  # type: ignore[operator]
    alone = with_interval(metric, examples, noisy, k=5)
    assert alone.estimate == pytest.approx(found.ours)


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
def test_the_interval_is_as_wide_as_resampling_customers_gives(metric: Metric) -> None:
    examples, _, noisy, less = world(2)
    found = paired(metric, examples, noisy, less, k=5)
    rng, codes = np.random.default_rng(3), np.unique(examples.customers.astype(str), return_inverse=True)[1]
    rows_of = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    differences = []
    for _ in range(300):
        chosen = rng.integers(0, len(rows_of), len(rows_of))
        rows = np.concatenate([rows_of[one] for one in chosen])
        # A customer who is drawn twice is two customers.
        again = np.repeat(np.arange(len(chosen)), [len(rows_of[one]) for one in chosen]).astype(str).astype(object)
        drawn = Examples(examples.labels[rows], again)
        one, other = (plain(metric, drawn, scores[rows], 5) for scores in (noisy, less))
        assert one is not None
        assert other is not None
        differences.append(one - other)
    width = found.difference.width
    assert width is not None
    assert width / (2 * 1.97 * float(np.std(differences))) == pytest.approx(1, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
def test_intervals_hold_no_difference_as_often_as_they_say(metric: Metric) -> None:
    """Two scores with noise of the same size, of which neither is better."""
    held = 0
    for seed in range(120):
        examples, truth, _, _ = world(100 + seed, customers=120)
        rng = np.random.default_rng(seed)
        logit = np.log(truth / (1 - truth))
        one, other = (1 / (1 + np.exp(-logit - rng.normal(0, 0.5, len(logit)))) for _ in range(2))
        held += paired(metric, examples, one, other, k=5).difference.contains(0.0)
    assert 0.88 <= held / 120 <= 1.0


def test_rows_of_a_customer_are_not_independent_evidence() -> None:
    """Every example twenty times says no more than once."""
    examples, _, noisy, less = world(4, customers=60, offers=4)
    twenty = Examples(np.repeat(examples.labels, 20), np.repeat(examples.customers, 20))
    for metric in ("roc_auc", "log_loss"):
        once = paired(metric, examples, noisy, less)
        often = paired(metric, twenty, np.repeat(noisy, 20), np.repeat(less, 20))
        assert often.difference.width == pytest.approx(once.difference.width)


def test_a_score_is_no_better_than_itself() -> None:
    examples, _, noisy, _ = world(5, customers=30)
    for metric in METRICS:
        found = paired(metric, examples, noisy, noisy)
        assert found.difference.estimate == 0
        assert not found.is_known_to_differ


def test_what_is_clearly_better_is_known_to_be() -> None:
    examples, _, noisy, less = world(6)
    for metric in METRICS:
        assert paired(metric, examples, noisy, less).is_known_to_differ


def test_lists_of_several_days_are_each_one_list() -> None:
    labels, customers = np.array([True, False, True, False]), np.array(["A"] * 4, dtype=object)
    scores = np.array([0.9, 0.1, 0.2, 0.8])
    days = Examples(labels, customers, np.array(["1", "1", "2", "2"]))
    assert with_interval("ndcg", days, scores, k=1).estimate == 0.5
    assert with_interval("ndcg", Examples(labels, customers), scores, k=1).estimate == 1.0


@pytest.mark.parametrize("labels", [[False, False], [True, True]])
def test_with_one_outcome_alone_there_is_nothing_to_sort(labels: list[bool]) -> None:
    examples = Examples(np.array(labels), np.array(["A", "B"], dtype=object))
    found = paired("roc_auc", examples, np.array([0.1, 0.2]), np.array([0.2, 0.1]))
    assert (found.ours, found.difference.estimate, found.is_known_to_differ) == (None, None, False)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.integers(0, 3)), min_size=2, max_size=15))
def test_the_order_of_rows_says_nothing(rows: list[tuple[str, bool, int]]) -> None:
    customers, labels, scores = map(np.array, zip(*rows, strict=True))
    chances, turned = (scores + 1) / 6, np.arange(len(rows))[::-1]
    for metric in METRICS:
        one = with_interval(metric, Examples(labels, customers.astype(object)), chances)
        other = with_interval(metric, Examples(labels[turned], customers[turned].astype(object)), chances[turned])
        for ours, theirs in ((one.estimate, other.estimate), (one.low, other.low), (one.high, other.high)):
            assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.slow
def test_calibration_intervals_hold_the_truth_although_customers_have_habits() -> None:
    """The chance that is promised is the truth on average, but each customer redeems all or hardly any."""
    held, held_alone, bins = 0, 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(200), 10)
        promised = rng.uniform(0.05, 0.5, len(who))
        habit = rng.random(200)[who]
        labels = np.where(rng.random(len(who)) < 0.7, habit, rng.random(len(who))) < promised
        names = who.astype(str).astype(object)
        curve = calibration_by_customer(labels, promised, names, bins=4)
        alone = calibration_by_customer(labels, promised, np.arange(len(who)).astype(str).astype(object), bins=4)
        held += sum(one.happened.contains(one.promised) for one in curve)
        held_alone += sum(one.happened.contains(one.promised) for one in alone)
        bins += len(curve)
    assert held / bins >= 0.92
    assert held_alone / bins < 0.9


def test_a_bin_without_a_success_is_not_certain() -> None:
    (one,) = calibration_by_customer(np.zeros(50, dtype=bool), np.full(50, 0.01), np.array(["A"] * 50, dtype=object))
    assert one.happened.low == 0.0
    assert one.happened.high is not None
    assert one.happened.high > 0.01

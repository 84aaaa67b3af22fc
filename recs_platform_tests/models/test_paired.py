"""Paired differences of two models against counting every pair, drawing customers again, and the truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.features import Bools, Floats
from recs_platform.models.metrics import log_loss, roc_auc
from recs_platform.models.paired import Judges, log_loss_difference, placements, roc_auc_difference
from recs_platform.statistics.intervals import UNKNOWN

row = st.tuples(st.booleans(), st.integers(0, 4), st.integers(1, 5), st.integers(1, 5))


def by_pairs(labels: Bools, scores: Floats) -> float:
    wins = [
        1.0 if yes > no else 0.5 if yes == no else 0.0
        for yes, no in product(scores[labels].tolist(), scores[~labels].tolist())
    ]
    return sum(wins) / len(wins)


@given(st.lists(row, min_size=1, max_size=30))
def test_the_difference_is_that_of_all_pairs_counted(sample: list[tuple[bool, int, int, int]]) -> None:
    labels, customers, first, second = (np.array(column) for column in zip(*sample, strict=True))
    judges, ours, theirs = Judges(labels, customers), first / 6, second / 6
    found = roc_auc_difference(judges, ours, theirs)
    if labels.all() or not labels.any():
        assert found == UNKNOWN
        return
    assert found.estimate == pytest.approx(by_pairs(labels, ours) - by_pairs(labels, theirs), abs=1e-12)
    assert found.estimate == pytest.approx(roc_auc(labels, ours) - roc_auc(labels, theirs), abs=1e-12)
    losses = log_loss_difference(judges, ours, theirs)
    assert losses.estimate == pytest.approx(log_loss(labels, ours) - log_loss(labels, theirs), abs=1e-12)
    turned = roc_auc_difference(judges, theirs, ours)
    assert turned.estimate == pytest.approx(-found.estimate)
    if found.low is not None and turned.high is not None:
        assert turned.high == pytest.approx(-found.low)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=20))
def test_placements_are_shares_of_pairs(sample: list[tuple[bool, int]]) -> None:
    labels, scores = (np.array(column) for column in zip(*sample, strict=True))
    if labels.all() or not labels.any():
        return
    for place, placed in enumerate(placements(labels, scores.astype(float))):
        others = scores[labels != labels[place]]
        beaten = others < scores[place] if labels[place] else others > scores[place]
        assert placed == pytest.approx((beaten + (others == scores[place]) / 2).mean())


def sampled(customers: int, seed: int, each: int = 20, rate: float = -3.0) -> tuple[Judges, Floats, Floats, Floats]:
    """Customers differ in their habit, rows in taste; the first model sees both, the second the habit alone."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(customers), each)
    habit, taste = rng.normal(size=customers)[of], rng.normal(size=len(of))
    true = 1 / (1 + np.exp(-(rate + habit + 0.5 * taste)))
    labels = rng.random(len(of)) < true
    return Judges(labels, of), true, 1 / (1 + np.exp(-(rate + habit))), np.full(len(of), true.mean())


@pytest.mark.slow
@pytest.mark.parametrize("difference", [roc_auc_difference, log_loss_difference])
def test_the_interval_is_as_wide_as_drawing_customers_again_makes_it(difference) -> None:  # type: ignore[no-untyped-def]
    judges, first, second, _ = sampled(300, seed=3)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(400):
        chosen = rng.integers(0, 300, 300)
        rows = (chosen[:, None] * 20 + np.arange(20)).ravel()
        again = Judges(judges.labels[rows], np.repeat(np.arange(300), 20))
        drawn.append(difference(again, first[rows], second[rows]).estimate)
    found = difference(judges, first, second)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.width == pytest.approx(high - low, rel=0.15)
    assert found.low == pytest.approx(low, abs=0.15 * (high - low))


@pytest.mark.slow
@pytest.mark.parametrize(("customers", "rate"), [(60, -3.0), (400, -4.5)])
def test_a_difference_that_is_not_there_is_seen_in_one_of_twenty(customers: int, rate: float) -> None:
    """Two models that know as much, and err apart, however few the successes."""
    seen = {roc_auc_difference: 0, log_loss_difference: 0}
    for seed in range(300):
        judges, true, _, _ = sampled(customers, seed, rate=rate)
        noise = np.random.default_rng(1000 + seed).normal(size=(2, len(true)))
        models = [1 / (1 + np.exp(-(np.log(true / (1 - true)) + 0.5 * one))) for one in noise]
        for difference in seen:
            seen[difference] += not difference(judges, *models).contains(0.0)
    for count in seen.values():
        assert 2 <= count <= 30, "15 of 300 are due; 30 come by chance once in 10,000 times"


def test_rows_of_one_customer_are_no_more_than_that_customer() -> None:
    """Every row ten times over tells nothing new."""
    judges, first, second, _ = sampled(50, seed=5)
    again = Judges(np.repeat(judges.labels, 10), np.repeat(judges.customers, 10))
    for difference in (roc_auc_difference, log_loss_difference):
        once, tenfold = (
            difference(judges, first, second),
            difference(again, *(np.repeat(x, 10) for x in (first, second))),
        )
        assert tenfold.width == pytest.approx(once.width)


def test_one_customer_with_a_success_tells_nothing() -> None:
    judges = Judges(np.array([True, False, False]), np.array([0, 0, 1]))
    found = roc_auc_difference(judges, np.array([0.9, 0.1, 0.2]), np.array([0.1, 0.1, 0.2]))
    assert (found.estimate, found.low, found.high) == (0.75, None, None)


def test_customers_are_told_apart_by_name() -> None:
    judges = Judges.of(np.array([True, False, True]), pa.chunked_array([["b", "a"], ["b"]]))
    assert judges.customers.tolist() == [0, 1, 0]
    assert judges.successful == 1

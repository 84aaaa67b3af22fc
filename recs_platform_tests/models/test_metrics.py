"""Each figure beside scikit-learn's, and where it is our own beside a plain one. Hand-computed cases: the doctests."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from recs_platform.models.features import Bools, Floats
from recs_platform.models.metrics import calibration_error, judge, log_loss, pr_auc, roc_auc

pair = st.tuples(st.booleans(), st.integers(0, 12).map(lambda tick: tick / 12))
pairs = st.lists(pair, min_size=2, max_size=60).filter(lambda found: len({label for label, _ in found}) == 2)


def arrays(found: list[tuple[bool, float]]) -> tuple[Bools, Floats]:
    labels, probabilities = zip(*found, strict=True)
    return np.array(labels), np.array(probabilities)


@given(pairs)
def test_as_scikit_learn_says(found: list[tuple[bool, float]]) -> None:
    labels, probabilities = arrays(found)
    assert roc_auc(labels, probabilities) == pytest.approx(reference.roc_auc_score(labels, probabilities))
    assert pr_auc(labels, probabilities) == pytest.approx(reference.average_precision_score(labels, probabilities))
    assert log_loss(labels, probabilities) == pytest.approx(reference.log_loss(labels, probabilities))


@given(pairs, st.integers(2, 12))
def test_calibration_error_as_a_plain_loop_says(found: list[tuple[bool, float]], bins: int) -> None:
    """A probability's bin: how many of the quantiles at 1/bins, 2/bins, ... lie below it."""
    labels, probabilities = arrays(found)
    ordered = sorted(probabilities)
    edges = {ordered[-(-number * len(ordered) // bins) - 1] for number in range(1, bins)}
    groups: dict[int, list[int]] = {}
    for place, probability in enumerate(probabilities):
        groups.setdefault(sum(edge < probability for edge in edges), []).append(place)
    off = [abs(sum(probabilities[group]) - sum(labels[group])) for group in groups.values()]
    assert calibration_error(labels, probabilities, bins) == pytest.approx(sum(off) / len(labels))


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(found: list[tuple[bool, float]], random: np.random.Generator) -> None:
    mixed = list(found)
    random.shuffle(mixed)
    assert astuple(judge(*arrays(mixed))) == pytest.approx(astuple(judge(*arrays(found))))


def test_one_probability_for_all_is_guessing() -> None:
    quality = judge(np.array([True, False, False, False]), np.full(4, 0.25))
    assert quality.constant
    assert (quality.roc_auc, quality.pr_auc, quality.calibration_error) == (0.5, 0.25, 0.0)


def test_true_probabilities_are_calibrated_and_shifted_ones_are_not() -> None:
    rng = np.random.default_rng(3)
    chances = rng.beta(1, 20, 50_000)
    labels = rng.random(50_000) < chances
    assert calibration_error(labels, chances) < 0.006
    assert calibration_error(labels, chances + 0.03) == pytest.approx(0.03, abs=0.006)

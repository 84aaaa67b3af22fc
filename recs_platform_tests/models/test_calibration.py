"""Calibrated chances come true, never change an order, and are what scikit-learn would make of the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from recs_platform.models import calibration
from recs_platform.models.calibration import Calibration, fit_calibration, fit_line
from recs_platform.models.features import Bools, Floats
from recs_platform.models.metrics import log_loss, quantile_bins, roc_auc
from recs_platform.models.sampling import sigmoid
from recs_platform.statistics.intervals import proportion


def world(rows: int, seed: int = 1, slope: float = 0.6, shift: float = -1.5) -> tuple[Floats, Bools]:
    """Log-odds that promise too much by far, and a level that has moved."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(-2, 1.5, rows)
    return raw, rng.random(rows) < sigmoid(slope * raw + shift)


@pytest.mark.parametrize(("rows", "method"), [(2_000, "platt"), (200_000, "isotonic")])
def test_deciles_come_true_on_rows_it_has_not_seen(rows: int, method: str) -> None:
    fitted = fit_calibration(*world(rows))
    assert fitted is not None
    assert fitted.method == method
    raw, labels = world(20_000, seed=2)
    chances = sigmoid(fitted.log_odds(raw))
    of = quantile_bins(chances, 10)
    for decile in range(10):
        happened = proportion(int(labels[of == decile].sum()), int((of == decile).sum()), level=0.999)
        assert happened.contains(float(chances[of == decile].mean())) or method == "platt"
    assert chances.mean() == pytest.approx(labels.mean(), rel=0.12 if method == "platt" else 0.05)
    assert log_loss(labels, chances) < log_loss(labels, sigmoid(raw)) - 0.005


@given(
    st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=2, max_size=60),
    st.sampled_from(["platt", "isotonic"]),
)
def test_no_two_rows_change_places_or_become_equal(sample: list[tuple[float, bool]], method: str) -> None:
    raw, labels = (np.array(column) for column in zip(*sample, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "ISOTONIC_FROM", 1 if method == "isotonic" else 10**9)
        fitted = fit_calibration(raw, labels)
    if labels.all() or not labels.any():
        assert fitted is None
        return
    assert fitted is not None
    assert (fitted.method, fitted.rows, fitted.positives) == (method, len(labels), int(labels.sum()))
    far = np.unique(np.concatenate([raw, np.linspace(-40, 40, 81)]))
    far = far[np.diff(far, prepend=-np.inf) > 1e-6]
    assert (np.diff(fitted.log_odds(far)) > 0).all()
    assert np.isfinite(fitted.log_odds(far)).all()
    if method == "isotonic" or fitted.slope == calibration.LEAST_SLOPE:
        assert sigmoid(fitted.log_odds(raw)).mean() == pytest.approx(labels.mean(), abs=1e-6)


@given(st.lists(st.tuples(st.integers(-20, 20), st.booleans()), min_size=2, max_size=80))
def test_the_steps_are_those_of_scikit_learn(sample: list[tuple[int, bool]]) -> None:
    """Each step of its regression has a point at its middle, as high as the step but for the one row it is given."""
    raw, labels = (np.array(column) for column in zip(*sample, strict=True))
    if labels.all() or not labels.any():
        return
    points = calibration._steps(raw.astype(float), labels)
    theirs = IsotonicRegression().fit_transform(raw.astype(float), labels)
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert [y for _, y in points] == sorted({y for _, y in points})
    expected = {}
    for height in np.unique(theirs):
        inside = theirs == height
        share = (labels[inside].sum() + labels.mean()) / (inside.sum() + 1)
        expected[round(float(raw[inside].mean()), 9)] = share
    if len(points) == len(expected):  # the one row has turned no two steps round
        assert {round(x, 9): pytest.approx(float(sigmoid(np.array([y]))[0])) for x, y in points} == expected


def test_a_free_line_is_the_logistic_regression() -> None:
    raw, labels = world(3_000)
    theirs = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(raw[:, None], labels)
    slope, shift = fit_line(raw, labels)
    assert (slope, shift) == (
        pytest.approx(theirs.coef_[0][0], rel=1e-3),
        pytest.approx(theirs.intercept_[0], rel=1e-3),
    )


def test_few_successes_move_the_slope_little_and_many_move_it_wholly() -> None:
    slopes = [fit_line(*world(rows), around=1.0)[0] for rows in (30, 300, 900_000)]
    assert abs(slopes[0] - 1) < 0.3
    assert slopes[2] == pytest.approx(0.6, abs=0.02)


def test_scores_that_sort_the_wrong_way_lose_their_say_and_keep_their_order() -> None:
    raw, labels = world(20_000, slope=-1.0)
    fitted = fit_calibration(raw, labels)
    assert fitted is not None
    assert 0 < np.ptp(sigmoid(fitted.log_odds(raw))) < 0.2 or fitted.method == "isotonic"
    assert roc_auc(labels, fitted.log_odds(raw)) == roc_auc(labels, raw)


def test_alike_scores_get_the_rate() -> None:
    fitted = fit_calibration(np.full(40, -2.0), np.arange(40) < 10)
    assert fitted is not None
    assert sigmoid(fitted.log_odds(np.array([-2.0]))) == pytest.approx([0.25])


def test_beyond_its_points_a_curve_goes_on_as_the_scores_do() -> None:
    curve = Calibration("isotonic", 4, 2, 1.0, 0.0, ((-1.0, -3.0), (1.0, 0.0)))
    assert curve.log_odds(np.array([-2.0, -1.0, 0.0, 1.0, 3.0])).tolist() == [-4.0, -3.0, -1.5, 0.0, 2.0]

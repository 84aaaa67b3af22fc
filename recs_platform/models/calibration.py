"""From log-odds to chances that come true: a strictly increasing line or curve, fitted where nothing else was.

A ranker's log-odds sort well and may still promise too much, or promise what was true before the season changed. So a
part of the customers of the validation window, from whose rows nobody has learned, says what a raw score is worth. The
line or curve always rises, so no two rows change places and none become equal.

With few successes it is Platt's line, in log-odds; its slope is drawn towards 1, so that a handful of successes moves
little. From `ISOTONIC_FROM` successes on it is the isotonic regression, centred: each of its steps counts at the middle
of its scores, with straight lines of log-odds between (Oron and Flournoy 2017). Beyond the outermost steps it goes on
as the scores do. Either way the mean chance is what really happened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from recs_platform.models.features import Bools, Floats
from recs_platform.models.sampling import sigmoid

ISOTONIC_FROM = 1000
SLOPE_DEVIATION = 0.5
"""How far from 1 a slope is expected to be before anything is seen: what draws it there."""
LEAST_SLOPE = 0.05
"""Scores that sort the wrong way keep their order, and nearly lose their say."""
_STEPS = 50


@dataclass(frozen=True)
class Calibration:
    method: Literal["platt", "isotonic"]
    rows: int
    positives: int
    """Of the rows that it was fitted to."""
    slope: float
    shift: float
    points: tuple[tuple[float, float], ...] = ()
    """Of the curve: log-odds as the ranker has them, and what they are worth. Slope and shift come after it."""

    def log_odds(self, raw: Floats) -> Floats:
        return self.slope * self._curve(raw) + self.shift

    def _curve(self, raw: Floats) -> Floats:
        if not self.points:
            return raw
        known, worth = np.array(self.points).T
        inside = np.clip(raw, known[0], known[-1])
        curve: Floats = np.interp(inside, known, worth) + (raw - inside)
        return curve


def fit_calibration(raw: Floats, labels: Bools) -> Calibration | None:
    """Of log-odds that are corrected for the failures which training left out; None where all ended alike."""
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        return None
    if positives < ISOTONIC_FROM:
        slope, shift = fit_line(raw, labels, around=1.0)
        if slope < LEAST_SLOPE:
            slope, shift = LEAST_SLOPE, _level(LEAST_SLOPE * raw, labels)
        return Calibration("platt", len(labels), positives, slope, shift)
    curve = Calibration("isotonic", len(labels), positives, 1.0, 0.0, _steps(raw, labels))
    return replace(curve, shift=_level(curve.log_odds(raw), labels))


def fit_line(values: Floats, labels: Bools, *, around: float | None = None) -> tuple[float, float]:
    """The slope and shift of the likeliest log-odds; the slope is drawn towards `around`, or free when None.

    Values that are all alike have no slope that could be told: the shift says all.
    """
    middle, spread = float(values.mean()), float(values.std())
    if spread <= 1e-12 * max(1.0, abs(middle)):
        slope = around or 0.0
        return slope, _level(slope * values, labels)
    plain = (values - middle) / spread
    # In units of the spread; a free slope is held by next to nothing, so that it stays finite where a line parts all.
    centre = 0.0 if around is None else around * spread
    pull = 1e-6 if around is None else 1 / (SLOPE_DEVIATION * spread) ** 2
    slope, shift = centre, _level(centre * plain, labels)
    for _ in range(_STEPS):
        chances = sigmoid(slope * plain + shift)
        weights = chances * (1 - chances)
        by_slope = ((labels - chances) * plain).sum() - pull * (slope - centre)
        by_shift = (labels - chances).sum()
        bent, tied, level = (weights * plain**2).sum() + pull, (weights * plain).sum(), weights.sum()
        turn = bent * level - tied**2
        step = np.array([level * by_slope - tied * by_shift, bent * by_shift - tied * by_slope]) / turn
        # A step of more than 2 in log-odds goes beyond what the curvature here says.
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        slope, shift = slope + float(step[0]), shift + float(step[1])
        if np.abs(step).max() < 1e-10:
            break
    return slope / spread, shift - slope * middle / spread


def _level(log_odds: Floats, labels: Bools) -> float:
    """What must be added for the mean chance to be what happened; bisection, which nothing upsets."""
    rate = float(labels.mean())
    known = float(np.log(rate / (1 - rate)))
    low, high = known - float(log_odds.max()), known - float(log_odds.min())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sigmoid(log_odds + middle).mean()) < rate else (low, middle)
    return (low + high) / 2


def _steps(raw: Floats, labels: Bools) -> tuple[tuple[float, float], ...]:
    """The middle of each step of the isotonic regression, and the log-odds of its share of successes.

    A step counts one row of the overall rate besides its own, so that none is never or always; where that would turn
    two of them round, they become one.
    """
    scores, of = np.unique(raw, return_inverse=True)
    each, succeeded = np.bincount(of).astype(np.float64), np.bincount(of, labels).astype(np.float64)
    step = _blocks(succeeded / each, each)
    counts, successes, totals = (np.bincount(step, part) for part in (each, succeeded, each * scores))
    weights = np.asarray(counts + 1.0, np.float64)
    levels = np.asarray((successes + labels.mean()) / weights, np.float64)
    joined = _blocks(levels, weights)
    shares = np.bincount(joined, levels * weights) / np.bincount(joined, weights)
    middles = np.bincount(joined, totals) / np.bincount(joined, counts)
    return tuple(zip(middles.tolist(), np.log(shares / (1 - shares)).tolist(), strict=True))


def _blocks(shares: Floats, weights: Floats) -> npt.NDArray[np.int64]:
    """The step of each share in the isotonic regression: 0, 1 and so on."""
    # Imported where a model is trained: it takes more than a second that scoring need not spend.
    from sklearn.isotonic import isotonic_regression

    fitted = isotonic_regression(shares, sample_weight=weights)
    places: npt.NDArray[np.int64] = np.concatenate([[0], np.cumsum(np.diff(fitted) > 0)]).astype(np.int64)
    return places

"""Whether features, scores and outcomes are still spread as they were in training, and whether chance explains it.

A change counts when it is large enough to matter (`LIMITS`) *and* larger than chance makes it in samples of this size
(`CHANCE`). By the limits alone every feature would drift in a week with few customers; by chance alone every feature
would drift in a week with a million. All is computed from shares of bins, so a model's manifest is enough.

Not here: binning (distribution.py), how many independent rows a sample is worth (sample_size.py), which figures a day's
report has (drift_report.py), and whether drift is a reason to train (retraining.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import scipy

from recs_platform.models.distribution import Distribution
from recs_platform.models.features import Floats

DriftVerdict: TypeAlias = Literal["ok", "watch", "drifted"]
FigureName: TypeAlias = Literal["psi", "ks", "missing_rate", "label_rate"]

CHANCE = 1e-4
"""How often one figure may pass what chance explains. With 24 features a company looks at 77 figures a day, some 28,000
a year: were they independent, three would pass by chance. Those of days in a row are not, and they pass together. What
passes has drifted only if it is beyond its limit, too."""

ROWS_PER_BIN = 10
"""Independent rows that a bin of PSI has at least, on average; of a sample with fewer rows, neighbors are united."""


@dataclass(frozen=True)
class Limits:
    watch: float
    drifted: float


LIMITS: Mapping[FigureName, Limits] = {
    # The usual limits; a normal feature reaches them when its mean moves by a third and by half a standard deviation.
    "psi": Limits(0.1, 0.25),
    # The same two moves.
    "ks": Limits(0.125, 0.2),
    # Of all rows, either way.
    "missing_rate": Limits(0.05, 0.15),
    # Of the rate in training, either way.
    "label_rate": Limits(0.25, 0.5),
}


@dataclass(frozen=True)
class Sample:
    distribution: Distribution
    size: float
    """How many independent rows are behind it: fewer than there are, where a customer's rows repeat the customer's
    features (sample_size.py)."""


@dataclass(frozen=True)
class Outcomes:
    """Only of examples whose outcome is final."""

    positives: int
    rows: int
    size: float
    """Independent rows, as above."""


@dataclass(frozen=True)
class Figure:
    name: FigureName
    value: float
    chance: float
    """What it reaches in one of 1 / CHANCE comparisons although nothing has changed."""

    @property
    def verdict(self) -> DriftVerdict:
        limits = LIMITS[self.name]
        if self.value <= self.chance or self.value < limits.watch:
            return "ok"
        return "drifted" if self.value >= limits.drifted else "watch"

    @property
    def blind(self) -> bool:
        """Chance alone reaches the limit, so a drift that matters may pass unseen."""
        return self.chance >= LIMITS[self.name].drifted


@dataclass(frozen=True)
class Drift:
    name: str
    """The feature, or `score` or `label`."""
    figures: tuple[Figure, ...]
    """None at all when one side has no rows."""


def compare(name: str, then: Sample, now: Sample, usual: Distribution | None = None) -> Drift:
    """A feature's or the score's spread now against training. Without rows on one side there are no figures.

    `usual` is how training was spread on the weekdays of now. What comes back every week is no drift: of each figure
    the smaller one counts, against all of training or against these weekdays.
    """
    before, after = then.distribution, now.distribution
    if (before.edges, before.categories) != (after.edges, after.categories):
        raise ValueError(f"{name}: the two distributions have other bins")
    if min(then.size, now.size) <= 0:
        return Drift(name, ())
    figures = _figures(then, now)
    if usual is not None:
        of_weekdays = {figure.name: figure for figure in _figures(Sample(usual, then.size), now)}
        figures = [min(one, of_weekdays.get(one.name, one), key=lambda figure: figure.value) for one in figures]
    return Drift(name, tuple(figures))


def _figures(then: Sample, now: Sample) -> list[Figure]:
    figures = [_psi(then, now), _missing_rate(then, now)]
    before, after = then.distribution, now.distribution
    if before.edges is not None and max(before.missing, after.missing) < 1:
        figures.insert(1, _ks(then, now))
    return figures


def compare_labels(then: Outcomes, now: Outcomes) -> Drift:
    """The rate of successes; its figure is the change relative to training. Without rows now there is none."""
    if not then.positives:
        raise ValueError("the training data has no success, so there is no rate to compare with")
    if not now.rows:
        return Drift("label", ())
    before, after = then.positives / then.rows, now.positives / now.rows
    chance = _chance_of_rate(before, then.size, after, now.size)
    return Drift("label", (Figure("label_rate", abs(after / before - 1), chance / before),))


def population_stability(then: Floats, now: Floats) -> float:
    """PSI, the sum of (now - then) ln(now / then) over bins with no share zero.

    >>> round(population_stability(np.array([0.5, 0.5]), np.array([0.4, 0.6])), 4)  # 0.1 ln(0.5/0.4) + 0.1 ln(0.6/0.5)
    0.0405
    """
    return float(((now - then) * np.log(now / then)).sum())


def kolmogorov_smirnov(then: Floats, now: Floats) -> float:
    """The greatest distance between two cumulative shares, at the bins' edges: from binned values, hence at most that
    of the values themselves.

    >>> round(kolmogorov_smirnov(np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])), 4)
    0.2
    """
    return float(np.abs(np.cumsum(now - then)).max())


def _psi(then: Sample, now: Sample) -> Figure:
    """Missing values are a bin of their own; a bin that is empty on both sides is none. Few rows have few bins: each
    bin more adds to what chance makes of it, and little to what a change does.

    Without a change, PSI is near chi-squared with (bins - 1) degrees of freedom times (1 / then + 1 / now) (Yurdakul
    2018). Where bins hold a handful of rows, chance reaches further than that, but only at values of PSI far below 0.1.
    """
    before, after = (_coarse(one.distribution, then, now) for one in (then, now))
    used = before + after > 0
    before, after, bins = before[used], after[used], int(used.sum())
    # Half a row for each bin, because no share may be zero: in training evenly, now in training's proportions, so that
    # few rows look like training and not like an even spread.
    before = _smoothed(before, then.size, np.full(bins, 1 / bins))
    after = _smoothed(after, now.size, before)
    chance = (1 / then.size + 1 / now.size) * float(scipy.special.chdtri(max(bins - 1, 1), CHANCE))
    return Figure("psi", population_stability(before, after), chance)


def _coarse(distribution: Distribution, then: Sample, now: Sample) -> Floats:
    """The shares, neighbors united as far as few rows ask for, and that of missing values."""
    shares = np.array(distribution.shares)
    if distribution.edges is not None:
        bins = max(2, int(min(then.size, now.size) / ROWS_PER_BIN))
        expected = np.array(then.distribution.shares)
        middle = (np.cumsum(expected) - expected / 2) / max(expected.sum(), np.finfo(float).tiny)
        shares = np.bincount(np.minimum((middle * bins).astype(np.int64), bins - 1), shares)
    return np.append(shares, distribution.missing)


def _ks(then: Sample, now: Sample) -> Figure:
    """Of the known values; that fewer are known is the missing rate's to say."""
    before, after = (np.array(one.distribution.shares) / (1 - one.distribution.missing) for one in (then, now))
    uncertainty = sum(1 / (one.size * (1 - one.distribution.missing)) for one in (then, now))
    return Figure("ks", kolmogorov_smirnov(before, after), math.sqrt(math.log(2 / CHANCE) / 2 * uncertainty))


def _missing_rate(then: Sample, now: Sample) -> Figure:
    before, after = then.distribution.missing, now.distribution.missing
    return Figure("missing_rate", abs(after - before), _chance_of_rate(before, then.size, after, now.size))


def _chance_of_rate(before: float, then: float, after: float, now: float) -> float:
    """The difference of two rates that chance does not pass: Bernstein's bound with the common rate's variance.

    Wider than the normal one, and safe for rare events, of which a single one in a few rows is a large difference.
    """
    common = (before * then + after * now) / (then + now)
    scale, surprise = 1 / then + 1 / now, math.log(2 / CHANCE)
    third = surprise * scale / 3
    return third + math.sqrt(third**2 + 2 * surprise * scale * common * (1 - common))


def _smoothed(shares: Floats, size: float, towards: Floats) -> Floats:
    added = len(shares) / 2
    return (shares * size + added * towards) / (size + added)

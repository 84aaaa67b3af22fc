"""What a sceptic would try first: the base rate for everybody, and one column alone. A model that does not beat them is
not worth serving.

Each is given what a model is given: the base rate is the validation window's, and a column's chances are the line in
its logarithm that was likeliest there. Both are compared in the test window, which neither they nor the models have
seen. Not here: what follows from it (`choice.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recs_platform.models.calibration import fit_line
from recs_platform.models.data import Examples
from recs_platform.models.features import Floats, numbers, tamed
from recs_platform.models.paired import Judges, log_loss_difference, roc_auc_difference
from recs_platform.models.sampling import sigmoid
from recs_platform.statistics.intervals import Interval

BASE_RATE = "base rate"


@dataclass(frozen=True)
class Yardstick:
    """A column that sorts well by itself: the more, the likelier."""

    name: str
    """For people: "past redemptions"."""
    column: str


@dataclass(frozen=True)
class Measured:
    """What a yardstick makes of the test window."""

    scores: Floats
    """What it sorts by."""
    chances: Floats


@dataclass(frozen=True)
class Comparison:
    """How far a model is above something else on the same rows, with intervals over customers."""

    roc_auc: Interval
    """Above 0 the model sorts better."""
    log_loss: Interval
    """Below 0 its chances are truer."""

    @classmethod
    def of(cls, judges: Judges, ours: Measured, theirs: Measured) -> Comparison:
        return cls(
            roc_auc_difference(judges, ours.scores, theirs.scores),
            log_loss_difference(judges, ours.chances, theirs.chances),
        )

    @property
    def is_better(self) -> bool:
        """The data tell that it is better in one and do not tell that it is worse in the other."""
        return (_above(self.roc_auc) and not _above(self.log_loss)) or (
            _below(self.log_loss) and not _below(self.roc_auc)
        )

    @property
    def is_worse(self) -> bool:
        return (_below(self.roc_auc) and not _below(self.log_loss)) or (
            _above(self.log_loss) and not _above(self.roc_auc)
        )

    @property
    def words(self) -> str:
        """Both differences with their intervals.

        >>> print(Comparison(Interval(0.01, -0.004, 0.024), Interval(-0.0012, -0.002, -0.0004)).words)
        ROC AUC +0.010 (-0.004 to +0.024), log loss -0.00120 (-0.00200 to -0.00040)
        """
        return f"ROC AUC {_difference(self.roc_auc, 3)}, log loss {_difference(self.log_loss, 5)}"


def measure(yardsticks: Sequence[Yardstick], validation: Examples, test: Examples) -> Mapping[str, Measured]:
    """The base rate first. A column that the examples lack is left out."""
    rate = float(validation.labels.mean())
    same = np.full(len(test), rate)
    measured = {BASE_RATE: Measured(same, same)}
    for yardstick in yardsticks:
        if yardstick.column not in validation.table.column_names:
            continue
        # Nothing known is nothing.
        columns = (numbers(yardstick.name, part.table[yardstick.column]) for part in (validation, test))
        learned, judged = (tamed(np.nan_to_num(column)) for column in columns)
        slope, shift = fit_line(learned, validation.labels)
        measured[yardstick.name] = Measured(judged, sigmoid(slope * judged + shift))
    return measured


def _above(interval: Interval) -> bool:
    return interval.low is not None and interval.low > 0


def _below(interval: Interval) -> bool:
    return interval.high is not None and interval.high < 0


def _difference(interval: Interval, digits: int) -> str:
    if interval.estimate is None:
        return "unknown"
    if interval.low is None or interval.high is None:
        return f"{interval.estimate:+.{digits}f} (too few customers for an interval)"
    return f"{interval.estimate:+.{digits}f} ({interval.low:+.{digits}f} to {interval.high:+.{digits}f})"

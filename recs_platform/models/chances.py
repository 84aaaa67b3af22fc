"""Models judged by their chances: do they sort successes before failures, and do they come true?

What a sceptic would try first is the base rate for everybody, and one column alone. Each is given what a model is
given: the base rate is the validation window's, and a column's chances are the line in its logarithm that was likeliest
there. All are compared in the test window, which neither they nor the models have seen.

None is fit to serve whose chances are less true than the base rate's: whose log loss is above it, however wide the
interval. Nor one that sorts worse than a single column by an interval that leaves out 0, nor one that says the same of
everybody. Not here: what follows for the candidate (`choice.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.models.calibration import Calibration, fit_calibration, fit_line
from recs_platform.models.data import Examples
from recs_platform.models.features import Bools, Floats, tamed
from recs_platform.models.metrics import Quality, judge
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges, log_loss_difference, roc_auc_difference
from recs_platform.models.sampling import sigmoid
from recs_platform.models.windows import Split
from recs_platform.models.yardsticks import Measured, Yardstick, difference_text, is_above, is_below, known
from recs_platform.statistics.intervals import Interval

BASE_RATE = "base rate"


@dataclass(frozen=True)
class ChancesComparison:
    """How far a model is above something else on the same rows, with intervals over customers."""

    roc_auc: Interval
    """Above 0 the model sorts better."""
    log_loss: Interval
    """Below 0 its chances are truer."""

    @property
    def lead(self) -> Interval:
        """In the leading figure."""
        return self.roc_auc

    @property
    def is_better(self) -> bool:
        """The data tell that it is better in one and do not tell that it is worse in the other."""
        return (is_above(self.roc_auc) and not is_above(self.log_loss)) or (
            is_below(self.log_loss) and not is_below(self.roc_auc)
        )

    @property
    def is_worse(self) -> bool:
        return (is_below(self.roc_auc) and not is_below(self.log_loss)) or (
            is_above(self.log_loss) and not is_above(self.roc_auc)
        )

    @property
    def words(self) -> str:
        """Both differences with their intervals.

        >>> print(ChancesComparison(Interval(0.01, -0.004, 0.024), Interval(-0.0012, -0.002, -0.0004)).words)
        ROC AUC +0.010 (-0.004 to +0.024), log loss -0.00120 (-0.00200 to -0.00040)
        """
        return f"ROC AUC {difference_text(self.roc_auc, 3)}, log loss {difference_text(self.log_loss, 5)}"


@dataclass(frozen=True)
class Chances:
    title: str = "ROC AUC"
    leading: str = "roc_auc"
    length: None = None

    def of_model(self, model: Model, table: pa.Table) -> Measured:
        chances = model.probabilities(table)
        return Measured(chances, chances)

    def of_yardsticks(self, yardsticks: Sequence[Yardstick], split: Split) -> dict[str, Measured]:
        """The base rate first."""
        same = np.full(len(split.test), float(split.validation.labels.mean()))
        measured = {BASE_RATE: Measured(same, same)}
        for yardstick in known(yardsticks, split.validation):
            learned, judged = (tamed(yardstick.values(part)) for part in (split.validation, split.test))
            slope, shift = fit_line(learned, split.validation.labels)
            measured[yardstick.name] = Measured(judged, sigmoid(slope * judged + shift))
        return measured

    def figures(self, examples: Examples, measured: Measured) -> Quality:
        return judge(examples.labels, measured.chances)

    def compare(self, judges: Judges, ours: Measured, theirs: Measured) -> ChancesComparison:
        return ChancesComparison(
            roc_auc_difference(judges, ours.scores, theirs.scores),
            log_loss_difference(judges, ours.chances, theirs.chances),
        )

    def unfit(self, figures: Quality, comparisons: Mapping[str, ChancesComparison]) -> str | None:
        if figures.constant:
            return "it gives every example the same probability"
        for name, comparison in comparisons.items():
            if name == BASE_RATE and (comparison.log_loss.estimate or 0.0) > 0:
                return f"its chances are less true than the base rate for everybody ({comparison.words})"
            if (comparison.roc_auc.high or 0.0) < 0:
                return f"{name} alone sort better ({comparison.words})"
        return None

    def figures_text(self, figures: Quality) -> str:
        return f"ROC AUC {figures.roc_auc:.4f}, log loss {figures.log_loss:.4f}"

    def examples_text(self, examples: Examples) -> str:
        return f"{len(examples):,} examples of {examples.first} to {examples.last}"

    def calibration(self, raw: Callable[[], Floats], labels: Bools) -> Calibration | None:
        return fit_calibration(raw(), labels)

    def manifest_fields(self, validation: Quality, test: Quality) -> dict[str, Any]:
        return {"quality": {"validation": validation, "test": test}}


CHANCES = Chances()

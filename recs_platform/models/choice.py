"""Which of a day's models is its candidate: the simplest, unless the data tell that another is better.

A comparison window of a hundred successes moves ROC AUC by 0.03 from luck alone, so the greatest figure is often the
luckiest model's. What is not told from chance counts as equal, and of equals the one stays that is there: the kind that
serves today, or else the simplest. A kind takes another's place when the paired interval of ROC AUC or of log loss
leaves 0 on its side, and the other figure's does not leave it on the wrong one.

None is fit to serve whose chances are less true than the base rate's: whose log loss is above it, however wide the
interval. Nor one that sorts worse than a single column by an interval that leaves out 0, nor one that says the same of
everybody. Not here: whether the candidate takes the active model's place (`challenge.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recs_platform.models.data import Examples
from recs_platform.models.metrics import Quality
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges
from recs_platform.models.yardsticks import BASE_RATE, Comparison, Measured


@dataclass(frozen=True)
class ComparisonWindow:
    """The examples on which models are compared, and what the yardsticks make of them."""

    examples: Examples
    judges: Judges
    yardsticks: Mapping[str, Measured]
    _measured: dict[str, Measured] = field(default_factory=dict, repr=False)
    """By a model's digest: each is compared several times."""

    def measured(self, model: Model) -> Measured:
        if model.digest not in self._measured:
            chances = model.probabilities(self.examples.table)
            self._measured[model.digest] = Measured(chances, chances)
        return self._measured[model.digest]

    def compare(self, ours: Model, theirs: Model) -> Comparison:
        return Comparison.of(self.judges, self.measured(ours), self.measured(theirs))

    def against_yardsticks(self, model: Model) -> dict[str, Comparison]:
        ours = self.measured(model)
        return {name: Comparison.of(self.judges, ours, theirs) for name, theirs in self.yardsticks.items()}


def unfit(quality: Quality, comparisons: Mapping[str, Comparison]) -> str | None:
    """Why a model may not go active, whatever it is compared with; None when it may."""
    if quality.constant:
        return "it gives every example the same probability"
    for name, comparison in comparisons.items():
        if name == BASE_RATE and (comparison.log_loss.estimate or 0.0) > 0:
            return f"its chances are less true than the base rate for everybody ({comparison.words})"
        if (comparison.roc_auc.high or 0.0) < 0:
            return f"{name} alone sort better ({comparison.words})"
    return None


def choose(models: Sequence[Model], test: ComparisonWindow, incumbent: str | None) -> int:
    """The place of the candidate among the models, which come the simplest first. `incumbent` is the kind that serves.

    When none is fit to serve, the one that would be the candidate if all were as good, so that it can be said of one.
    """
    fit = [
        place
        for place, model in enumerate(models)
        if unfit(model.manifest.quality["test"], test.against_yardsticks(model)) is None
    ]
    possible = fit or range(len(models))
    candidate = next((place for place in possible if models[place].manifest.kind == incumbent), possible[0])
    for place in fit:
        if place != candidate and test.compare(models[place], models[candidate]).is_better:
            candidate = place
    return candidate

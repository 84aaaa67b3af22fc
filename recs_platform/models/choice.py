"""Which of a day's models is its candidate.

A comparison window of a hundred successes moves ROC AUC by 0.03 from luck alone, so the greatest figure is often the
luckiest model's. What is not told from chance counts as equal, and of equals the one stays that is there: the kind that
serves today, or else the simplest (`SIMPLEST`). A kind takes another's place when the paired interval of ROC AUC or of
log loss leaves 0 on its side, and the other figure's does not leave it on the wrong one.

Where kinds differ little in what they cost, and the lists of many clients were kept apart to choose by, the best of
those lists is the better guess (`BEST_ON_VALIDATION`): the test, which had no say, tells what it is worth.

Which model is fit to serve is the measure's to say (`measure.py`). Not here: whether the candidate takes the active
model's place (`challenge.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from recs_platform.models.data import Examples
from recs_platform.models.measure import AnyMeasure, Comparison, Figures
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges
from recs_platform.models.yardsticks import Measured


@dataclass(frozen=True)
class ComparisonWindow:
    """The examples on which models are compared, and what the yardsticks make of them."""

    examples: Examples
    judges: Judges
    yardsticks: Mapping[str, Measured]
    measure: AnyMeasure
    _measured: dict[str, Measured] = field(default_factory=dict, repr=False)
    """By a model's digest: each is compared several times."""
    _figures: dict[str, Figures] = field(default_factory=dict, repr=False)

    def measured(self, model: Model) -> Measured:
        if model.digest not in self._measured:
            self._measured[model.digest] = self.measure.of_model(model, self.examples.table)
        return self._measured[model.digest]

    def remember(self, model: Model, measured: Measured) -> None:
        """What was measured already."""
        self._measured[model.digest] = measured

    def figures(self, model: Model) -> Figures:
        if model.digest not in self._figures:
            self._figures[model.digest] = self.measure.figures(self.examples, self.measured(model))
        return self._figures[model.digest]

    def leading(self, model: Model) -> float:
        """The figure by which models are put in order."""
        return float(getattr(self.figures(model), self.measure.leading))

    def compare(self, ours: Model, theirs: Model) -> Comparison:
        return self._compare(self.measured(ours), self.measured(theirs))

    def against_yardsticks(self, model: Model) -> dict[str, Comparison]:
        ours = self.measured(model)
        return {name: self._compare(ours, theirs) for name, theirs in self.yardsticks.items()}

    def fault(self, model: Model) -> str | None:
        """Why it may not go active, whatever it is compared with; None when it may."""
        return self.measure.unfit(self.figures(model), self.against_yardsticks(model))

    def _compare(self, ours: Measured, theirs: Measured) -> Comparison:
        comparison: Comparison = self.measure.compare(self.judges, ours, theirs)
        return comparison


Pick: TypeAlias = Callable[[Sequence[Model], ComparisonWindow, ComparisonWindow, str | None], int]
"""The place of the candidate among the models, which come the simplest first: by validation and test, and the kind that
serves."""


@dataclass(frozen=True)
class Choice:
    pick: Pick
    minds_incumbent: bool
    """Whether the kind that serves has a say: of equals it is the candidate, and an active model of a simpler kind than
    the candidate's stays unless the candidate is told to be better."""


def simplest_unless_told(
    models: Sequence[Model], _validation: ComparisonWindow, test: ComparisonWindow, incumbent: str | None
) -> int:
    """When none is fit to serve, the one that would be the candidate if all were as good, so that it can be said of
    one."""
    fit = [place for place, model in enumerate(models) if test.fault(model) is None]
    possible = fit or range(len(models))
    candidate = next((place for place in possible if models[place].manifest.kind == incumbent), possible[0])
    for place in fit:
        if place != candidate and test.compare(models[place], models[candidate]).is_better:
            candidate = place
    return candidate


def best_on_validation(
    models: Sequence[Model], validation: ComparisonWindow, _test: ComparisonWindow, _incumbent: str | None
) -> int:
    """Of equals the simplest."""
    figures = [validation.leading(model) for model in models]
    return figures.index(max(figures))


SIMPLEST = Choice(simplest_unless_told, minds_incumbent=True)
BEST_ON_VALIDATION = Choice(best_on_validation, minds_incumbent=False)

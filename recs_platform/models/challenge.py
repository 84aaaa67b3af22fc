"""Whether a newly trained model may take the place of the active one. Not here: doing it (the registry)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recs_platform.models.choice import ComparisonWindow
from recs_platform.models.design import CHANCES_BY_DAYS, Design
from recs_platform.models.kinds import simplicity
from recs_platform.models.measure import Comparison, Figures
from recs_platform.models.model import Model


@dataclass(frozen=True)
class ChallengeVerdict:
    activate: bool
    words: str
    """Why, with the figures, for people."""
    candidate: Figures
    champion: Figures | None
    """The active model on the same examples; None when there is none."""
    fit: bool = True
    """Whether the candidate is fit to serve, whatever serves."""
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    """Of the candidate with each yardstick, by its name."""
    against_champion: Comparison | None = None


def challenge(
    candidate: Model,
    champion: Model | None,
    test: ComparisonWindow,
    tolerance: float,
    design: Design = CHANCES_BY_DAYS,
) -> ChallengeVerdict:
    """The candidate goes active if it is fit to serve, and beside the active model:

    - a more complex one, if the data tell that it is better: otherwise the simpler one stays, where the design says so;
    - any other, unless the data tell that it is worse, or its leading figure is lower by more than the tolerance: of
      what is equal, the newer knows newer days.

    An active model that is not fit to serve itself gives way to one that is, unless that is told to be worse. All is
    measured here, on the same examples.
    """
    fault = test.fault(candidate)
    theirs, ours = test.figures(candidate), None if champion is None else test.figures(champion)
    versus = None if champion is None else test.compare(candidate, champion)
    trial = _Trial(test, tolerance, design)
    activate, words = trial.verdict(candidate, fault, champion)
    comparisons = test.against_yardsticks(candidate)
    return ChallengeVerdict(
        activate, f"{words}{_yardstick_text(comparisons)}", theirs, ours, fault is None, comparisons, versus
    )


@dataclass(frozen=True)
class _Trial:
    test: ComparisonWindow
    tolerance: float
    design: Design

    def verdict(self, candidate: Model, fault: str | None, champion: Model | None) -> tuple[bool, str]:
        if fault is not None:
            stays = "no model is active" if champion is None else "the active model stays"
            return False, f"The new model is not fit to serve: {fault}, so {stays}."
        if champion is None:
            return True, f"No model is active, so the new one goes active: {self._figures(candidate)}."
        activate, compared = self._compared(candidate, champion)
        examples = self.test.examples
        return activate, (
            f"On the {self.test.measure.examples_text(examples)} the new model is "
            f"{compared}, so {'it goes active' if activate else 'the active model stays'}: new "
            f"{self._figures(candidate)}; active {self._figures(champion)}; between them "
            f"{self.test.compare(candidate, champion).words}."
            f"{self.design.split.head_start(champion.manifest, examples)}"
        )

    def _compared(self, candidate: Model, champion: Model) -> tuple[bool, str]:
        """Whether it goes active, and how it compares in words."""
        versus = self.test.compare(candidate, champion)
        lower, title = -(versus.lead.estimate or 0.0), self.test.measure.title
        if versus.is_better:
            return True, "better by more than chance explains"
        champion_fault = self.test.fault(champion)
        if champion_fault is not None and not versus.is_worse:
            return True, f"fit to serve, and the active one is not ({champion_fault})"
        if self.design.choice.minds_incumbent and _is_more_complex(candidate, champion):
            return False, "more complex than the active one and not told to be better"
        if lower > self.tolerance:
            return False, f"worse by {lower:.4f} in {title}, beyond the tolerance of {self.tolerance:g}"
        if lower <= 0:
            return True, "no worse"
        return True, f"worse by {lower:.4f} in {title}, within the tolerance of {self.tolerance:g}"

    def _figures(self, model: Model) -> str:
        return self.test.measure.figures_text(self.test.figures(model))


def _is_more_complex(candidate: Model, champion: Model) -> bool:
    return simplicity(candidate.manifest.kind) > simplicity(champion.manifest.kind)


def _yardstick_text(comparisons: Mapping[str, Comparison]) -> str:
    """What the candidate beat, in a sentence of its own.

    >>> _yardstick_text({})
    ''
    """
    if not comparisons:
        return ""
    parts = [f"{_told(comparison)} {name} ({comparison.words})" for name, comparison in comparisons.items()]
    return f" It {'; it '.join(parts)}."


def _told(comparison: Comparison) -> str:
    if comparison.is_better:
        return "beats"
    return "is beaten by" if comparison.is_worse else "is not told from"

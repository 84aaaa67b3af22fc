"""Whether a newly trained model may take the place of the active one. Not here: doing it (the registry)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recs_platform.models.choice import ComparisonWindow, unfit
from recs_platform.models.data import Examples
from recs_platform.models.kinds import simplicity
from recs_platform.models.metrics import Quality, judge
from recs_platform.models.model import Model
from recs_platform.models.yardsticks import Comparison


@dataclass(frozen=True)
class ChallengeVerdict:
    activate: bool
    words: str
    """Why, with the figures, for people."""
    candidate: Quality
    champion: Quality | None
    """The active model on the same examples; None when there is none."""
    fit: bool = True
    """Whether the candidate is fit to serve, whatever serves."""
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    """Of the candidate with each yardstick, by its name."""
    against_champion: Comparison | None = None


def challenge(candidate: Model, champion: Model | None, test: ComparisonWindow, tolerance: float) -> ChallengeVerdict:
    """The candidate goes active if it is fit to serve, and beside the active model:

    - a more complex one, if the data tell that it is better: otherwise the simpler one stays;
    - any other, unless the data tell that it is worse, or its ROC AUC is lower by more than the tolerance: of what is
      equal, the newer knows newer days.

    An active model that is not fit to serve itself gives way to one that is, unless that is told to be worse. All is
    measured here, on the same examples.
    """
    theirs = _quality(candidate, test)
    comparisons = test.against_yardsticks(candidate)
    fault = unfit(theirs, comparisons)
    ours = None if champion is None else _quality(champion, test)
    versus = None if champion is None else test.compare(candidate, champion)
    activate, words = _verdict(candidate, theirs, fault, champion, ours, versus, test, tolerance)
    return ChallengeVerdict(
        activate, f"{words}{_yardstick_text(comparisons)}", theirs, ours, fault is None, comparisons, versus
    )


def _verdict(
    candidate: Model,
    theirs: Quality,
    fault: str | None,
    champion: Model | None,
    ours: Quality | None,
    versus: Comparison | None,
    test: ComparisonWindow,
    tolerance: float,
) -> tuple[bool, str]:
    if fault is not None:
        stays = "no model is active" if champion is None else "the active model stays"
        return False, f"The new model is not fit to serve: {fault}, so {stays}."
    if champion is None or ours is None or versus is None:
        return True, f"No model is active, so the new one goes active: {_figures(theirs)}."
    activate, compared = _compared(candidate, champion, ours, versus, test, tolerance)
    return activate, (
        f"On the {len(test.examples):,} examples of {test.examples.first} to {test.examples.last} the new model is "
        f"{compared}, so {'it goes active' if activate else 'the active model stays'}: new {_figures(theirs)}; active "
        f"{_figures(ours)}; between them {versus.words}.{_head_start(champion, test.examples)}"
    )


def _compared(
    candidate: Model, champion: Model, ours: Quality, versus: Comparison, test: ComparisonWindow, tolerance: float
) -> tuple[bool, str]:
    """Whether it goes active, and how it compares in words."""
    lower = -(versus.roc_auc.estimate or 0.0)
    if versus.is_better:
        return True, "better by more than chance explains"
    champion_fault = unfit(ours, test.against_yardsticks(champion))
    if champion_fault is not None and not versus.is_worse:
        return True, f"fit to serve, and the active one is not ({champion_fault})"
    if simplicity(candidate.manifest.kind) > simplicity(champion.manifest.kind):
        return False, "more complex than the active one and not told to be better"
    if lower > tolerance:
        return False, f"worse by {lower:.4f} in ROC AUC, beyond the tolerance of {tolerance:g}"
    if lower <= 0:
        return True, "no worse"
    return True, f"worse by {lower:.4f} in ROC AUC, within the tolerance of {tolerance:g}"


def _quality(model: Model, test: ComparisonWindow) -> Quality:
    return judge(test.examples.labels, test.measured(model).chances)


def _head_start(champion: Model, test: Examples) -> str:
    """Says when the active model knew the test's days: that happens when an old day is trained again."""
    learned = champion.manifest.learned_until
    if learned < test.first:
        return ""
    return f" The active model had learned from days up to {learned}, so it had an advantage."


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


def _figures(quality: Quality) -> str:
    return f"ROC AUC {quality.roc_auc:.4f}, log loss {quality.log_loss:.4f}"

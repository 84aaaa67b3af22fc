"""Whether a newly trained model may take the place of the active one. Not here: doing it (the registry)."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.models.data import Examples
from recs_platform.models.metrics import Quality, judge
from recs_platform.models.model import Model


@dataclass(frozen=True)
class ChallengeVerdict:
    activate: bool
    words: str
    """Why, with the figures, for people."""
    candidate: Quality
    champion: Quality | None
    """The active model on the same examples; None when there is none."""


def challenge(candidate: Model, champion: Model | None, test: Examples, tolerance: float) -> ChallengeVerdict:
    """The candidate goes active unless its ROC AUC is lower than the active model's by more than the tolerance.

    Both are measured here, on the same examples. A model with one probability for all ranks nothing and never goes
    active, not even as the first.
    """
    theirs = judge(test.labels, candidate.probabilities(test.table))
    ours = judge(test.labels, champion.probabilities(test.table)) if champion is not None else None
    if theirs.constant:
        stays = "no model is active" if champion is None else "the active model stays"
        return ChallengeVerdict(
            False, f"The new model gives every example the same probability, so {stays}.", theirs, ours
        )
    if champion is None or ours is None:
        return ChallengeVerdict(
            True, f"No model is active, so the new one goes active: {_figures(theirs)}.", theirs, None
        )
    activate = theirs.roc_auc >= ours.roc_auc - tolerance
    worse = ours.roc_auc - theirs.roc_auc
    compared = "no worse" if worse <= 0 else f"worse by {worse:.4f} in ROC AUC"
    limit = f"{'within' if activate else 'beyond'} the tolerance of {tolerance:g}"
    verdict_text = (
        f"On the {len(test)} examples of {test.first} to {test.last} the new model is {compared}"
        f"{'' if worse <= 0 else f', {limit}'}, so {'it goes active' if activate else 'the active model stays'}: "
        f"new {_figures(theirs)}; active {_figures(ours)}."
    )
    return ChallengeVerdict(activate, verdict_text + _head_start(champion, test), theirs, ours)


def _head_start(champion: Model, test: Examples) -> str:
    """Says when the active model knew the test's days: that happens when an old day is trained again."""
    learned = champion.manifest.learned_until
    if learned < test.first:
        return ""
    return f" The active model had learned from days up to {learned}, so it had an advantage."


def _figures(quality: Quality) -> str:
    return f"ROC AUC {quality.roc_auc:.4f}, log loss {quality.log_loss:.4f}"

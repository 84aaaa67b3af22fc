"""Whether a day trains, and what asks for it.

The calendar and a missing model ask here, in the daily run. What the drift report sees, a sensor asks for: it starts a
run that carries its reasons (`recs_platform.automation.retraining`).
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.retraining import Reason, State, decide, once
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking import TrainingPlan
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.policy import policy_of
from recs_platform.warehouse.slices import Days


@table_asset(TrainingPlan)
def training_plan(company: Company, days: Days, models: ModelShelf) -> pa.Table:
    """The reasons to train today: those of the calendar, and those that the run was started for."""
    return spec_of(TrainingPlan).arrow_table(
        {"as_of": days.last, "reason": reason.kind, "words": reason.words, "evidence": reason.evidence_id}
        for reason in reasons_to_train(company, days.last, models)
    )


def reasons_to_train(company: Company, day: date, models: ModelShelf) -> tuple[Reason, ...]:
    """A day that has trained keeps its reasons, so that its tables come out the same when it is made again."""
    runs = models.trainings(TASK.model)
    reasons = [reason for run in runs if run.day == day for reason in run.reasons]
    if not reasons:
        # Days after it are unknown to a day that is made late.
        earlier = [run for run in runs if run.day < day]
        decision = decide(policy_of(company), State(day, _unusable(models, day), runs=earlier))
        # A training that somebody asked for answers what the cool-down holds back, too.
        reasons = list(decision.reasons) if decision.train or models.asked else []
    return once((*reasons, *models.asked))


def _unusable(models: ModelShelf, day: date) -> str | None:
    """Why the day has no model to be scored by; None when it has one."""
    serving = models.serving(TASK.model, day)
    if serving is None:
        return "none is active"
    try:
        models.load(serving, TASK.features)
    except ArtifactError as error:
        # Without the remedy, which is what the training is.
        return f"version {serving.version} cannot be used, {error.problem}"
    return None

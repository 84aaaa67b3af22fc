"""Whether a day trains, and what asks for it.

The calendar and a missing model ask here, in the run of the day. What the drift report sees, a sensor asks for: it
starts a run that carries its reasons (`recs_platform/automation/sensors/retraining.py`).
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.retraining import Policy, Reason, State, decide, once
from recs_platform.models.task import RankingTask
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import TrainingPlan


def training_plan_rows(task: RankingTask, policy: Policy, day: date, models: ModelShelf) -> pa.Table:
    """The reasons to train today: those of the calendar, and those that the run was started for."""
    return spec_of(TrainingPlan).arrow_table(
        {"as_of": day, "reason": reason.kind, "words": reason.words, "evidence": reason.evidence_id}
        for reason in reasons_to_train(task, policy, day, models)
    )


def reasons_to_train(task: RankingTask, policy: Policy, day: date, models: ModelShelf) -> tuple[Reason, ...]:
    """A day that has trained keeps its reasons, so that its tables come out the same when it is made again."""
    runs = models.trainings(task.model)
    reasons = [reason for run in runs if run.day == day for reason in run.reasons]
    if not reasons:
        # Days after it are unknown to a day that is made late.
        earlier = [run for run in runs if run.day < day]
        decision = decide(policy, State(day, _unusable(task, models, day), runs=earlier))
        # A training that somebody asked for answers what the cool-down holds back, too.
        reasons = list(decision.reasons) if decision.train or models.asked else []
    return once((*reasons, *models.asked))


def reasons_of(training_plan: pa.Table) -> tuple[Reason, ...]:
    """What a plan says."""
    rows = sorted(training_plan.to_pylist(), key=lambda row: (row["reason"], row["evidence"]))
    return tuple(Reason(row["reason"], row["words"], row["evidence"]) for row in rows)


def _unusable(task: RankingTask, models: ModelShelf, day: date) -> str | None:
    """Why the day has no model to be scored by; None when it has one."""
    serving = models.serving(task.model, day)
    if serving is None:
        return "none is active"
    try:
        models.load(serving, task.features)
    except ArtifactError as error:
        # Without the remedy, which is what the training is.
        return f"version {serving.version} cannot be used, {error.problem}"
    return None

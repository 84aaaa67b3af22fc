"""Training the day's model of offers, and whether it goes active."""

from __future__ import annotations

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.train_and_register import ExampleTable, TrainingOrder
from recs_platform.models.settings import TrainingSettings
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.training import RankingModel, TrainingPlan
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.strategies.offer_ranking.policy import policy_of
from recs_platform.strategies.training.models import trained_models
from recs_platform.strategies.training.plan import reasons_of, training_plan_rows
from recs_platform.strategies.training.summary import show_training
from recs_platform.warehouse.slices import Days

VALIDATION_DAYS = TEST_DAYS = 7
"""A week each, because weekdays differ."""


@table_asset(TrainingPlan)
def training_plan(company: Company, days: Days, models: ModelShelf) -> pa.Table:
    """The reasons to train today."""
    return training_plan_rows(TASK, policy_of(company), days.last, models)


@table_asset(RankingModel, present=show_training)
def ranking_model(
    company: Company, days: Days, models: ModelShelf, training_plan: pa.Table, training_set: pa.Table
) -> pa.Table:
    """The models that the day trained; none when nothing asked for it."""
    reasons, tolerance = reasons_of(training_plan), parameters_of(company).model_tolerance
    order = TrainingOrder(days.last, reasons, settings_of(company), tolerance)
    return trained_models(TASK, ExampleTable("training_set", training_set), models, order)


def settings_of(company: Company) -> TrainingSettings:
    """The days before the test window whose outcome was open in it are left out."""
    parameters = parameters_of(company)
    return TrainingSettings(
        validation_days=VALIDATION_DAYS,
        test_days=TEST_DAYS,
        gap_days=parameters.label_days,
        negatives_per_positive=parameters.negatives_per_positive,
        seed=parameters.training_seed,
    )

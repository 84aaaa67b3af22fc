"""Training version 4's model: whether the day trains, what it learns from, and what came of it. A company of which
nobody is of version 4 trains nothing. Not here: the task (`ranker.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.train_and_register import ExampleTable, TrainingOrder
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.schemas.replenishment_examples import ReplenishmentExamples
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import RankingModel, TrainingPlan
from recs_platform.strategies.replenishment.client_versions import V4, may_use
from recs_platform.strategies.replenishment.history import read_history
from recs_platform.strategies.replenishment.history import settings as source_settings
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.strategies.replenishment.policy import policy_of
from recs_platform.strategies.replenishment.ranker import examples_of, fit_settings, holdouts_to_learn_from
from recs_platform.strategies.replenishment.shown import weighed_by_feedback
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.strategies.training.models import trained_models
from recs_platform.strategies.training.plan import reasons_of, training_plan_rows
from recs_platform.strategies.training.summary import show_training
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days

_BATCH = 100_000


@table_asset(TrainingPlan)
def training_plan(company: Company, days: Days, models: ModelShelf) -> pa.Table:
    """The reasons to train today; none where nobody is of version 4."""
    if not may_use(parameters_of(company), V4):
        return spec_of(TrainingPlan).arrow_schema.empty_table()
    return training_plan_rows(TASK, policy_of(company), days.last, models)


@table_asset(
    ReplenishmentExamples,
    look_back={"order_lines": "@history_days", "recommendation_feedback": "@feedback_window_days at most"},
)
def replenishment_examples(
    company: Company,
    days: Days,
    warehouse: QueryRunner,
    training_plan: pa.Table,
    product_trends: pa.Table,
    order_lines: BoundQuery,
    recommendation_feedback: BoundQuery,
) -> pa.RecordBatchReader:
    """What clients bought in past weeks, and what they did not, as it looked before; on a day that trains. What they
    were shown meanwhile and ignored counts more."""
    schema = spec_of(ReplenishmentExamples).arrow_schema
    if not training_plan.num_rows:
        return schema.empty_table().to_reader()
    history = read_history(days.last, order_lines, product_trends, warehouse)
    holdouts = holdouts_to_learn_from(history.log, history.first_unknown)
    if not holdouts:
        return schema.empty_table().to_reader()
    table = examples_of(history.log, holdouts, None, history.attributes, source_settings())
    if history.log.basket_day is not None and company.days_between_orders is None:
        with warehouse.run(recommendation_feedback) as reader:
            feedback = reader.read_all()
        table = weighed_by_feedback(table, feedback, history.first_unknown, parameters_of(company).shown_weight)
    return pa.RecordBatchReader.from_batches(schema, _batches(days, table, schema))


def _batches(days: Days, table: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """What a log cannot say is NULL."""
    for first in range(0, len(table), _BATCH):
        part = table.slice(first, _BATCH)
        columns: dict[str, Any] = {"as_of": pa.repeat(pa.scalar(days.last, pa.date32()), len(part))}
        for field in schema:
            if field.name in part.column_names:
                column = part[field.name]
                if pa.types.is_floating(column.type):
                    column = pa.array(column.to_numpy(), from_pandas=True)
                columns[field.name] = column.cast(field.type)
        yield from pa.table(columns).cast(schema).to_batches()


@table_asset(RankingModel, present=show_training)
def ranking_model(
    company: Company, days: Days, models: ModelShelf, training_plan: pa.Table, replenishment_examples: pa.Table
) -> pa.Table:
    """The models that the day trained; none when nothing asked for it."""
    parameters = parameters_of(company)
    settings, tolerance = fit_settings(parameters.training_seed), parameters.model_tolerance
    order = TrainingOrder(days.last, reasons_of(training_plan), settings, tolerance)
    return trained_models(TASK, ExampleTable("replenishment_examples", replenishment_examples), models, order)

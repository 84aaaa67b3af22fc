"""Whether what clients bought in the newest weeks, and what was known before, still looks as it did in training.

Of at most a thousand clients, so that a week without a training costs little. How many examples there are says nothing
of clients then, and is left out. Not here: how drift is told (`models/drift_report.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.drift_report import DriftRow, DriftSettings, WatchedExamples, drift_rows
from recs_platform.models.model import Model
from recs_platform.next_basket.columns import FEATURES
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import DriftReport
from recs_platform.strategies.replenishment.client_versions import V4, may_use
from recs_platform.strategies.replenishment.history import read_history, settings
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.strategies.replenishment.ranker import WIDTHS, examples_of, holdouts_to_learn_from
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.strategies.training.drift import drift_table, show_drift
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days

CLIENT, ITEM = "customer_id", "item_id"
CLIENTS = 1_000
_NEWEST = 7 * WIDTHS[-1]
"""Days back in which the newest target begins, however wide it is."""
_OF_ITEM = ("popularity", "recent_popularity", "popularity_growth", "weekday_lift", "season_lift")
WATCHED = WatchedExamples(
    TASK,
    subjects=(CLIENT, ITEM),
    subjects_of={
        **{name: (CLIENT,) for name in FEATURES if name.startswith("client_") and not name.endswith("_share")},
        **{name: (ITEM,) for name in FEATURES if name.startswith("item_") or name in _OF_ITEM},
    },
    counted_by=(CLIENT,),
    plural="candidates",
    success="bought",
)


@table_asset(DriftReport, present=show_drift, look_back={"order_lines": "@history_days"}, after=("ranking_model",))
def drift_report(
    company: Company,
    days: Days,
    models: ModelShelf,
    warehouse: QueryRunner,
    product_trends: pa.Table,
    order_lines: BoundQuery,
) -> pa.Table:
    """Every feature, the score and the share that was bought, against training. No rows without a model, or where
    nobody is of version 4."""
    if not may_use(parameters_of(company), V4):
        return spec_of(DriftReport).arrow_schema.empty_table()
    read = partial(_newest, days, warehouse, product_trends, order_lines)
    return drift_table(TASK, models, days.last, lambda model: _drift(model, read(), company, days))


def _newest(days: Days, warehouse: QueryRunner, product_trends: pa.Table, order_lines: BoundQuery) -> pa.Table | None:
    history = read_history(days.last, order_lines, product_trends, warehouse)
    holdouts = holdouts_to_learn_from(history.log, history.first_unknown, targets=1)
    if not holdouts:
        return None
    table = examples_of(history.log, holdouts, None, history.attributes, settings(), most_clients=CLIENTS)
    for name in (CLIENT, ITEM):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    return table


def _drift(model: Model, newest: pa.Table | None, company: Company, days: Days) -> Sequence[DriftRow]:
    parameters = parameters_of(company)
    if newest is None:
        return []
    told = DriftSettings(
        days=_NEWEST,
        label_days=0,
        final_days=_NEWEST,
        volume_change=1.0,
        new_category_share=1.0,
        look_back_days=parameters.history_days,
        history_from=company.start_date,
    )
    return [row for row in drift_rows(model, newest, WATCHED, told, days.last) if row.name != "volume"]

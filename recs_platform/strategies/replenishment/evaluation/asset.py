"""The evaluation as a table of a day that trains: a new model is when somebody asks how good lists are.

Versions that nobody of the company gets are not judged, except the one without a model that others stand on. Not here:
the evaluation (`evaluate.py`), and how it is asked for by hand (`recs evaluate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.process import cores
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.replenishment import VERSIONS
from recs_platform.schemas.replenishment_reports import NextBasketEvaluation
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.replenishment.evaluation.evaluate import Plan, evaluate, order_of_methods
from recs_platform.strategies.replenishment.evaluation.known import items_of
from recs_platform.strategies.replenishment.evaluation.ranked import FALLBACK, LEARNED
from recs_platform.strategies.replenishment.evaluation.split import split_by_hash
from recs_platform.strategies.replenishment.order_log import log_of
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days

_SHOWN = (("recall", 20), ("ndcg", 20), ("hit_rate", 10))


def show_evaluation(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """The main figures; they are of rankings, as the literature judges."""
    if not rows:
        return Presentation("Not judged: lists are on days that train, as far as `evaluated_weeks` says so.")
    own = {
        (row["method"], row["measure"], row["k"]): row["value"]
        for row in rows
        if (row["judged"], row["compared_with"], row["part"], row["segment"]) == ("ranking", "", "all", "all")
    }
    versions = sorted({method for method, _, _ in own} & set(VERSIONS))
    lines = ["| ranked by | recall at 20 | NDCG at 20 | hits at 10 |", "|---|---|---|---|"]
    for method in order_of_methods(versions):
        cells = (own.get((method, *one)) for one in _SHOWN)
        lines.append(f"| {method} | " + " | ".join("" if cell is None else f"{cell:.4f}" for cell in cells) + " |")
    return Presentation("\n".join(lines))


@table_asset(
    NextBasketEvaluation,
    look_back={"order_lines": "@history_days"},
    after=("weekly_recommendations",),
    present=show_evaluation,
)
def next_basket_evaluation(
    company: Company,
    days: Days,
    warehouse: QueryRunner,
    training_plan: pa.Table,
    product_trends: pa.Table,
    order_lines: BoundQuery,
) -> pa.Table:
    """Figures of the newest weeks, on a day that trains."""
    spec, parameters = spec_of(NextBasketEvaluation), parameters_of(company)
    if not training_plan.num_rows or not parameters.evaluated_weeks:
        return spec.arrow_schema.empty_table()
    with warehouse.run(order_lines) as reader:
        lines = reader.read_all()
    log = log_of(lines)
    plan = Plan("weeks", (LEARNED, FALLBACK), parameters.evaluated_weeks, days.last, cores())
    found = evaluate(company, plan, lines, log, items_of(product_trends), split_by_hash(log.clients), lambda _: None)
    return spec.arrow_table({**row, "as_of": days.last} for row in found.rows)

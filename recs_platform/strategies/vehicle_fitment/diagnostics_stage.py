"""The stage that looks back on vehicle fitment: the backtest, and a diagnostic for each query of `sql/reporting/`."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.stage import REPORTS, Stage, sql_asset
from recs_platform.reporting.presentation import Present
from recs_platform.schemas import reporting as schemas
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.feedback.outcomes import outcomes_table
from recs_platform.strategies.vehicle_fitment.backtest import backtest
from recs_platform.strategies.vehicle_fitment.diagnostic_presentations import show_price_bands, show_tier_shares
from recs_platform.warehouse.query import Query

TABLES: tuple[tuple[type[Table], Present | None], ...] = (
    (schemas.BacktestPurchases, None),
    (schemas.TierShares, show_tier_shares),
    (schemas.ColdStarts, None),
    (schemas.RecommendedPrice, None),
    (schemas.PurchasesByFitment, None),
    (schemas.RepeatPurchases, None),
    (schemas.RevenueByCategory, None),
    (schemas.RevenueByPriceBand, show_price_bands),
    (schemas.EventsByKindAndDay, None),
)


def reporting_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    made = (sql_asset(spec_of(model).name, model, queries, present=present) for model, present in TABLES)
    return Stage(REPORTS, (*made, backtest, outcomes_table(queries)))

"""What a day of offer ranking comes to, in a few lines: whom it reaches, which model scores, how well, and drift."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def offer_story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    """One line a finding; what the day has no figures of is left out."""
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.strategies.feedback.outcomes import outcome_lines
    from recs_platform.strategies.offer_ranking.campaign_picture import campaign_lines

    rows = partial(stored_rows, warehouse, pipeline, company, day=day)
    for health in rows("run_health"):
        yield (
            f"{health['customers_reached']:,} of {health['customers']:,} customers reached with "
            f"{health['offers_recommended']:,} of {health['active_offers']:,} running offers"
        )
    yield from campaign_lines(rows("offer_campaigns"))
    yield from outcome_lines(rows("recommendation_outcomes"))
    yield from _model_lines(company, warehouse, pipeline, day)
    if report := rows("drift_report"):
        named = ", ".join(dict.fromkeys(row["name"] for row in report if row["verdict"] != "ok"))
        yield f"drift since training: {f'watch, or worse: {named}' if named else 'none'}"


def _model_lines(company: Company, warehouse: Warehouse, pipeline: Pipeline, day: date) -> Iterator[str]:
    """The model that serves the day, as it was judged on the day that trained it."""
    from recs_platform.model_registry.shelf import open_shelf
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.strategies.offer_ranking.features import TASK

    serving = open_shelf(company.name, run_id="").serving(TASK.model, day)
    if serving is None:
        yield "no model yet: offers are ranked by how often they were redeemed"
        return
    trained = {row["kind"]: row for row in stored_rows(warehouse, pipeline, company, "ranking_model", serving.as_of)}
    if {"boosted", "logistic"} <= trained.keys():
        boosted, logistic = trained["boosted"], trained["logistic"]
        yield (
            f"model version {serving.version}, trained for {serving.as_of}; ROC AUC on {boosted['test_rows']:,} "
            f"later impressions: {boosted['roc_auc']:.3f} for trees, {logistic['roc_auc']:.3f} for logistic regression"
        )
    yield from _evaluation(stored_rows(warehouse, pipeline, company, "offline_evaluation", serving.as_of))


def _evaluation(figures: list[dict[str, Any]]) -> Iterator[str]:
    for row in figures:
        if (row["section"], row["name"], row["k"]) == ("ranking", "ndcg", 5) and row["value"] is not None:
            yield f"NDCG of the first five offers: {row['value']:.3f}; by popularity alone: {row['baseline']:.3f}"

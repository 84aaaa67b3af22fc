"""What is planted in a simulated world is what the models find: through the real queries, on days that none has seen.

Sixty days of impressions of 600 customers. ROC AUC in the test window (about 7,500 impressions, 750 of them redeemed)
has a standard error of 0.01 for either model, and both know customers by what they bought, not by what they are: the
margin between them is expected within 0.03 of the planted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.model import Simulation
from recs_platform.schemas.table import Kind
from recs_platform.simulation.world import read_truth
from recs_platform.sources.connectors.simulated import simulate_company
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS, FEATURE_TABLES
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.model_registry.artifacts import files_named
from recs_platform_tests.promises.platform import Platform, violations
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow

LAST = date(2025, 11, 16)
"""Before the world's drift date; a Sunday, so that what asks for a training is that there is no model."""
TOLERANCE = 0.03
FED = ("events", "impressions", "redemptions", "customers", "catalog", "offers", "offer_items")
FEATURES = (*FEATURE_TABLES[:3], "offer_candidates", *FEATURE_TABLES[3:])
"""What is on offer comes before the candidates, and features after them."""
MODEL = ("ranking_model", "offer_scores")


def market(home: Path, **world: Any) -> Platform:
    """A metro with everything that a training reads, up to LAST."""
    company = load_companies()["metro"]
    company = company.model_copy(
        update={
            "simulation": Simulation(seed=1, customers=600, **world),
            "parameters": company.parameters.model_copy(update={"training_window_days": 60}),
        }
    )
    platform = Platform(home, [company])
    simulate_company(
        company,
        platform.landing,
        company.start_date,
        LAST,
        snapshot_days=[LAST],
    )
    load(platform, [*(f"landed_{table}" for table in FED), *FED, *DAILY_SUMS])
    platform.succeeded(platform.run_day("metro", LAST, only=["training_plan"]))
    load(platform, FEATURES)
    return platform


def load(platform: Platform, tables: Sequence[str]) -> None:
    """Without Dagster, which would record an event per table and day."""
    company, pipeline = platform.companies["metro"], pipelines()["offer_ranking"]
    with platform.environment():
        for table in tables:
            ref = platform.ref("metro", table)
            days = Days(company.start_date, LAST) if ref.spec.kind is Kind.LOG else Days.one(LAST)
            subject = Subject(f"offer_ranking/{table}", "metro", ref, days)
            platform.lake.replace(subject, pipeline.bind(table, company, days))


def trained(platform: Platform) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in platform.rows("metro", "ranking_model", Days.one(LAST))}


def planted(platform: Platform) -> dict[str, float]:
    found: dict[str, float] = read_truth(platform.landing, "metro")["redemption"]
    return found


@pytest.fixture(scope="module")
@takes_seconds
def metro(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A world where redemptions follow products of features; its model is trained, and its candidates scored."""
    platform = market(tmp_path_factory.mktemp("metro"))
    run = platform.succeeded(platform.run_day("metro", LAST, only=MODEL))
    assert {check: count for check, count in violations(run).items() if count} == {}
    return platform


def test_trees_win_by_what_linear_models_cannot_see(metro: Platform) -> None:
    boosted, logistic, truth = trained(metro)["boosted"], trained(metro)["logistic"], planted(metro)
    assert (boosted["outcome"], logistic["outcome"]) == ("activated", "not chosen")
    assert boosted["asked_by"].startswith("no usable model")
    assert truth["auc_margin"] > 0.14
    assert boosted["roc_auc"] - logistic["roc_auc"] == pytest.approx(truth["auc_margin"], abs=TOLERANCE)
    # Neither can know more than the truth, but for chance.
    assert truth["auc_of_true_chances"] - 0.07 < boosted["roc_auc"] < truth["auc_of_true_chances"] + 0.02
    assert boosted["test_from"] == LAST - timedelta(days=13)
    assert boosted["log_loss"] < logistic["log_loss"]


def test_chances_are_true(metro: Platform) -> None:
    """On the average of the candidates: offers are shown as often to those whom they do not suit."""
    scores = metro.rows("metro", "offer_scores", Days.one(LAST))
    assert len(scores) > 10_000
    assert {row["scored_by"] for row in scores} == {trained(metro)["boosted"]["digest"]}
    mean = sum(row["probability"] for row in scores) / len(scores)
    assert mean == pytest.approx(planted(metro)["mean_chance"], rel=0.35)
    assert trained(metro)["boosted"]["calibration_error"] < 0.03


def test_the_day_says_what_it_trained(metro: Platform) -> None:
    (picture,) = (metro.home / "reports").rglob("ranking_model.svg")
    assert picture.read_text().startswith("<svg")


def test_a_model_that_is_damaged_scores_nobody_and_what_was_scored_stays(metro: Platform) -> None:
    (stored,) = files_named(metro.home / "artifacts", "model.txt")
    whole, before = stored.read_bytes(), metro.contents("metro", Days.one(LAST), ["offer_scores"])
    stored.write_bytes(whole[: len(whole) // 2])
    try:
        run = metro.run_day("metro", LAST, only=["offer_scores"])
    finally:
        stored.write_bytes(whole)
    assert not run.success
    (error,) = metro.summary(run).errors
    assert f"metro: version 1 of offer_ranking, which serves {LAST}, cannot be used: its bytes are not those" in error
    assert metro.contents("metro", Days.one(LAST), ["offer_scores"]) == before


def test_they_tie_where_there_is_nothing_but_lines(tmp_path: Path) -> None:
    """Fewer are redeemed without the products, so that an AUC's standard error is 0.015."""
    platform = market(tmp_path, interactions=False)
    platform.succeeded(platform.run_day("metro", LAST, only=["ranking_model"]))
    boosted, logistic = trained(platform)["boosted"], trained(platform)["logistic"]
    assert planted(platform)["auc_margin"] < 0.01
    assert boosted["roc_auc"] == pytest.approx(logistic["roc_auc"], abs=TOLERANCE)

"""What `recs demo` tells of a day of offer ranking, held against tables that the platform's own functions made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.strategies.offer_ranking.drift import drift_report
from recs_platform.strategies.offer_ranking.evaluation import offline_evaluation
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.story import offer_story
from recs_platform.strategies.offer_ranking.training import ranking_model
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.offer_ranking.market import DAY, impressions, with_column
from recs_platform_tests.strategies.offer_ranking.shop import CUSTOMERS, Shop

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
PLAN = pa.Table.from_pylist([{"reason": "weekday", "words": "it is Monday", "evidence": f"weekday:{DAY}"}])
Row = dict[str, Any]


@pytest.fixture(scope="module")
@takes_seconds
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Its day trained; so the day before has no model, and the day after another day's."""
    shop = Shop(Terminal(tmp_path_factory.mktemp("story")))
    shop.make(AFTER)
    for day in (BEFORE, DAY, AFTER):
        shop.query("run_health", day)
        for name, rows in reports(shop, day).items():
            shop.put(name, day, rows)
    return shop


def reports(shop: Shop, day: date) -> dict[str, pa.Table]:
    """The tables that tell of the model. On the day after all customers spend the same, which is drift, and one
    impression is of cheese, which is to be watched."""
    models: ModelShelf = shop.models
    days, known = Days.one(day), {"models": models, "training_set": shown(day)}
    plan = PLAN if day == DAY else PLAN.slice(0, 0)
    trained = ranking_model.function(shop.company, days, training_plan=plan, **known)
    read = ("offers", "candidate_features", "offer_recommendations")
    lists = {name: shop.pipeline.specs[name].arrow_table(shop.rows(name, day)) for name in read}
    return {
        "ranking_model": trained,
        "drift_report": drift_report.function(shop.company, days, **known),
        "offline_evaluation": offline_evaluation.function(days, **known, **lists),
    }


def shown(day: date) -> pa.Table:
    table = impressions(day=day)
    if day != AFTER:
        return table
    category = table["category"].to_pylist()
    category[table["shown_on"].to_pylist().index(day)] = "Cheese"
    return with_column(with_column(table, "monetary", [9.0] * len(table)), "category", category)


def story(shop: Shop, day: date) -> list[str]:
    with shop.terminal.inside():
        return list(offer_story(shop.company, shop.pipeline, shop.lake, day))


def test_the_first_line_is_whom_the_day_reaches(shop: Shop) -> None:
    lists = shop.rows("offer_recommendations", DAY)
    customers, offers = ({row[name] for row in lists} for name in ("customer_id", "offer_id"))
    running = [row for row in shop.rows("offers", DAY) if row["starts_on"] <= AFTER <= row["ends_on"]]
    assert story(shop, DAY)[0] == (
        f"{len(customers)} of {CUSTOMERS} customers reached with {len(offers)} of {len(running)} running offers"
    )
    assert 0 < len(offers) < len(running)


def test_the_model_is_told_with_the_figures_of_the_day_that_trained_it(shop: Shop) -> None:
    trained = {row["kind"]: row for row in shop.rows("ranking_model", DAY)}
    (ndcg,) = (
        row
        for row in shop.rows("offline_evaluation", DAY)
        if (row["section"], row["name"], row["k"]) == ("ranking", "ndcg", 5)
    )
    told = [
        f"model version 1, trained for {DAY}; ROC AUC on {trained['boosted']['test_rows']} later impressions: "
        f"{trained['boosted']['roc_auc']:.3f} for trees, "
        f"{trained['logistic']['roc_auc']:.3f} for logistic regression",
        f"NDCG of the first five offers: {ndcg['value']:.3f}; by popularity alone: {ndcg['baseline']:.3f}",
    ]
    assert ndcg["value"] > ndcg["baseline"]
    assert trained["boosted"]["roc_auc"] > trained["logistic"]["roc_auc"] + 0.1
    for day in (DAY, AFTER):
        assert story(shop, day)[1:3] == told
    evaluated = [row for row in shop.rows("offline_evaluation", AFTER) if (row["name"], row["k"]) == ("ndcg", 5)]
    assert evaluated[0]["value"] != ndcg["value"], "the day after has figures of its own"


def test_the_last_line_names_each_thing_that_has_moved_once(shop: Shop) -> None:
    assert story(shop, DAY)[3:] == ["drift since training: none"]
    assert all(row["verdict"] == "ok" for row in shop.rows("drift_report", DAY))
    found = [(row["name"], row["verdict"]) for row in shop.rows("drift_report", AFTER)]
    assert found.count(("monetary", "drifted")) > 1, "by several figures"
    assert ("category", "watch") in found
    assert ("category", "drifted") not in found
    moved = [name for name, verdict in found if verdict != "ok"]
    named = ", ".join(dict.fromkeys(moved))
    assert story(shop, AFTER)[3:] == [f"drift since training: watch, or worse: {named}"]


def test_a_day_without_a_model_says_so_and_has_no_drift(shop: Shop) -> None:
    reached, model = story(shop, BEFORE)
    assert " customers reached with " in reached
    assert model == "no model yet: offers are ranked by how often they were redeemed"
    with shop.terminal.inside():
        assert shop.models.serving(TASK.model, BEFORE) is None


def test_a_day_that_was_never_made_has_no_figures_at_all(shop: Shop) -> None:
    assert story(shop, BEFORE - timedelta(days=1)) == [
        "no model yet: offers are ranked by how often they were redeemed"
    ]

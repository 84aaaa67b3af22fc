"""What the comparison of weekly lists says, what its guardrails refuse, and which lists are none.

What the comparison counts is tested by its fixtures (sql/replenishment/weekly_comparison/).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from recs_platform.declarations.guardrails import refusals
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import StorageError
from recs_platform.platform_db.engine import engine
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import product_stage
from recs_platform.publication.verify import figures
from recs_platform.schemas.replenishment import ReplenishmentScores, WeeklyRecommendations
from recs_platform.schemas.replenishment_reports import WeeklyComparison
from recs_platform.schemas.table import spec_of
from recs_platform.serving_store.environment import open_stores
from recs_platform.strategies.catalogue import STRATEGIES, pipelines
from recs_platform.strategies.replenishment.comparison_picture import show_lists
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.publication import (
    AVERAGES,
    FATES,
    ComparedLists,
    judge_lists,
    weekly_lists,
)
from recs_platform_tests.publication.market import write
from recs_platform_tests.publication.shop import lake_in
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.strategies.replenishment.lists import arrow

DAY = date(2025, 9, 10)
PRODUCT = weekly_lists(spec_of(WeeklyRecommendations), platform_queries()["weekly_recommendation_figures"])
share = st.floats(0, 1)
number = st.integers(0, 1000)


def row(section: str, name: str, **said: Any) -> dict[str, Any]:
    return {"section": section, "name": name, **dict.fromkeys(("count", "share", "before", "after", "detail")), **said}


def compared(
    lost: float | None = 0.02,
    kept: int = 85,
    replaced: int = 15,
    discoveries: tuple[float | None, float | None] = (0.2, 0.25),
    score: float | None = 0.055,
    live: int = 9,
) -> ComparedLists:
    could_stay = kept + replaced
    counts = {"kept": kept, "replaced": replaced, "bought": 1200, "discontinued": 3, "added": 7}
    shares = {name: count / could_stay if could_stay else None for name, count in counts.items()}
    return ComparedLists(
        [
            row("customers", "common", count=8, share=0.8, before=float(live), after=10.0),
            row("customers", "gained", count=2, share=0.2, before=float(live), after=10.0),
            row("customers", "lost", count=1, share=lost, before=float(live), after=10.0),
            row("lost_because", "not active", count=1, share=1.0),
            *(row("repurchases", fate, count=counts[fate], share=shares[fate]) for fate in FATES),
            *(row("discoveries", fate, count=1, share=0.5) for fate in FATES),
            row("averages", "repurchase score", share=0.1, before=0.05, after=score, detail="v31 -> v32"),
            row("averages", "discovery score", share=0.0, before=0.2, after=0.2, detail="v31 -> v32"),
            row("averages", "discovery share", share=0.25, before=discoveries[0], after=discoveries[1]),
            row("averages", "items per client", before=None, after=24.5),
            row("replaced", "glue", count=2, share=0.25, detail="G1"),
            row("replaced", "tape", count=7, share=0.875),
            row("added", "saw", count=3, share=0.375, detail="G2"),
        ]
    )


def parameters(**limits: float) -> ReplenishmentParameters:
    return ReplenishmentParameters.model_validate(limits)


@given(share, number, number, share, share, share, share, share)
def test_each_limit_decides_by_itself(
    lost: float, kept: int, replaced: int, before: float, after: float, ceiling: float, changed: float, moved: float
) -> None:
    limits = parameters(max_customers_lost=ceiling, max_repurchases_lost=changed, max_discovery_move=moved)
    judged = judge_lists(compared(lost, kept, replaced, (before, after)), limits)
    gone = replaced / (kept + replaced) if kept + replaced else 0
    assert {g.name: g.passed for g in judged} == {
        "customers_lost": lost <= ceiling,
        "repurchases_lost": gone <= changed,
        "discovery_move": abs(round(after - before, 6)) <= moved,
        "score_move": True,
    }
    for guardrail in judged:
        assert guardrail.value is not None
        assert f"{abs(guardrail.value):.2%}" in guardrail.words
        assert f"max_{guardrail.name} is {guardrail.limit:.2%}" in guardrail.words


def test_stability_and_prices_are_no_limits_of_weekly_lists() -> None:
    assert refusals(judge_lists(compared(), parameters(min_stability=1.0, max_price_move=0.0))) == []


@given(share, number, number)
def test_nothing_live_is_nothing_to_judge(lost: float, kept: int, replaced: int) -> None:
    assert judge_lists(compared(lost, kept, replaced, live=0), parameters()) == ()


def test_what_cannot_be_compared_although_something_is_live_is_refused() -> None:
    judged = judge_lists(compared(None, discoveries=(0.2, None)), parameters())
    assert refusals(judged) == [
        "the share of customers lost is unknown; max_customers_lost is 5.00%",
        "shares of discoveries cannot be compared; max_discovery_move is 10.00%",
    ]


def test_a_limit_itself_is_allowed_and_more_is_refused() -> None:
    limits = parameters(max_customers_lost=0.02, max_repurchases_lost=0.15, max_discovery_move=0.05)
    assert refusals(judge_lists(compared(), limits)) == []
    assert refusals(judge_lists(compared(0.03, 84, 16, (0.3, 0.2)), limits)) == [
        "3.00% of live customers are lost; max_customers_lost is 2.00%",
        "16.00% of live repurchases that could stay are replaced; max_repurchases_lost is 15.00%",
        "the share of discoveries moves by -10.00% of all items; max_discovery_move is 5.00%",
    ]


def test_scores_that_move_are_said_and_refuse_nothing() -> None:
    assert compared(score=0.1).score_move == compared(score=0.025).score_move == 1.0
    judged = judge_lists(compared(score=0.15), parameters(max_score_move=1.0))
    assert refusals(judged) == []
    assert judged[-1].words == (
        "of the average scores of repurchases, live and new, the higher is 200.00% above the lower; max_score_move is "
        "100.00%: it is said, and refuses nothing"
    )
    assert refusals(judge_lists(compared(score=None), parameters())) == []


def test_a_week_in_which_everything_was_bought_is_not_refused() -> None:
    bought = compared(kept=0, replaced=0)
    assert refusals(judge_lists(bought, parameters(max_repurchases_lost=0))) == []
    assert "8 clients in common: none of their live repurchases could stay, 1,200 were bought" in bought.summary()


def test_it_is_told_in_words_tables_and_a_picture() -> None:
    change = compared()
    assert change.summary() == (
        "8 clients in common: 85.00% of the repurchases that could stay do, 1,200 were bought; 2 gained, "
        "1 lost (1 not active)."
    )
    told = change.markdown()
    assert told.index("| tape | 7 | 87.50% |  |") < told.index("| glue | 2 | 25.00% | G1 |"), "the largest first"
    assert told.index("| kept | 85 | 85.00% |") < told.index("| replaced | 15 | 15.00% |")
    assert "| repurchase score | 0.0500 | 0.0550 | +10.00% | v31 -> v32 |" in told
    assert "| discovery share | 20.00% | 25.00% | +25.00% |  |" in told
    assert "| items per client |  | 24.50 |  |  |" in told
    shown = show_lists(change.rows)
    assert shown.words == told
    assert shown.picture is not None
    assert b"repurchases replaced" in shown.picture


def test_a_first_publication_says_what_there_would_be() -> None:
    first = compared(live=0)
    assert first.summary() == "Nothing was live before: first weekly lists for 2 clients."
    assert [table.title for table in first.sections()] == ["Clients", "Averages of all lists"]
    assert show_lists(first.rows).picture is None


def test_every_average_has_its_place() -> None:
    assert {r["name"] for r in compared().rows if r["section"] == "averages"} == set(AVERAGES)


@pytest.fixture
def outlet(tmp_path: Path) -> Outlet:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    return Outlet("shop", "replenishment", PRODUCT, "shop", lake_in(tmp_path), database, open_stores(database))


def listed(client: str, *items: str, **said: Any) -> list[dict[str, Any]]:
    same = {"customer_id": client, "kind": "repurchase", "version": "v32", "week": date(2025, 9, 15), **said}
    return [{**same, "rank": rank, "item_id": item} for rank, item in enumerate(items, start=1)]


def test_rows_are_items_and_clients_are_counted_once(outlet: Outlet) -> None:
    rows = [*listed("anna", "a", "b"), *listed("бор", "a")]
    write(outlet, WeeklyRecommendations, DAY, arrow(WeeklyRecommendations, rows, DAY))
    counted = figures(outlet.product, outlet.warehouse, outlet.source)
    assert (counted.rows, counted.customers, counted.as_of) == (3, 2, DAY)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (listed("bert", "a", "b")[1:], "has lists with a gap, or with an item twice: of 1 clients"),
        (listed("bert", "a", "a"), "has lists with a gap, or with an item twice: of 1 clients"),
        (listed("bert", "a", week=date(2025, 9, 8)), "mixes lists of several weeks"),
        (
            [*listed("bert", "a"), {**listed("bert", "a", "b")[1], "version": "v31"}],
            "mixes several versions of scoring in one list: of 1 clients",
        ),
    ],
    ids=["gap", "twice", "two weeks", "two versions"],
)
def test_lists_that_are_none(outlet: Outlet, broken: list[dict[str, Any]], says: str) -> None:
    rows = arrow(WeeklyRecommendations, [*listed("anna", "a", "b"), *broken], DAY)
    write(outlet, WeeklyRecommendations, DAY, rows, audited=False)
    with pytest.raises(StorageError, match=says):
        figures(outlet.product, outlet.warehouse, outlet.source)


def test_arms_of_an_experiment_are_published_together(outlet: Outlet) -> None:
    rows = [*listed("anna", "a", "b"), *listed("bert", "a", version="v31")]
    write(outlet, WeeklyRecommendations, DAY, arrow(WeeklyRecommendations, rows, DAY))
    assert figures(outlet.product, outlet.warehouse, outlet.source).customers == 2


def test_lists_of_two_days_are_no_version(outlet: Outlet) -> None:
    for day, client in ((DAY, "anna"), (DAY + timedelta(days=1), "bert")):
        write(outlet, WeeklyRecommendations, day, arrow(WeeklyRecommendations, listed(client, "a"), day))
    with pytest.raises(StorageError, match=r"mixes rows of 2025-09-10 to 2025-09-11"):
        figures(outlet.product, outlet.warehouse, outlet.source)


def test_what_cannot_be_declared() -> None:
    product = weekly_lists(spec_of(ReplenishmentScores), PRODUCT.figures)
    with pytest.raises(ValueError, match="replenishment cannot publish replenishment_scores: a table of"):
        product_stage(STRATEGIES["replenishment"], platform_queries(), product, WeeklyComparison, show_lists)


def test_it_has_the_plain_names_and_a_comparison_of_its_own() -> None:
    pipeline = pipelines()["replenishment"]
    product = pipeline.products[RECOMMENDATIONS]
    assert (product.asset, product.guardrails, product.option) == ("publication", "guardrails", "")
    assert (product.comparison, product.live.name) == ("weekly_comparison", "live_weekly_recommendations")
    assert set(STRATEGIES["replenishment"].publishes) == set(pipeline.products)

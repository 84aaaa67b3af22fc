"""What the comparison of lists of offers says, what its guardrails refuse, and which lists are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from recs_platform.declarations.guardrails import refusals
from recs_platform.errors import StorageError
from recs_platform.platform_db.engine import engine
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import product_stage
from recs_platform.publication.verify import figures
from recs_platform.schemas.offer_ranking import OfferRecommendations, OfferScores
from recs_platform.schemas.offer_ranking_reports import OfferComparison
from recs_platform.schemas.table import spec_of
from recs_platform.serving_store.environment import open_stores
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.strategies.offer_ranking.comparison_picture import show_offers
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.strategies.offer_ranking.publication import AVERAGES, ComparedOffers, judge_offers, offers
from recs_platform_tests.publication.garage import arrow
from recs_platform_tests.publication.market import DAY, PRODUCT, Market, Shown, lists, planned, write
from recs_platform_tests.publication.shop import lake_in
from recs_platform_tests.sql.queries import platform_queries

share = st.floats(0, 1)
number = st.integers(0, 1000)


def row(section: str, name: str, **figures: Any) -> dict[str, Any]:
    return {
        "section": section,
        "name": name,
        **dict.fromkeys(("count", "share", "before", "after", "detail")),
        **figures,
    }


def compared(
    lost: float | None = 0.02,
    gone: tuple[int, int] = (10, 5),
    kept: int = 85,
    chance: float | None = 0.055,
    live: int = 9,
    moved: float | None = 0.1,
) -> ComparedOffers:
    running = (kept + sum(gone)) or None
    return ComparedOffers(
        [
            row("customers", "common", count=8, share=0.8, before=float(live), after=10.0),
            row("customers", "gained", count=2, share=0.2, before=float(live), after=10.0),
            row("customers", "lost", count=1, share=lost, before=float(live), after=10.0),
            row("lost_because", "left", count=1, share=1.0),
            row("lists", "kept", count=kept, share=running and kept / running),
            row("lists", "replaced", count=gone[0], share=running and gone[0] / running),
            row("lists", "withdrawn", count=gone[1], share=running and gone[1] / running),
            row("lists", "moved", count=7, share=moved),
            row("lists", "ended", count=1200, share=0.9),
            row("lists", "added", count=3, share=0.1),
            row("averages", "chance", share=chance and chance / 0.05 - 1, before=0.05, after=chance, detail="m1 -> m2"),
            row("averages", "expected margin", share=-0.2, before=1.25, after=1.0),
            row("averages", "discount", share=0.0, before=0.2, after=0.2),
            row("averages", "own brand", share=1.0, before=0.1, after=0.2),
            row("averages", "offers per customer", before=None, after=9.5),
            row("replaced", "o1", count=2, share=0.25, before=0.04, after=None, detail="milk, dairy: withdrawn"),
            row("replaced", "o2", count=7, share=0.875, before=0.04, after=0.01, detail="rice, dry: 7 outranked"),
            row("added", "o3", count=3, share=0.375, after=0.09, detail="rice, dry"),
        ]
    )


def parameters(**limits: float) -> OfferRankingParameters:
    return OfferRankingParameters.model_validate(limits)


@given(share, number, number, number, share, share, share, share)
def test_each_limit_decides_by_itself(
    lost: float, replaced: int, withdrawn: int, kept: int, moved: float, ceiling: float, changed: float, order: float
) -> None:
    limits = parameters(max_customers_lost=ceiling, max_lists_changed=changed, max_order_changed=order)
    judged = judge_offers(compared(lost, (replaced, withdrawn), kept, moved=moved), limits)
    running = replaced + withdrawn + kept
    assert {g.name: g.passed for g in judged} == {
        "customers_lost": lost <= ceiling,
        "lists_changed": not running or (replaced + withdrawn) / running <= changed,
        "order_changed": moved <= order,
        "score_move": True,
    }
    for guardrail in judged:
        assert guardrail.value is not None
        assert f"{abs(guardrail.value):.2%}" in guardrail.words
        assert f"max_{guardrail.name} is {guardrail.limit:.2%}" in guardrail.words


def test_stability_and_prices_are_no_limits_of_offers() -> None:
    strict = parameters(min_stability=1.0, max_price_move=0.0)
    assert refusals(judge_offers(compared(), strict)) == []


@given(share, number, number)
def test_nothing_live_is_nothing_to_judge(lost: float, replaced: int, kept: int) -> None:
    assert judge_offers(compared(lost, (replaced, 0), kept, live=0), parameters()) == ()


def test_what_cannot_be_compared_although_something_is_live_is_refused() -> None:
    assert refusals(judge_offers(compared(None), parameters(max_customers_lost=0.05))) == [
        "the share of customers lost is unknown; max_customers_lost is 5.00%",
    ]


def test_a_level_that_moves_is_said_and_refuses_nothing() -> None:
    """A chance that halves is as far off as one that doubles."""
    assert compared(chance=0.1).score_move == compared(chance=0.025).score_move == 1.0
    judged = judge_offers(compared(chance=0.15), parameters(max_score_move=1.0))
    assert refusals(judged) == []
    assert judged[-1].words == (
        "of the average chances, live and new, the higher is 200.00% above the lower; max_score_move is 100.00%: it is "
        "said, and refuses nothing"
    )
    unknown = judge_offers(compared(chance=None), parameters())
    assert refusals(unknown) == []
    assert unknown[-1].words.startswith("average chances cannot be compared; ")


def test_a_comparison_of_earlier_code_has_no_order_and_is_judged_by_the_rest() -> None:
    earlier = ComparedOffers([row for row in compared().rows if row["name"] != "moved"])
    assert {guardrail.name: guardrail.passed for guardrail in judge_offers(earlier, parameters())} == {
        "customers_lost": True,
        "lists_changed": True,
        "order_changed": True,
        "score_move": True,
    }


def test_a_day_on_which_every_live_offer_has_ended_is_not_refused() -> None:
    new_week = compared(gone=(0, 0), kept=0)
    assert new_week.lists_changed == 0
    assert refusals(judge_offers(new_week, parameters(max_lists_changed=0))) == []
    assert "8 customers in common: none of their live offers is still running, 1,200 ended" in new_week.summary()


def test_a_limit_itself_is_allowed_and_more_is_refused() -> None:
    limits = parameters(max_customers_lost=0.02, max_lists_changed=0.15, max_order_changed=0.1)
    assert refusals(judge_offers(compared(), limits)) == []
    assert refusals(judge_offers(compared(0.03, (11, 5), 84, moved=0.25), limits)) == [
        "3.00% of live customers are lost; max_customers_lost is 2.00%",
        "16.00% of live offers that still run are replaced; max_lists_changed is 15.00%",
        "offers that stay have moved 25.00% of as far as they could in their lists; max_order_changed is 10.00%",
    ]


def test_it_is_told_in_words_tables_and_a_picture(tmp_path: Path) -> None:
    change = compared()
    assert change.summary() == (
        "8 customers in common: 85.00% of their running offers stay, 1,200 ended; 2 gained, 1 lost (1 left)."
    )
    told = change.markdown()
    assert told.index("| o2 | 7 | 87.50% | 4.00% | 1.00% |") < told.index("| o1 | 2 | 25.00% | 4.00% |  | milk"), (
        "the largest first"
    )
    assert told.index("| chance | 5.00% | 5.50% | +10.00% | m1 -> m2 |") < told.index("| expected margin | 1.25 | 1.00")
    assert "| offers per customer |  | 9.50 |  |  |" in told
    assert "| o3 | 3 | 37.50% | 9.00% | rice, dry |" in told
    shown = show_offers(change.rows)
    assert shown.words == told
    assert shown.picture is not None
    assert shown.picture.startswith(b"<svg")


def test_a_first_publication_says_what_there_would_be(tmp_path: Path) -> None:
    first = compared(live=0)
    assert first.summary() == "Nothing was live before: first offers for 2 customers."
    assert [table.title for table in first.sections()] == ["Customers", "Averages of all offers"]
    assert show_offers(first.rows).picture is None


def test_every_average_has_its_place() -> None:
    assert {r["name"] for r in compared().rows if r["section"] == "averages"} == set(AVERAGES)


@pytest.fixture
def outlet(tmp_path: Path) -> Outlet:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    return Outlet("market", "offer_ranking", PRODUCT, "market", lake_in(tmp_path), database, open_stores(database))


def rows_of(*offers: str, customer: str = "c0") -> list[dict[str, Any]]:
    return [Shown(offer).row(DAY, customer, rank) for rank, offer in enumerate(offers, start=1)]


def test_rows_are_offers_and_customers_are_counted_once(outlet: Outlet) -> None:
    write(outlet, OfferRecommendations, DAY, planned(lists(4, "a", "b", "c")).tables(DAY)[OfferRecommendations])
    counted = figures(outlet.product, outlet.warehouse, outlet.source)
    assert (counted.rows, counted.customers, counted.as_of) == (12, 4, DAY)
    assert str(counted) == "12 rows for 4 customers as of 2025-09-10, made 2025-09-10 00:00"


@pytest.mark.parametrize(
    "broken",
    [
        [Shown("b").row(DAY, "c1", 1), Shown("c").row(DAY, "c1", 3)],
        [Shown("b").row(DAY, "c1", 2)],
        [Shown("b").row(DAY, "c1", 0), Shown("c").row(DAY, "c1", 2)],
        rows_of("b", "c", "b", customer="c1"),
    ],
    ids=["gap", "no first place", "place 0", "twice"],
)
def test_lists_that_are_none(outlet: Outlet, broken: list[dict[str, Any]]) -> None:
    rows = arrow(OfferRecommendations, [*rows_of("a", "b"), *broken])
    write(outlet, OfferRecommendations, DAY, rows, audited=False)
    with pytest.raises(StorageError, match=r"has lists with a gap, or with an offer twice: of 1 customers\. Make 2025"):
        figures(outlet.product, outlet.warehouse, outlet.source)


def test_lists_of_two_days_are_no_version(outlet: Outlet) -> None:
    other = DAY + timedelta(days=1)
    for day, customer in ((DAY, "c0"), (other, "c1")):
        rows = planned({customer: [Shown("a")]}).tables(day)[OfferRecommendations]
        write(outlet, OfferRecommendations, day, rows)
    with pytest.raises(StorageError, match=r"mixes rows of 2025-09-10 to 2025-09-11"):
        figures(outlet.product, outlet.warehouse, outlet.source)


def test_what_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="offer_ranking cannot publish offer_scores: a table of recommendations is a"):
        product_stage(
            STRATEGIES["offer_ranking"],
            platform_queries(),
            offers(spec_of(OfferScores), PRODUCT.figures),
            OfferComparison,
            show_offers,
        )


def test_it_has_the_plain_names_and_a_comparison_of_its_own() -> None:
    product = Market().outlet.product
    assert (product.name, product.asset, product.guardrails, product.option) == (
        "recommendations",
        "publication",
        "guardrails",
        "",
    )
    assert (product.comparison, product.live.name) == ("offer_comparison", "live_offer_recommendations")
    assert replace(product, compared_by=None).comparison == "comparison"
    assert Market().pipeline.specs[product.live.name].columns == product.of.columns

"""How what is live stood to its guardrails when it went live."""

from __future__ import annotations

import pytest

from recs_platform.publication.judged import judged_when_published
from recs_platform.publication.publish import publications
from recs_platform_tests.publication.market import DAY, NEXT, Market, Shown, lists

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]


def judged(market: Market) -> dict[str, str] | None:
    live = publications(market.outlet)[0]
    found = judged_when_published(market.outlet, market.pipeline, market.company, live)
    return None if found is None else {rail.name: rail.words for rail in found}


def test_it_is_told_by_the_comparison_that_let_it_go_live(market: Market) -> None:
    market.plan(NEXT, {**lists(9, "a", "b", "c"), "c9": [Shown("a"), Shown("z"), Shown("b")]})
    assert market.run(DAY).success
    assert judged(market) == {}, "nothing was live to compare the first one with"
    assert market.run(NEXT).success
    found = judged(market)
    assert found is not None
    assert found["customers_lost"] == "0.00% of live customers are lost; max_customers_lost is 5.00%"
    assert found["lists_changed"].startswith("3.33% of live offers that still run are replaced")


def test_a_comparison_that_was_made_again_says_nothing_of_then(market: Market) -> None:
    """It compares the day with itself, and everything is kept."""
    market.plan(NEXT, lists(10, "a", "b", "z"))
    assert market.run(DAY).success
    assert market.run(NEXT).success
    assert judged(market)
    assert market.run(NEXT, only=["offer_comparison"]).success
    assert judged(market) is None

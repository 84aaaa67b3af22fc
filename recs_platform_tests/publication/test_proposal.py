"""What may go live: each guardrail refuses what it is there for, and a person's approval holds for one comparison."""

from __future__ import annotations

import datetime
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest

from recs_platform.errors import MissingSliceError, UserError
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.proposal import Proposal, Standing, accept, newest_day, propose
from recs_platform.publication.publish import publications, rollback
from recs_platform.strategies.vehicle_fitment.publication import ComparedRecommendations
from recs_platform_tests.publication.garage import DAY, FOUR, NEXT, PRICES, Garage, Owner, owners

NOON = datetime.datetime(2025, 9, 12, 12, tzinfo=UTC)
CHANGED = ("z", *FOUR[1:])


def propose_day(garage: Garage, day: date) -> Proposal:
    return propose(garage.outlet, garage.pipeline, garage.company, day)


def take(garage: Garage, what: Proposal, approve: str | None = None) -> Publication | None:
    return accept(what, garage.outlet, by="ann", at=NOON, approve=approve)


def live(garage: Garage, who: list[Owner], day: date = DAY) -> None:
    """Make a day and publish it."""
    garage.plan(day, who)
    garage.make(day)
    assert take(garage, propose_day(garage, day)) is not None


def next_day(garage: Garage, who: list[Owner], dropped: dict[str, str] | None = None) -> Proposal:
    garage.plan(NEXT, who, dropped)
    garage.make(NEXT)
    return propose_day(garage, NEXT)


def test_the_first_publication_has_nothing_to_be_judged_by(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.make(DAY)
    first = propose_day(garage, DAY)
    assert (first.standing, first.guardrails, first.refusals, first.live) == (Standing.NEW, (), [], None)
    made = take(garage, first)
    assert made is not None
    assert (made.version, made.customers, made.comparison_id) == (1, 10, first.comparison_id)


def test_a_day_like_the_one_before_passes(garage: Garage) -> None:
    live(garage, owners(10))
    following = next_day(garage, [*owners(9), Owner("c9", CHANGED), Owner("new")])
    assert [(g.name, g.value, g.passed) for g in following.guardrails] == [
        ("stability", 0.9, True),
        ("customers_lost", 0.0, True),
        ("price_move", 0.0, True),
    ]
    made = take(garage, following)
    assert made is not None
    assert (made.version, made.customers, made.approved) == (2, 11, False)


# What is planted: the day's owners, and the limit that they break.
PLANTED: dict[str, tuple[list[Owner], str]] = {
    "stability": (
        [*owners(6), *(replace(owner, parts=CHANGED) for owner in owners(10)[6:])],
        "60.00% of customers in common keep all recommendations; min_stability is 70.00%",
    ),
    "customers_lost": (owners(9), "10.00% of live customers are lost; max_customers_lost is 5.00%"),
    "price_move": (
        owners(10, prices=(*PRICES[:3], 230.0)),
        "the average price moves by -17.00%; max_price_move is 15.00%",
    ),
}


@pytest.mark.parametrize("guardrail", PLANTED)
def test_a_guardrail_refuses_what_it_is_there_for(garage: Garage, guardrail: str) -> None:
    live(garage, owners(10))
    who, words = PLANTED[guardrail]
    refused = next_day(garage, who)
    assert [g.name for g in refused.guardrails if not g.passed] == [guardrail]
    assert refused.refusals == [words]
    assert take(garage, refused) is None
    assert newest_version(garage) == 1


@pytest.mark.parametrize("guardrail", PLANTED)
def test_a_company_may_allow_more(garage: Garage, guardrail: str) -> None:
    garage.parameters = {"min_stability": 0.6, "max_customers_lost": 0.1, "max_price_move": 0.17}
    live(garage, owners(10))
    assert take(garage, next_day(garage, PLANTED[guardrail][0])) is not None


def test_an_approval_publishes_what_a_guardrail_refuses(garage: Garage) -> None:
    live(garage, owners(10))
    refused = next_day(garage, owners(5))
    made = take(garage, refused, approve=refused.comparison_id)
    assert made is not None
    assert (made.version, made.customers, made.approved, made.comparison_id) == (2, 5, True, refused.comparison_id)


def test_an_approval_holds_for_the_comparison_that_was_approved_and_no_other(garage: Garage) -> None:
    live(garage, owners(10))
    seen = next_day(garage, owners(5))
    changed = next_day(garage, owners(4))
    assert changed.comparison_id != seen.comparison_id
    with pytest.raises(
        UserError, match=rf"{seen.comparison_id} was approved, but the comparison is {changed.comparison_id}"
    ):
        take(garage, changed, approve=seen.comparison_id)
    with pytest.raises(UserError, match="typo was approved"):
        take(garage, changed, approve="typo")
    assert newest_version(garage) == 1


def test_an_approval_does_not_outlive_what_was_live(garage: Garage) -> None:
    live(garage, owners(10))
    seen = next_day(garage, owners(5))
    # Between looking and approving, somebody publishes: the figures were of something else.
    garage.plan(DAY, owners(10, parts=CHANGED))
    garage.make(DAY)
    other = propose_day(garage, DAY)
    assert take(garage, other, approve=other.comparison_id) is not None
    with pytest.raises(UserError, match="have changed since"):
        take(garage, seen, approve=seen.comparison_id)
    with pytest.raises(UserError, match="was approved, but the comparison is"):
        take(garage, propose_day(garage, NEXT), approve=seen.comparison_id)


def test_a_comparison_made_again_of_the_same_rows_is_the_approved_one(garage: Garage) -> None:
    live(garage, owners(10))
    seen = next_day(garage, owners(5))
    again = next_day(garage, owners(5))
    assert take(garage, again, approve=seen.comparison_id) is not None


def test_nobody_can_approve_a_failed_check(garage: Garage) -> None:
    garage.check = "SELECT customer_id FROM vehicle_recommendations WHERE rec_part_1 = 'z'"
    live(garage, owners(10))
    broken = next_day(garage, [*owners(9), Owner("c9", CHANGED)])
    assert broken.refusals == []
    assert broken.failed_checks == (
        "vehicle_recommendations: no_negative_price: 1 of 10 rows (10.00%) violates the rule (none allowed)",
    )
    assert take(garage, broken) is None
    assert take(garage, broken, approve=broken.comparison_id) is None
    assert newest_version(garage) == 1


def test_an_older_day_never_goes_live(garage: Garage) -> None:
    live(garage, owners(10))
    before = DAY - timedelta(days=1)
    garage.plan(before, owners(3))
    garage.make(before)
    older = propose_day(garage, before)
    assert older.standing is Standing.OLDER
    assert older.summary() == (
        "garage: 2025-09-09 is older than what is live (version 1, of 2025-09-10); nothing is published."
    )
    assert take(garage, older) is None
    assert take(garage, older, approve=older.comparison_id) is None


def test_a_day_made_again_goes_live_if_its_rows_changed(garage: Garage) -> None:
    live(garage, owners(10))
    garage.make(DAY)
    assert propose_day(garage, DAY).standing is Standing.LIVE
    garage.plan(DAY, [*owners(9), Owner("c9", CHANGED)])
    garage.make(DAY)
    corrected = propose_day(garage, DAY)
    assert corrected.standing is Standing.NEW
    assert take(garage, corrected) is not None
    assert newest_version(garage) == 2


def test_after_a_rollback_the_next_day_is_compared_with_what_came_back(garage: Garage) -> None:
    live(garage, owners(10))
    second = next_day(garage, owners(10, parts=CHANGED))
    take(garage, second, approve=second.comparison_id)
    rollback(garage.outlet, 1, by="ann", at=NOON)
    third = NEXT + timedelta(days=1)
    garage.plan(third, owners(10))
    garage.make(third)
    stable = propose_day(garage, third)
    assert stable.live is not None
    assert (stable.live.version, stable.live.as_of) == (3, DAY)
    assert isinstance(stable.compared, ComparedRecommendations)
    assert stable.compared.stability == 1.0


def test_a_day_that_was_never_made_cannot_be_proposed(garage: Garage) -> None:
    with pytest.raises(MissingSliceError, match=r"garage.vehicle_recommendations was never made: `recs run"):
        newest_day(garage.outlet, garage.pipeline, garage.company)
    with pytest.raises(MissingSliceError, match=r"recommendations of 2025-09-10 were never made. Make that day first"):
        propose_day(garage, DAY)


def test_no_customer_in_common_is_refused(garage: Garage) -> None:
    live(garage, owners(10))
    strangers = next_day(garage, [Owner(f"s{n}") for n in range(10)])
    assert [g.name for g in strangers.guardrails if not g.passed] == ["stability", "customers_lost"]
    assert strangers.refusals[0] == "no customer is in common; min_stability is 70.00%"


def newest_version(garage: Garage) -> int:
    return publications(garage.outlet)[0].version

"""The guardrails of recommendations as properties: what they refuse and let pass, whatever the figures are."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from recs_platform.declarations.guardrails import refusals
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.strategies.vehicle_fitment.publication import PLACES, ComparedRecommendations, judge_recommendations

share = st.floats(0, 1)
prices = st.lists(st.floats(1, 10_000), min_size=4, max_size=4)
FOUR = [100.0, 200.0, 300.0, 400.0]


def compared(
    stability: float | None, lost: float | None, before: list[Any], after: list[Any], live: float = 100
) -> ComparedRecommendations:
    def row(section: str, name: str, value: float | None, **more: Any) -> dict[str, Any]:
        return {"section": section, "name": name, "share": value, **more}

    pairs = zip(PLACES, before, after, strict=True)
    return ComparedRecommendations(
        [
            row("customers", "common", None, before=live),
            row("customers", "lost", lost),
            row("changed_per_customer", "0", stability),
            *(row("average_price", place, None, before=was, after=is_now) for place, was, is_now in pairs),
        ]
    )


def parameters(**limits: float) -> VehicleFitmentParameters:
    return VehicleFitmentParameters.model_validate(limits)


@given(share, share, prices, prices, share, share, st.floats(0, 5))
def test_each_limit_decides_by_itself(
    stability: float, lost: float, before: list[float], after: list[float], floor: float, ceiling: float, most: float
) -> None:
    move = round(sum(after) / sum(before) - 1, 6)
    limits = parameters(min_stability=floor, max_customers_lost=ceiling, max_price_move=most)
    judged = {g.name: g.passed for g in judge_recommendations(compared(stability, lost, before, after), limits)}
    assert judged == {
        "stability": stability >= floor,
        "customers_lost": lost <= ceiling,
        "price_move": abs(move) <= most,
    }


@given(share, share, prices, prices)
def test_a_comparison_that_is_worse_is_refused_no_less(
    stability: float, lost: float, before: list[float], after: list[float]
) -> None:
    better = judge_recommendations(compared(stability, lost, before, after), parameters())
    further = [price * (1.5 if sum(after) >= sum(before) else 0.5) for price in after]
    worse = judge_recommendations(compared(stability / 2, (1 + lost) / 2, before, further), parameters())
    for one, other in zip(better, worse, strict=True):
        assert one.passed or not other.passed


@given(share, share, prices, prices)
def test_every_guardrail_says_its_figure_and_its_limit(
    stability: float, lost: float, before: list[float], after: list[float]
) -> None:
    for guardrail in judge_recommendations(compared(stability, lost, before, after), parameters()):
        assert guardrail.value is not None
        assert f"{abs(guardrail.value):.2%}" in guardrail.words
        assert f"{guardrail.limit:.2%}" in guardrail.words


@given(prices, st.permutations(range(4)))
def test_parts_that_change_places_move_no_price(before: list[float], order: list[int]) -> None:
    assert compared(1.0, 0.0, before, [before[n] for n in order]).price_move == pytest.approx(0, abs=1e-9)


@given(share, share, prices, prices)
def test_nothing_live_is_nothing_to_judge(
    stability: float, lost: float, before: list[float], after: list[float]
) -> None:
    assert judge_recommendations(compared(stability, lost, before, after, live=0), parameters()) == ()


@given(st.integers(0, 3))
def test_what_cannot_be_compared_although_something_is_live_is_refused(place: int) -> None:
    before: list[float | None] = [*FOUR]
    before[place] = None
    judged = judge_recommendations(compared(None, None, before, FOUR), parameters())
    assert refusals(judged) == [
        "no customer is in common; min_stability is 70.00%",
        "the share of customers lost is unknown; max_customers_lost is 5.00%",
        "average prices cannot be compared; max_price_move is 15.00%",
    ]
    assert compared(1.0, 0.0, [0.0] * 4, FOUR).price_move is None


def test_a_limit_itself_is_allowed() -> None:
    limits = parameters(min_stability=0.75, max_customers_lost=0.25, max_price_move=0.5)
    assert refusals(judge_recommendations(compared(0.75, 0.25, FOUR, [1.5 * price for price in FOUR]), limits)) == []
    assert refusals(judge_recommendations(compared(0.75, 0.25, FOUR, [0.5 * price for price in FOUR]), limits)) == []

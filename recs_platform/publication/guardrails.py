"""The guardrails: limits that a comparison must keep, or somebody must approve it. Pure.

A first publication has nothing to compare with and passes. What cannot be compared although something is live (no
customer in common, an average price out of nothing) does not pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.publication.comparison import Compared
from recs_platform.strategies.strategy import Parameters


@dataclass(frozen=True)
class Guardrail:
    """One limit, and how a comparison stands to it."""

    name: str
    value: float | None
    limit: float
    passed: bool
    words: str


def judge_comparison(compared: Compared, parameters: Parameters) -> tuple[Guardrail, ...]:
    """All guardrails; none of a first publication."""
    if compared.is_first:
        return ()
    return (
        _stability(compared, parameters.min_stability),
        _customers_lost(compared, parameters.max_customers_lost),
        _price_move(compared, parameters.max_price_move),
    )


def refusals(guardrails: tuple[Guardrail, ...]) -> list[str]:
    """Why a comparison is refused, in words; nothing when it is not."""
    return [guardrail.words for guardrail in guardrails if not guardrail.passed]


def _stability(compared: Compared, floor: float) -> Guardrail:
    value = compared.stability
    passed = value is not None and value >= floor
    said = (
        "no customer is in common" if value is None else f"{value:.2%} of customers in common keep all recommendations"
    )
    return Guardrail("stability", value, floor, passed, f"{said}; min_stability is {floor:.2%}")


def _customers_lost(compared: Compared, ceiling: float) -> Guardrail:
    value = compared.customers_lost
    passed = value is not None and value <= ceiling
    said = "the share of customers lost is unknown" if value is None else f"{value:.2%} of live customers are lost"
    return Guardrail("customers_lost", value, ceiling, passed, f"{said}; max_customers_lost is {ceiling:.2%}")


def _price_move(compared: Compared, ceiling: float) -> Guardrail:
    value = compared.price_move
    passed = value is not None and abs(value) <= ceiling
    said = "average prices cannot be compared" if value is None else f"the average price moves by {value:+.2%}"
    return Guardrail("price_move", value, ceiling, passed, f"{said}; max_price_move is {ceiling:.2%}")

"""The guardrails: limits that a comparison must keep, or somebody must approve it. Pure.

A first publication has nothing to compare with and passes. What cannot be compared although something is live (no
customer in common, an average price out of nothing) does not pass. Not here: which figures of a product are limited
(`publication.py` of a strategy, `publication/allocation.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Guardrail:
    """One limit, and how a comparison stands to it."""

    name: str
    value: float | None
    limit: float
    passed: bool
    words: str


def at_least(name: str, value: float | None, floor: float, *, shown: str, unknown: str) -> Guardrail:
    """A figure that may not be below the parameter `min_<name>`. `shown` is its text; `unknown` that of none."""
    passed = value is not None and value >= floor
    return Guardrail(name, value, floor, passed, f"{_text(value, shown, unknown)}; min_{name} is {floor:.2%}")


def at_most(name: str, value: float | None, ceiling: float, *, shown: str, unknown: str) -> Guardrail:
    """A figure that may not be further from 0 than the parameter `max_<name>`."""
    passed = value is not None and abs(value) <= ceiling
    return Guardrail(name, value, ceiling, passed, f"{_text(value, shown, unknown)}; max_{name} is {ceiling:.2%}")


def customers_kept(lost: float | None, ceiling: float) -> Guardrail:
    """The guardrail of every product that is for customers one by one."""
    return at_most(
        "customers_lost",
        lost,
        ceiling,
        shown="{:.2%} of live customers are lost",
        unknown="the share of customers lost is unknown",
    )


def told(guardrail: Guardrail) -> Guardrail:
    """The same, said and never refusing: of what customers do not see."""
    if guardrail.passed:
        return guardrail
    return replace(guardrail, passed=True, words=f"{guardrail.words}: it is said, and refuses nothing")


def refusals(guardrails: tuple[Guardrail, ...]) -> list[str]:
    """Why a comparison is refused, in words; nothing when it is not."""
    return [guardrail.words for guardrail in guardrails if not guardrail.passed]


def _text(value: float | None, shown: str, unknown: str) -> str:
    return unknown if value is None else shown.format(value)

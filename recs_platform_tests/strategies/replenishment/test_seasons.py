"""What is ordered every December is due when December comes, and not in June: planted in small worlds of two years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from recs_platform_tests.strategies.replenishment.plain import Line, World
from recs_platform_tests.strategies.replenishment.test_plain import made

pytestmark = pytest.mark.slow

START, DECEMBER, JUNE = date(2023, 12, 1), date(2025, 11, 30), date(2025, 6, 1)
CLIENTS = [f"c{number:02}" for number in range(12)]
EVERYDAY = {f"e{number:02}": 7 * (2 + number % 7) for number in range(28)}
"""More than a list has places for, each ordered after so many days again."""
SEASONAL = {"wreath": 12, "parasol": 6}
"""Ordered on two days of that month alone."""


def ordered(client: int, day: date) -> Iterator[str]:
    days = (day - START).days + client
    yield from (item for place, (item, gap) in enumerate(EVERYDAY.items()) if (days + 7 * place) % gap == 0)
    yield from (item for item, month in SEASONAL.items() if day.month == month and day.day in (4 + client % 3, 16))


def lines(first: date, last: date) -> list[Line]:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        Line(day, f"{name}-{day}", name, item)
        for day in days
        for client, name in enumerate(CLIENTS)
        for item in ordered(client, day)
    ]


def lists(first: date, day: date, **parameters: Any) -> list[tuple[Any, ...]]:
    tables = made(World(day, lines(first, day), {}, frozenset()), {"version": "v32", **parameters})
    return tables.rows(
        "SELECT customer_id, rank, item_id, kind, score, reason FROM weekly_recommendations ORDER BY customer_id, rank"
    )


def ranks(of: list[tuple[Any, ...]], item: str) -> Mapping[str, int]:
    return {client: rank for client, rank, one, *_ in of if one == item}


@pytest.mark.parametrize(
    ("day", "due", "not_due"), [(DECEMBER, "wreath", "parasol"), (JUNE, "parasol", "wreath")], ids=["December", "June"]
)
def test_what_is_ordered_at_one_time_of_the_year_is_due_then_and_only_then(day: date, due: str, not_due: str) -> None:
    found = lists(START, day)
    assert list(ranks(found, due)) == CLIENTS
    assert max(ranks(found, due).values()) <= 15
    reasons = [reason for _, _, item, _, _, reason in found if item == due]
    assert all(r.startswith("bought in 2 of ") and r.endswith("; as at this time of last year") for r in reasons)
    assert ranks(found, not_due) == {}


@pytest.mark.parametrize("parameters", [{"version": "v31"}, {"season_days": 0}], ids=["v31", "no seasons"])
def test_without_seasons_it_is_not_due(parameters: Mapping[str, Any]) -> None:
    assert ranks(lists(START, DECEMBER, **parameters), "wreath") == {}


def test_what_was_ordered_in_this_season_waits_for_its_own_cycle() -> None:
    day = date(2025, 12, 21)
    assert ranks(lists(START, day), "wreath") == {}


@pytest.mark.parametrize("days", [383, 384], ids=["a day less than a year", "a year"])
def test_nothing_changes_before_there_is_a_year_of_orders(days: int) -> None:
    """A year, and half of the season before it."""
    first = DECEMBER - timedelta(days=days)
    assert (lists(first, DECEMBER) == lists(first, DECEMBER, season_days=0)) == (days < 384)

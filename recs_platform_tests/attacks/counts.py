"""Counting attacks: a test says what it tried and what became of it, and the run's summary prints it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

_KEY = "attacks"
Attack = TypeVar("Attack")
Count = Callable[..., None]
Some = Callable[[Sequence[Attack], int], Sequence[Attack]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-attacks", action="store_true", help="run every attack, not a sample of those that are slow")


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """`count("hostile queries", refused=298, harmless=2)`."""

    def said(what: str, **outcomes: int) -> None:
        became = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in outcomes.items())
        record_property(_KEY, f"{what}: {sum(outcomes.values()):,} tried, {became}")

    return said


@pytest.fixture
def all_attacks(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--all-attacks"))


@pytest.fixture
def some(all_attacks: bool) -> Some[Attack]:
    """`some(attacks, 20)`: so many of them, spread evenly; all of them with --all-attacks."""

    def taken(attacks: Sequence[Attack], number: int) -> Sequence[Attack]:
        if all_attacks or len(attacks) <= number:
            return attacks
        return [attacks[place * len(attacks) // number] for place in range(number)]

    return taken


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = {
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for key, value in getattr(report, "user_properties", ())
        if key == _KEY
    }
    if lines:
        terminalreporter.section("attacks")
        for line in sorted(lines):
            terminalreporter.write_line(line)

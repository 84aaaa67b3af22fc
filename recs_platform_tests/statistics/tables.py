"""Prints the measured tables of `docs/statistics.md`, as they stand between its markers."""

from __future__ import annotations

from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.statistics import coverage, peeking

PAGE = ROOT / "docs" / "statistics.md"
REMEDY = "`python -m recs_platform_tests.statistics.tables` prints what docs/statistics.md should say"


def printed(table: str) -> list[str]:
    """The lines of one table of the page."""
    begin, end = f"<!-- {table}: begin -->\n", f"\n<!-- {table}: end -->"
    return PAGE.read_text().partition(begin)[2].partition(end)[0].splitlines()


def names(table: str) -> list[str]:
    """The first cells of its rows."""
    return [line.split("|")[1].strip() for line in printed(table)[2:]]


if __name__ == "__main__":
    print(coverage.table(coverage.HOLDS), coverage.table(coverage.DOES_NOT_HOLD), peeking.table(), sep="\n\n")

"""What a comparison says: its figures by name, in words and as tables. Pure: no engine, no Dagster.

Not here: computing it (`sql/<strategy>/comparison.sql`), judging it (guardrails.py) and drawing it (pictures.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

PLACES = ("1", "2", "3", "4")
_TITLES = {
    "customers": "Customers",
    "lost_because": "Why customers are lost",
    "changed_per_customer": "Recommendations changed per customer in common",
    "changed_at_position": "Customers in common whose recommendation changed, by position",
    "scores": "Scores of customers in common",
    "average_price": "Average price by position",
    "swaps": "Largest swaps",
}


@dataclass(frozen=True)
class Section:
    """A table for people."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Compared:
    """A day's recommendations beside those that are live: the rows of the `comparison` table."""

    rows: Sequence[Mapping[str, Any]]

    @cached_property
    def _figures(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(row["section"], row["name"]): row for row in self.rows}

    def figure(self, section: str, name: str) -> Mapping[str, Any]:
        return self._figures[section, name]

    def section(self, name: str) -> list[Mapping[str, Any]]:
        """The figures of a section: the largest first where they count, otherwise by name."""
        found = [row for row in self.rows if row["section"] == name]
        by_size = name in ("lost_because", "swaps")
        return sorted(found, key=lambda row: (-(row["count"] or 0) if by_size else 0, row["name"]))

    @property
    def is_first(self) -> bool:
        """Nothing is live, so there is nothing to compare with."""
        return not self.figure("customers", "common")["before"]

    @property
    def stability(self) -> float | None:
        """Share of customers in common for whom nothing changes; None when there are none."""
        share: float | None = self.figure("changed_per_customer", "0")["share"]
        return share

    @property
    def customers_lost(self) -> float | None:
        """Share of live customers who would get nothing, or have another vehicle."""
        share: float | None = self.figure("customers", "lost")["share"]
        return share

    @property
    def price_moves(self) -> dict[str, float | None]:
        """Position: by which share the average price there would move."""
        return {place: self.figure("average_price", place)["share"] for place in PLACES}

    @property
    def price_move(self) -> float | None:
        """By which share the average price of all positions would move; None when there is none to compare with.

        Two parts that change places move the prices of two positions and nothing for the customer.
        """
        prices = [self.figure("average_price", place) for place in PLACES]
        before, after = ([price[version] for price in prices] for version in ("before", "after"))
        if None in before or None in after or not sum(before):
            return None
        return round(float(sum(after) / sum(before) - 1), 6)

    def words(self) -> str:
        """A comparison in a sentence or two."""
        customers = {name: self.figure("customers", name)["count"] for name in ("common", "gained", "lost")}
        if self.is_first:
            return f"Nothing is live yet: {customers['gained']:,} customers would get their first recommendations."
        kept = "" if self.stability is None else f", {self.stability:.2%} of whom keep all four recommendations"
        causes = ", ".join(f"{row['count']:,} {row['name']}" for row in self.section("lost_because"))
        return (
            f"{customers['common']:,} customers in common{kept}; {customers['gained']:,} gained, "
            f"{customers['lost']:,} lost{f' ({causes})' if causes else ''}."
        )

    def sections(self) -> list[Section]:
        """Every section that has something to say, as a table."""
        shown = [name for name in _TITLES if not self.is_first or name in ("customers", "average_price")]
        tables = [Section(_TITLES[name], _columns(name), tuple(map(_cells, self.section(name)))) for name in shown]
        return [table for table in tables if table.rows]

    def markdown(self) -> str:
        """Its words and tables."""
        blocks = [self.words()]
        for table in self.sections():
            lines = [f"**{table.title}**", "", _line(table.columns), "|" + " --- |" * len(table.columns)]
            blocks.append("\n".join([*lines, *map(_line, table.rows)]))
        return "\n\n".join(blocks)


def _columns(section: str) -> tuple[str, ...]:
    if section == "average_price":
        return ("position", "live", "new", "moved")
    if section == "swaps":
        return ("swap", "customers", "share", "why")
    return ("customers" if section == "customers" else "", "count", "share")


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    share = "" if row["share"] is None else f"{row['share']:.2%}"
    if row["section"] == "average_price":
        moved = "" if row["share"] is None else f"{row['share']:+.2%}"
        return (row["name"], _price(row["before"]), _price(row["after"]), moved)
    if row["section"] == "swaps":
        return (row["name"], f"{row['count']:,}", share, row["detail"])
    return (row["name"], f"{row['count']:,}", share)


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

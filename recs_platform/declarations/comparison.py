"""What a comparison of a day with what is live says: its figures by name, in words and as tables. Pure.

Not here: what a product's comparison says (`publication.py` of a strategy, `publication/allocation.py`), computing it
(`sql/`), judging it (guardrails.py) and drawing it (`comparison_picture.py`, `publication/allocation_picture.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar


@dataclass(frozen=True)
class ComparisonTable:
    """A table for people."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Compared(ABC):
    """A day's rows beside those that are live: the rows of the product's comparison table."""

    rows: Sequence[Mapping[str, Any]]

    titles: ClassVar[Mapping[str, str]]
    """Its sections, in the order in which people are shown them."""
    first: ClassVar[tuple[str, ...]]
    """The sections that say something when nothing is live."""

    @property
    @abstractmethod
    def is_first(self) -> bool:
        """Nothing is live, so there is nothing to compare with."""

    @abstractmethod
    def summary(self) -> str:
        """A comparison in a sentence or two."""

    @cached_property
    def _figures(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(row["section"], row["name"]): row for row in self.rows}

    def figure(self, section: str, name: str) -> Mapping[str, Any]:
        return self._figures[section, name]

    def section(self, name: str) -> list[Mapping[str, Any]]:
        """The figures of a section: the largest first where size matters, otherwise by name."""
        figures = [row for row in self.rows if row["section"] == name]
        return sorted(figures, key=lambda row: (-self._size(row), row["name"]))

    def sections(self) -> list[ComparisonTable]:
        """Every section that has something to say, as a table."""
        shown = [name for name in self.titles if not self.is_first or name in self.first]
        tables = [
            ComparisonTable(self.titles[name], self._columns(name), tuple(map(self._cells, self.section(name))))
            for name in shown
        ]
        return [table for table in tables if table.rows]

    def markdown(self) -> str:
        """Its summary and tables."""
        blocks = [self.summary()]
        for table in self.sections():
            lines = [f"**{table.title}**", "", _line(table.columns), "|" + " --- |" * len(table.columns)]
            blocks.append("\n".join([*lines, *map(_line, table.rows)]))
        return "\n\n".join(blocks)

    @abstractmethod
    def _size(self, row: Mapping[str, Any]) -> float:
        """What the figures of its section are sorted by; 0 where they stand by name."""

    @abstractmethod
    def _columns(self, section: str) -> tuple[str, ...]: ...

    @abstractmethod
    def _cells(self, row: Mapping[str, Any]) -> tuple[str, ...]: ...


class ComparedCustomers(Compared):
    """Of a product that is for customers one by one: its section `customers` has `common` and `lost`."""

    @property
    def is_first(self) -> bool:
        return not self.figure("customers", "common")["before"]

    @property
    def customers_lost(self) -> float | None:
        """Share of live customers who would get nothing, or nothing that can be compared (another vehicle's parts)."""
        share: float | None = self.figure("customers", "lost")["share"]
        return share

    def average_apart(self, name: str) -> float | None:
        """How far the higher of an average, live or new, is above the lower; None when there is none to compare with.

        So one that halves is as far off as one that doubles.
        """
        average = self.figure("averages", name)
        if not average["before"] or not average["after"]:
            return None
        lower, higher = sorted((average["before"], average["after"]))
        return round(float(higher / lower - 1), 6)


def percent(share: float | None, sign: str = "") -> str:
    """A share in a cell; `sign` "+" shows which way it moved."""
    return "" if share is None else f"{share:{sign}.2%}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

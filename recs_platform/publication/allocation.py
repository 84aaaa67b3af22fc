"""An allocation of treatments as a product: with which chance customers are sent which treatment. Pure.

Customers whose segment it does not list get the shares of `(all)`, so its shares, and how far they move, are judged
there. Not here: how the shares come about (the bandit).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from recs_platform.declarations.comparison import Compared, percent
from recs_platform.declarations.guardrails import Guardrail, at_most
from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.product import ALLOCATION, Product
from recs_platform.plurals import counted
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.query import Query


class ComparedAllocation(Compared):
    """A day's shares beside those that are live: the rows of the `allocation_comparison` table."""

    titles: ClassVar[Mapping[str, str]] = {
        "treatments": "Treatments",
        "shares": f"Shares of {EVERYBODY}",
        "segment_moves": "Traffic that changes treatment, by segment",
        "largest_moves": "Largest moves",
    }
    first: ClassVar[tuple[str, ...]] = ("treatments", "shares")

    @property
    def is_first(self) -> bool:
        return not self.figure("treatments", "kept")["before"]

    @property
    def allocation_move(self) -> float | None:
        """Share of the traffic of `(all)` that changes treatment; None when one side has no such shares."""
        moves = [row["share"] for row in self.section("segment_moves") if row["name"] == EVERYBODY]
        return moves[0] if moves else None

    @property
    def treatments_dropped(self) -> float | None:
        """Share of live treatments that would be sent to nobody any more."""
        share: float | None = self.figure("treatments", "removed")["share"]
        return share

    def summary(self) -> str:
        treatments = {name: self.figure("treatments", name)["count"] for name in ("kept", "added", "removed")}
        if self.is_first:
            return f"Nothing was live before: first shares for {counted(treatments['added'], 'treatment')}."
        numbers = ", ".join(f"{count:,} {name}" for name, count in treatments.items())
        if self.allocation_move is None:
            return f"Treatments: {numbers}."
        return f"{self.allocation_move:.2%} of the traffic changes treatment. Treatments: {numbers}."

    def _size(self, row: Mapping[str, Any]) -> float:
        match row["section"]:
            case "shares":
                return float(max(row["before"] or 0, row["after"] or 0))
            case "segment_moves" | "largest_moves":
                return float(abs(row["share"] or 0))
        return 0.0

    def _columns(self, section: str) -> tuple[str, ...]:
        match section:
            case "treatments":
                return ("treatments", "count", "share")
            case "segment_moves":
                return ("segment", "share", "treatments live", "treatments new", "")
        return ("treatment", "live", "new", "moved")

    def _cells(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        match row["section"]:
            case "treatments":
                return (row["name"], f"{row['count']:,}", percent(row["share"]))
            case "segment_moves":
                return (
                    row["name"],
                    percent(row["share"]),
                    f"{row['before']:,.0f}",
                    f"{row['after']:,.0f}",
                    row["detail"] or "",
                )
        return (row["name"], percent(row["before"]), percent(row["after"]), percent(row["share"], "+"))


def allocation(of: TableSpec, figures: Query) -> Product[ComparedAllocation]:
    """A table of treatment shares as what a strategy publishes."""
    return Product(
        ALLOCATION,
        of,
        content="treatment shares",
        limits="traffic that changes treatment, treatments dropped",
        read_by=("as_of", "segment", "share"),
        figures=figures,
        compared=ComparedAllocation,
        judge=judge_allocation,
    )


def judge_allocation(compared: ComparedAllocation, parameters: Parameters) -> tuple[Guardrail, ...]:
    """All guardrails; none of a first publication."""
    if compared.is_first:
        return ()
    return (
        at_most(
            "allocation_move",
            compared.allocation_move,
            parameters.max_allocation_move,
            shown="{:.2%} of the traffic changes treatment",
            unknown=f"shares of {EVERYBODY} cannot be compared",
        ),
        at_most(
            "treatments_dropped",
            compared.treatments_dropped,
            parameters.max_treatments_dropped,
            shown="{:.2%} of live treatments are dropped",
            unknown="the share of treatments dropped is unknown",
        ),
    )

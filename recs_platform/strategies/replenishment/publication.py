"""Weekly lists as a product: what the comparison of two days' lists says, and what its guardrails refuse. Pure.

A list changes with what its client orders: what was bought since is not due, and what is discontinued cannot stay. So a
day is judged by live repurchases that could stay. How high scores are nobody sees: that is said, and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from recs_platform.declarations.comparison import ComparedCustomers, percent
from recs_platform.declarations.guardrails import Guardrail, at_most, customers_kept, told
from recs_platform.declarations.product import RECOMMENDATIONS, Messages, Product
from recs_platform.plurals import counted
from recs_platform.schemas.replenishment_reports import WeeklyComparison
from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.warehouse.query import Query

AVERAGES = ("repurchase score", "discovery score", "discovery share", "items per client")
FATES = ("kept", "replaced", "bought", "discontinued", "added")
"""What becomes of a live item of a client in common; the last is an item that was not live."""


class ComparedLists(ComparedCustomers):
    """A day's weekly lists beside those that are live: the rows of the `weekly_comparison` table."""

    titles: ClassVar[Mapping[str, str]] = {
        "customers": "Clients",
        "lost_because": "Why clients are lost",
        "repurchases": "Repurchases of clients in common",
        "discoveries": "Discoveries of clients in common",
        "averages": "Averages of all lists",
        "replaced": "Items that could stay and are replaced for most clients in common",
        "added": "Items that are new to most clients in common",
    }
    first: ClassVar[tuple[str, ...]] = ("customers", "averages")

    @property
    def repurchases_lost(self) -> float:
        """Share of live repurchases, still sold and not bought since, that their clients would not get any more.

        None of them left is no reason to refuse: clients have bought them all.
        """
        share: float | None = self.figure("repurchases", "replaced")["share"]
        return share or 0.0

    @property
    def discovery_move(self) -> float | None:
        """By how much the share of discoveries in all lists would change; None when there is none to compare with."""
        before, after = (self.figure("averages", "discovery share")[side] for side in ("before", "after"))
        return None if before is None or after is None else round(float(after - before), 6)

    @property
    def score_move(self) -> float | None:
        return self.average_apart("repurchase score")

    def summary(self) -> str:
        clients = {name: self.figure("customers", name)["count"] for name in ("common", "gained", "lost")}
        if self.is_first:
            return f"Nothing was live before: first weekly lists for {counted(clients['gained'], 'client')}."
        kept = self.figure("repurchases", "kept")["share"]
        stays = (
            "none of their live repurchases could stay"
            if kept is None
            else f"{kept:.2%} of the repurchases that could stay do"
        )
        causes = ", ".join(f"{row['count']:,} {row['name']}" for row in self.section("lost_because"))
        return (
            f"{clients['common']:,} clients in common: {stays}, "
            f"{self.figure('repurchases', 'bought')['count']:,} were bought; {clients['gained']:,} gained, "
            f"{clients['lost']:,} lost{f' ({causes})' if causes else ''}."
        )

    def _size(self, row: Mapping[str, Any]) -> float:
        match row["section"]:
            case "lost_because" | "replaced" | "added":
                return float(row["count"] or 0)
            case "averages":
                return float(len(AVERAGES) - AVERAGES.index(row["name"]))
            case "repurchases" | "discoveries":
                return float(len(FATES) - FATES.index(row["name"]))
        return 0.0

    def _columns(self, section: str) -> tuple[str, ...]:
        match section:
            case "averages":
                return ("", "live", "new", "moved", "scored by")
            case "replaced" | "added":
                return ("item", "clients", "share", "group")
            case "repurchases" | "discoveries":
                return ("items", "count", "share")
        return ("clients" if section == "customers" else "", "count", "share")

    def _cells(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        match row["section"]:
            case "averages":
                averages = (_average(row["name"], row["before"]), _average(row["name"], row["after"]))
                return (row["name"], *averages, percent(row["share"], "+"), row["detail"] or "")
            case "replaced" | "added":
                return (row["name"], f"{row['count']:,}", percent(row["share"]), row["detail"] or "")
        return (row["name"], f"{row['count']:,}", percent(row["share"]))


def weekly_lists(of: TableSpec, figures: Query, messages: Messages | None = None) -> Product[ComparedLists]:
    """A table of weekly lists, several rows per client, as what a strategy publishes."""
    return Product(
        RECOMMENDATIONS,
        of,
        content="recommendations",
        limits="clients lost, repurchases replaced, share of discoveries",
        read_by=("as_of", "customer_id", "rank", "item_id", "week", "version", "generated_at"),
        figures=figures,
        compared=ComparedLists,
        judge=judge_lists,
        compared_by=spec_of(WeeklyComparison).name,
        messages=messages,
    )


def judge_lists(compared: ComparedLists, parameters: ReplenishmentParameters) -> tuple[Guardrail, ...]:
    """All guardrails; none of a first publication."""
    if compared.is_first:
        return ()
    return (
        customers_kept(compared.customers_lost, parameters.max_customers_lost),
        at_most(
            "repurchases_lost",
            compared.repurchases_lost,
            parameters.max_repurchases_lost,
            shown="{:.2%} of live repurchases that could stay are replaced",
            unknown="the share of repurchases replaced is unknown",
        ),
        at_most(
            "discovery_move",
            compared.discovery_move,
            parameters.max_discovery_move,
            shown="the share of discoveries moves by {:+.2%} of all items",
            unknown="shares of discoveries cannot be compared",
        ),
        told(
            at_most(
                "score_move",
                compared.score_move,
                parameters.max_score_move,
                shown="of the average scores of repurchases, live and new, the higher is {:.2%} above the lower",
                unknown="average scores cannot be compared",
            )
        ),
    )


def _average(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2%}" if name == "discovery share" else f"{value:,.4f}" if "score" in name else f"{value:,.2f}"

"""Offers as a product: what the comparison of two days' lists of offers says, and what its guardrails refuse. Pure.

A list changes with the calendar: offers end and others begin. So a day is judged by live offers that still run when its
lists are shown, which is from the day after. What customers see is judged: who gets offers, which, and in which order.
How high the chances are nobody sees, and a new model may rightly move them: that is said, and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from recs_platform.declarations.comparison import ComparedCustomers, percent
from recs_platform.declarations.guardrails import Guardrail, at_most, customers_kept, told
from recs_platform.declarations.product import RECOMMENDATIONS, Messages, Product
from recs_platform.plurals import counted
from recs_platform.schemas.offer_ranking_reports import OfferComparison
from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.warehouse.query import Query

AVERAGES = ("chance", "expected margin", "discount", "own brand", "offers per customer")


class ComparedOffers(ComparedCustomers):
    """A day's lists of offers beside those that are live: the rows of the `offer_comparison` table."""

    titles: ClassVar[Mapping[str, str]] = {
        "customers": "Customers",
        "lost_because": "Why customers are lost",
        "lists": "Offers of customers in common",
        "averages": "Averages of all offers",
        "replaced": "Offers that still run and are replaced for most customers in common",
        "added": "Offers that are new to most customers in common",
    }
    first: ClassVar[tuple[str, ...]] = ("customers", "averages")

    @property
    def lists_changed(self) -> float:
        """Share of live offers that still run and that their customers would not get any more.

        None of them running is no reason to refuse: on the day after all offers ended, every list is a new one.
        """
        kept, *gone = (self.figure("lists", name)["count"] for name in ("kept", "replaced", "withdrawn"))
        running = kept + sum(gone)
        return sum(gone) / running if running else 0.0

    @property
    def order_changed(self) -> float:
        """How far the offers that stay have moved in their customers' lists, as a share of the farthest possible: 1 is
        every list turned round, and about two thirds an order drawn at random. Comparisons that were stored by earlier
        code do not say."""
        moved = self._figures.get(("lists", "moved"))
        return moved["share"] or 0.0 if moved else 0.0

    @property
    def score_move(self) -> float | None:
        return self.average_apart("chance")

    def summary(self) -> str:
        customers = {name: self.figure("customers", name)["count"] for name in ("common", "gained", "lost")}
        if self.is_first:
            return f"Nothing was live before: first offers for {counted(customers['gained'], 'customer')}."
        kept, ended = self.figure("lists", "kept")["share"], self.figure("lists", "ended")["count"]
        stays = (
            "none of their live offers is still running" if kept is None else f"{kept:.2%} of their running offers stay"
        )
        causes = ", ".join(f"{row['count']:,} {row['name']}" for row in self.section("lost_because"))
        return (
            f"{customers['common']:,} customers in common: {stays}, {ended:,} ended; {customers['gained']:,} gained, "
            f"{customers['lost']:,} lost{f' ({causes})' if causes else ''}."
        )

    def _size(self, row: Mapping[str, Any]) -> float:
        match row["section"]:
            case "lost_because" | "replaced" | "added":
                return float(row["count"] or 0)
            case "averages":
                return float(len(AVERAGES) - AVERAGES.index(row["name"]))
        return 0.0

    def _columns(self, section: str) -> tuple[str, ...]:
        match section:
            case "averages":
                return ("", "live", "new", "moved", "scored by")
            case "replaced":
                return ("offer", "customers", "share", "chance live", "chance new", "why")
            case "added":
                return ("offer", "customers", "share", "chance", "of")
            case "lists":
                return ("offers", "count", "share")
        return ("customers" if section == "customers" else "", "count", "share")

    def _cells(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        counted = (row["name"], f"{row['count'] or 0:,}", percent(row["share"]))
        before, after = row["before"], row["after"]
        match row["section"]:
            case "averages":
                averages = (_average(row["name"], before), _average(row["name"], after))
                return (row["name"], *averages, percent(row["share"], "+"), row["detail"] or "")
            case "replaced":
                return (*counted, percent(before), percent(after), row["detail"])
            case "added":
                return (*counted, percent(after), row["detail"])
        return counted


def offers(of: TableSpec, figures: Query, messages: Messages | None = None) -> Product[ComparedOffers]:
    """A table of ranked offers, several rows per customer, as what a strategy publishes."""
    return Product(
        RECOMMENDATIONS,
        of,
        content="recommendations",
        limits="customers lost, running offers replaced, their order",
        read_by=("as_of", "customer_id", "rank", "offer_id", "generated_at"),
        figures=figures,
        compared=ComparedOffers,
        judge=judge_offers,
        compared_by=spec_of(OfferComparison).name,
        messages=messages,
    )


def judge_offers(compared: ComparedOffers, parameters: OfferRankingParameters) -> tuple[Guardrail, ...]:
    """All guardrails; none of a first publication."""
    if compared.is_first:
        return ()
    return (
        customers_kept(compared.customers_lost, parameters.max_customers_lost),
        at_most(
            "lists_changed",
            compared.lists_changed,
            parameters.max_lists_changed,
            shown="{:.2%} of live offers that still run are replaced",
            unknown="the share of offers replaced is unknown",
        ),
        at_most(
            "order_changed",
            compared.order_changed,
            parameters.max_order_changed,
            shown="offers that stay have moved {:.2%} of as far as they could in their lists",
            unknown="the order of offers cannot be compared",
        ),
        told(
            at_most(
                "score_move",
                compared.score_move,
                parameters.max_score_move,
                shown="of the average chances, live and new, the higher is {:.2%} above the lower",
                unknown="average chances cannot be compared",
            )
        ),
    )


def _average(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if name in ("expected margin", "offers per customer") else f"{value:.2%}"

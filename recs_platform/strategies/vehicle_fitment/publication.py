"""Recommendations as a product: what the comparison of two days' parts per customer says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from recs_platform.declarations.comparison import ComparedCustomers, percent
from recs_platform.declarations.guardrails import Guardrail, at_least, at_most, customers_kept
from recs_platform.declarations.parameters import Parameters
from recs_platform.declarations.product import RECOMMENDATIONS, Messages, Product
from recs_platform.plurals import counted
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.query import Query

PLACES = ("1", "2", "3", "4")


class ComparedRecommendations(ComparedCustomers):
    """A day's recommendations beside those that are live: the rows of the `comparison` table."""

    titles: ClassVar[Mapping[str, str]] = {
        "customers": "Customers",
        "lost_because": "Why customers are lost",
        "changed_per_customer": "Recommendations changed per customer in common",
        "changed_at_position": "Customers in common whose recommendation changed, by position",
        "scores": "Scores of customers in common",
        "average_price": "Average price by position",
        "swaps": "Largest swaps",
    }
    first: ClassVar[tuple[str, ...]] = ("customers", "average_price")

    @property
    def stability(self) -> float | None:
        """Share of customers in common for whom nothing changes; None when there are none."""
        share: float | None = self.figure("changed_per_customer", "0")["share"]
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

    def summary(self) -> str:
        customers = {name: self.figure("customers", name)["count"] for name in ("common", "gained", "lost")}
        if self.is_first:
            return f"Nothing was live before: first recommendations for {counted(customers['gained'], 'customer')}."
        kept = "" if self.stability is None else f", {self.stability:.2%} of whom keep all four recommendations"
        causes = ", ".join(f"{row['count']:,} {row['name']}" for row in self.section("lost_because"))
        return (
            f"{customers['common']:,} customers in common{kept}; {customers['gained']:,} gained, "
            f"{customers['lost']:,} lost{f' ({causes})' if causes else ''}."
        )

    def _size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] or 0) if row["section"] in ("lost_because", "swaps") else 0

    def _columns(self, section: str) -> tuple[str, ...]:
        if section == "average_price":
            return ("position", "live", "new", "moved")
        if section == "swaps":
            return ("swap", "customers", "share", "why")
        return ("customers" if section == "customers" else "", "count", "share")

    def _cells(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        if row["section"] == "average_price":
            return (row["name"], _price(row["before"]), _price(row["after"]), percent(row["share"], "+"))
        counted = (row["name"], f"{row['count']:,}", percent(row["share"]))
        return (*counted, row["detail"]) if row["section"] == "swaps" else counted


def recommendations(
    of: TableSpec, figures: Query, messages: Messages | None = None
) -> Product[ComparedRecommendations]:
    """A table of recommendations as what a strategy publishes."""
    return Product(
        RECOMMENDATIONS,
        of,
        content="recommendations",
        limits="stability, customers lost, average prices",
        read_by=("as_of", "customer_id", "generated_at"),
        figures=figures,
        compared=ComparedRecommendations,
        judge=judge_recommendations,
        messages=messages,
    )


def judge_recommendations(compared: ComparedRecommendations, parameters: Parameters) -> tuple[Guardrail, ...]:
    """All guardrails; none of a first publication."""
    if compared.is_first:
        return ()
    return (
        at_least(
            "stability",
            compared.stability,
            parameters.min_stability,
            shown="{:.2%} of customers in common keep all recommendations",
            unknown="no customer is in common",
        ),
        customers_kept(compared.customers_lost, parameters.max_customers_lost),
        at_most(
            "price_move",
            compared.price_move,
            parameters.max_price_move,
            shown="the average price moves by {:+.2%}",
            unknown="average prices cannot be compared",
        ),
    )


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"

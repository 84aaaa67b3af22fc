"""What a strategy may publish: a table, how two versions of it are compared and judged, and how one is read back.

Each product is published by itself: it has its own live table, comparison, guardrails, versions and asset. Not here:
the products there are (`publication.py` of a strategy, `publication/allocation.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar

from recs_platform.declarations.comparison import Compared
from recs_platform.declarations.guardrails import Guardrail
from recs_platform.schemas.table import Empty, TableSpec
from recs_platform.warehouse.query import Query

RECOMMENDATIONS, ALLOCATION = "recommendations", "allocation"

PUBLISHED = "published"
"""The name under which the figures of a product read its table: a day of it, or what is live."""
FIGURES = ("row_count", "customers", "first_day", "last_day", "oldest", "newest", "flaw")
"""`customers` is NULL where a product is not for customers one by one; `flaw` says what is wrong with the version as a
whole, and is NULL where nothing is."""

Compares = TypeVar("Compares", bound=Compared)


@dataclass(frozen=True)
class Messages:
    """Queries over `published` that give what messages to customers hold, in the order of `customer_id`."""

    recipients: Query
    """One row per customer: the address on a channel, or why there is none."""
    items: Query
    """One row per customer and place of the list, as `MESSAGE_ITEM` has it."""
    longest: Callable[[Any], int]
    """How many places a list has, as the parameters say."""


MESSAGE_ITEM = ("customer_id", "rank", "item_id", "offer_id", "ends_on", "discount", "price", "name", "image_url")
RECIPIENT = ("customer_id", "address", "reason")


@dataclass(frozen=True)
class Product(Generic[Compares]):
    name: str
    of: TableSpec
    """The published table: a snapshot a day."""
    content: str
    """What its rows are, in words."""
    limits: str
    """What its guardrails limit, in words."""
    read_by: tuple[str, ...]
    """The columns that its table must have, for its figures."""
    figures: Query
    """What a version is known by: a query over `published` that gives one row, with the columns of FIGURES."""
    compared: Callable[[Sequence[Mapping[str, Any]]], Compares]
    """Makes the rows of its comparison speak."""
    judge: Callable[[Compares, Any], tuple[Guardrail, ...]]
    """Holds its comparison against the limits, which are parameters of the strategy."""
    compared_by: str | None = None
    """The table of its comparison, where it is not named after the product: two queries never share a name."""
    messages: Messages | None = None
    """How it is sent to customers; None of one that is not for customers one by one."""

    @cached_property
    def live(self) -> TableSpec:
        """What customers see of it: one snapshot at a time, which only publishing changes.

        It is state, not history: a query that reads it is shown it whole, whatever day it is of and runs for.
        """
        return replace(self.of, name=f"live_{self.of.name}", empty=Empty.ALLOWED)

    @property
    def comparison(self) -> str:
        return self.compared_by or f"{self._prefix}comparison"

    @property
    def guardrails(self) -> str:
        """The name of its check in Dagster."""
        return f"{self._prefix}guardrails"

    @property
    def asset(self) -> str:
        """The name of what makes a version live, in Dagster."""
        return f"{self._prefix}publication"

    @property
    def option(self) -> str:
        """How a command names it."""
        return f" --product {self.name}" if self._prefix else ""

    def of_company(self, company: str) -> str:
        """A company's own, as messages and locks name it."""
        return f"{company} {self.name}" if self._prefix else company

    @property
    def _prefix(self) -> str:
        """Recommendations are what is published unless something else is named, and have the plain names."""
        return "" if self.name == RECOMMENDATIONS else f"{self.name}_"


AnyProduct: TypeAlias = Product[Any]

"""What there is to say of a client's list and of an item: the facts, in the form in which they are told."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recs_platform.model_registry.score_parts import ScoreParts
from recs_platform.strategies.replenishment.why.no_list import NoList
from recs_platform.strategies.replenishment.why.working import (
    Factor,
)

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Order:
    order_id: str
    ordered_on: datetime.date
    quantity: int
    is_sent_back: bool
    """All of it came back, and so the order does not count."""


@dataclass(frozen=True)
class Buyer:
    """A similar client who orders the item."""

    customer_id: str
    rank: int
    similarity: float
    orders: int
    last_ordered_on: datetime.date


@dataclass(frozen=True)
class ItemExplained:
    """An item of the list, or one that somebody asks about."""

    item_id: str
    name: str | None
    group_id: str | None
    rank: int | None
    kind: str | None
    score: float | None
    reason: str | None
    scored_by: str | None
    orders: tuple[Order, ...]
    """The client's own, the oldest first."""
    usual_gap_days: float | None
    due_on: datetime.date | None
    days_late: int | None
    """Below 0 where it is not due yet."""
    buyers: tuple[Buyer, ...]
    factors: tuple[Factor, ...]
    """What its score is made of, where no model gave it."""
    model: ScoreParts | None
    """What it is made of, where a model gave it."""
    adds_up: bool
    """They give the stored score; otherwise tables of the day, or parameters, have changed since it was made."""


@dataclass(frozen=True)
class LeftOut:
    item_id: str
    kind: str
    score: float | None
    rule: str
    words: str
    is_stronger: bool
    """Than the last of its kind that is in the list; the others are next in line."""


@dataclass(frozen=True)
class ClientExplained:
    company: str
    date: datetime.date
    customer_id: str
    segment: str | None
    orders: int
    first_ordered_on: datetime.date | None
    last_ordered_on: datetime.date | None
    usual_gap_days: float | None
    similar_clients: int
    model_version: int | None
    model_of: datetime.date | None
    """Of the model that scored it, the day that it was trained for."""
    week: datetime.date | None
    version: str | None
    items: tuple[ItemExplained, ...]
    left_out: tuple[LeftOut, ...]
    nothing: NoList | None
    follows_rules: bool
    """The rules of today's parameters give the stored list."""


@dataclass(frozen=True)
class ItemAsked:
    """One item in particular."""

    company: str
    date: datetime.date
    customer_id: str
    verdict: str
    """recommended, or the rule that keeps it out."""
    words: str
    place: int | None
    """Among what scored of its kind."""
    of_kind: int
    model_version: int | None
    model_of: datetime.date | None
    item: ItemExplained

"""What the day's tables hold about one client: the answers to the questions of `sql/explanation/replenishment/`.

Not here: what they mean (answer.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.pipeline.day_reader import DayReader, Row
from recs_platform.strategies.replenishment.client_versions import OWN_MEASURE
from recs_platform.strategies.replenishment.parameters import parameters_of
from recs_platform.strategies.replenishment.why.working import scored_by_rule

BY_TASTE = "slow_cosine"
ByItem = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class ClientFacts:
    """What bears on one client's list."""

    day: date
    profile: Row
    listed: Sequence[Row]
    scores: Sequence[Row]
    """All that it may be recommended: repurchases first, each kind with its best."""
    bought: Mapping[str, Row]
    """Every item that it ordered, also what was sent back or is no longer sold."""
    new: Sequence[Row]
    """What is new in the groups that it buys of."""
    similar: Sequence[Row]
    """Who orders most like it, in the way in which its discoveries are found."""
    measure: str

    @property
    def digest(self) -> str | None:
        """Of the model that scored it."""
        by = str(self.scores[0]["scored_by"]) if self.scores else ""
        return by if by and not scored_by_rule(by) else None


@dataclass(frozen=True)
class ItemFacts:
    """What stands behind some items, for one client."""

    goods: Mapping[str, Row]
    """What the day knows of each."""
    orders: ByItem
    buyers: ByItem
    """The similar clients who order it, the most similar first."""


def facts_of_client(read: DayReader, client: str) -> ClientFacts:
    """Everything about the client with this id; a ConfigError when the day knows no such client."""
    found = read.rows("client_of_day", customer=client)
    if not found:
        raise ConfigError(f"{read.company.name} has no client {mask_text(client.strip())} on {read.day}.")
    who = found[0]["customer_id"]
    scores = read.rows("scores_of_client", customer=who)
    measure = _measure(scores, parameters_of(read.company).version)
    return ClientFacts(
        read.day,
        found[0],
        read.rows("list_of_client", customer=who),
        scores,
        {row["item_id"]: row for row in read.rows("items_of_client", customer=who)},
        read.rows("new_items_for_client", customer=who),
        read.rows("similar_to_client", customer=who, measure=measure),
        measure,
    )


def facts_of_items(read: DayReader, client: ClientFacts, items: Iterable[str]) -> ItemFacts:
    named, who = tuple(sorted(set(items))), client.profile["customer_id"]
    buyers = read.rows("neighbours_with_items", customer=who, measure=client.measure, items=named)
    return ItemFacts(
        {row["item_id"]: row for row in read.rows("items_of_day", items=named)},
        _by_item(read.rows("orders_of_items", customer=who, items=named)),
        _by_item(buyers),
    )


def _measure(scores: Sequence[Row], version: str) -> str:
    """Of those whom a model scores, by their tastes over a long time: the strongest of its sources."""
    if not scores:
        return OWN_MEASURE[version]
    return OWN_MEASURE[scores[0]["version"]] if scored_by_rule(scores[0]["scored_by"]) else BY_TASTE


def _by_item(rows: Iterable[Row]) -> ByItem:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["item_id"]].append(row)
    return found

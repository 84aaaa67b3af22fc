"""A list as it is now: the published one, without what has been bought since, what is unwanted and what has ended.

Nothing is scored here and nothing is added, so a list keeps what it was published with: at most so many of a group, the
best first. Of a list of two kinds, fewer places are shared out as all of them were. Pure: the clock and the store are
the route's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from recs_platform.schemas.replenishment import DISCOVERY
from recs_platform.serving.items import Item, id_of


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for."""

    top_n: int
    as_of: date
    exclusions: Collection[str] = ()
    """Items, or offers."""
    bought: Mapping[str, date] | None = None
    """What the customer has ordered since the list was made, and on which day."""
    discovery_share: float = 0.0
    """Share of the places that are for what the customer never bought, where lists are of two kinds."""
    alike: Callable[[str], str] = str
    """What stands for an item where several are variants of one: of bought ones none is recommended."""


@dataclass(frozen=True)
class OnDemand:
    items: list[Item]
    """Renumbered."""
    left_out: list[dict[str, str]]
    """In the order of the published list: what, and why."""
    short_by: int
    """Items fewer than were asked for."""


def on_demand(published: Sequence[Item], wanted: Wanted) -> OnDemand:
    """`published` is by rank."""
    bought: dict[str, date] = {}
    for name, day in (wanted.bought or {}).items():
        family = wanted.alike(name)
        bought[family] = max(day, bought.get(family, day))
    kept, left_out = list[Item](), list[dict[str, str]]()
    for item in published:
        why = _why_not(item, wanted, bought)
        if why:
            left_out.append({"item_id": id_of(item), "why": why})
        else:
            kept.append(item)
    chosen = _first(kept, wanted)
    items = [{**item, "rank": rank} for rank, item in enumerate(chosen, 1)]
    return OnDemand(items, left_out, max(0, wanted.top_n - len(items)))


def _why_not(item: Item, wanted: Wanted, bought: Mapping[str, date]) -> str:
    names = {str(item[name]) for name in ("item_id", "offer_id") if item.get(name) is not None}
    if names & set(wanted.exclusions):
        return "excluded"
    own = item.get("item_id")
    ordered = bought.get(wanted.alike(str(own))) if own is not None else None
    if ordered is not None:
        return f"ordered on {ordered}"
    ends_on = item.get("ends_on")
    if ends_on is not None and wanted.as_of > date.fromisoformat(str(ends_on)[:10]):
        return f"its offer ended on {str(ends_on)[:10]}"
    return ""


def _first(kept: Sequence[Item], wanted: Wanted) -> list[Item]:
    """The best of each kind, in the order of the list; what one kind cannot fill goes to the other."""
    discoveries = [item for item in kept if item.get("kind") == DISCOVERY]
    others = len(kept) - len(discoveries)
    places = min(len(discoveries), round(wanted.top_n * wanted.discovery_share))
    places = max(places, min(len(discoveries), wanted.top_n - others))
    of_others, chosen = min(others, wanted.top_n - places), []
    for item in kept:
        if item.get("kind") == DISCOVERY and places:
            chosen.append(item)
            places -= 1
        elif item.get("kind") != DISCOVERY and of_others:
            chosen.append(item)
            of_others -= 1
    return chosen

"""Why a client has no list, in plain words, and what would change that. The reasons are those of
`sql/replenishment/unserved_clients.sql`; who is not active is told, too."""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.plurals import counted
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.why.client_facts import ClientFacts


@dataclass(frozen=True)
class NoList:
    reason: str
    words: str
    remedy: str


def why_no_list(facts: ClientFacts, parameters: ReplenishmentParameters) -> NoList:
    """`facts` are those of a client without a list."""
    profile, window = facts.profile, parameters.active_window_days
    if profile["orders"] is None:
        return NoList(
            "it never ordered",
            f"It has no order in the {parameters.history_days} days up to {facts.day}.",
            "An order of it in the feed of events, under the same customer_id.",
        )
    if not profile["is_active"]:
        since = (facts.day - profile["last_ordered_on"]).days
        return NoList(
            "not active",
            f"Its last order was on {profile['last_ordered_on']}, {since} days ago. Lists are for who ordered in "
            f"the last {window} days (active_window_days).",
            "An order.",
        )
    reason = profile["without_list_because"]
    if reason is None:
        return NoList("the day is not whole", "Its lists were made of other tables than these.", "Make the day again.")
    return NoList(reason, *_stands_behind(reason, facts))


def _stands_behind(reason: str, facts: ClientFacts) -> tuple[str, str]:
    bought = facts.bought.values()
    back = sum(not row["orders"] for row in bought)
    gone = sum(bool(row["orders"]) and row["is_discontinued"] for row in bought)
    ordered = counted(len(facts.bought), "item")
    match reason:
        case "all it ordered was sent back":
            return (
                f"It ordered {ordered}, and every order of each came back in full. {_similar(facts)}",
                "An order that it keeps.",
            )
        case "no candidates":
            return (
                f"It ordered {ordered}: {gone} no longer stand in the catalog, and {back} came back. {_similar(facts)}",
                "An order of something that is sold, or the items in the feed of the catalog.",
            )
        case "all candidates are discontinued":
            return (
                f"It ordered {ordered}, of which {gone} no longer stand in the catalog of {facts.day}, and nothing "
                "that similar clients order does.",
                "The items in the feed of the catalog.",
            )
        case "candidates ruled out":
            return (
                f"{counted(len(facts.scores), 'item')} scored for it, and the rules of a list let none in: "
                "repurchases must have been kept, discoveries never ordered.",
                "Make the week again. If it says the same, this is a defect of the platform.",
            )
        case _:
            return (
                f"It ordered {ordered}, and finding or scoring its candidates failed, which stopped nobody else.",
                "The log of the run holds the error. If it is the same when the week is made again, it is a defect.",
            )


def _similar(facts: ClientFacts) -> str:
    if not facts.similar:
        return "Nobody else orders what it orders, so nothing is known that it may want to try."
    return f"{counted(len(facts.similar), 'similar client')} order nothing else that it may be recommended."

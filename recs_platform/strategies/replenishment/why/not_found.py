"""Why an item is no candidate of a client: which rule left it out before anything was scored.

Pure. Not here: what keeps a candidate out of the list (choosing.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from recs_platform.pipeline.day_reader import Row
from recs_platform.plurals import counted
from recs_platform.strategies.replenishment.parameters import POPULAR, ReplenishmentParameters
from recs_platform.strategies.replenishment.why.choosing import Passed
from recs_platform.strategies.replenishment.why.client_facts import ClientFacts
from recs_platform.strategies.replenishment.why.working import new_item_factors, score_of

DISCONTINUED, SENT_BACK, NEW_SHARE, NO_CANDIDATE = "discontinued", "sent back", "new-item share", "no candidate"


@dataclass(frozen=True)
class NewItem:
    item_id: str
    group_id: str
    score: float
    """What it has or would have."""
    is_chosen: bool


def why_no_candidate(
    facts: ClientFacts, item: Row, buyers: int, parameters: ReplenishmentParameters, version: str
) -> Passed:
    """`item` is a row of items_of_day; so many similar clients buy it."""
    if item["is_discontinued"]:
        return Passed(DISCONTINUED, f"it does not stand in the catalog of {facts.day}")
    mine = facts.bought.get(item["item_id"])
    if mine is not None and not mine["orders"]:
        back = counted(mine["orders_sent_back"], "order")
        return Passed(
            SENT_BACK, f"{back} with it came back in full: such items are neither bought again nor discovered"
        )
    if mine is not None:
        return Passed(
            NO_CANDIDATE,
            f"{counted(parameters.most_repurchases, 'item')} of the client are scored, and it orders so many others "
            "more often or more lately (repurchase_candidates_per_client)",
        )
    if version == "v31" and facts.profile["segment"] == "heavy":
        return Passed(NO_CANDIDATE, "heavy clients discover nothing (version v31)")
    if item["is_new"] and version != "v31" and not buyers:
        return _new(facts, item, parameters)
    return Passed(NO_CANDIDATE, _too_few_buyers(facts, item, buyers, parameters))


def new_items(facts: ClientFacts) -> list[NewItem]:
    """Of the groups that the client buys of, what suits it best first."""
    scored = {row["item_id"]: row for row in facts.scores}
    found = []
    for row in facts.new:
        suits = score_of(new_item_factors(row, facts.bought.values()))
        mine = scored.get(row["item_id"])
        found.append(NewItem(row["item_id"], row["group_id"], suits, mine is not None and is_new_item(mine)))
    return sorted(found, key=lambda item: (-item.score, item.item_id))


def is_new_item(scored: Row) -> bool:
    """Whether an item was scored for being new; `scored` is a row of scores_of_client."""
    reason, new = scored["reason"], f"new in {scored['group_id']}"
    return reason == new or (scored["weeks_ignored"] is not None and reason.startswith(f"{new}; shown in "))


def most_new(parameters: ReplenishmentParameters) -> int:
    """New items in a list."""
    return math.floor(round(parameters.new_item_share * parameters.discoveries_per_client, 6))


def _new(facts: ClientFacts, item: Row, parameters: ReplenishmentParameters) -> Passed:
    among = new_items(facts)
    if item["item_id"] not in {one.item_id for one in among}:
        group = f"of its group, {item['group_id']}" if item["group_id"] else "that is alike: it has no group"
        return Passed(NO_CANDIDATE, f"it is new, nobody similar orders it yet, and the client bought nothing {group}")
    return passed_as_new(among, parameters)


def passed_as_new(among: list[NewItem], parameters: ReplenishmentParameters) -> Passed:
    chosen, most = [one.item_id for one in among if one.is_chosen], most_new(parameters)
    better = f", and {', '.join(chosen)} {'suits' if len(chosen) == 1 else 'suit'} the client better" if chosen else ""
    return Passed(
        NEW_SHARE,
        f"it is new; of {counted(parameters.discoveries_per_client, 'discovery', 'discoveries')} at most {most} may be"
        f"{better} (new_item_share)",
    )


def _too_few_buyers(facts: ClientFacts, item: Row, buyers: int, parameters: ReplenishmentParameters) -> str:
    similar = len(facts.similar)
    if not similar:
        others = "nobody orders anything that the client orders"
    elif not buyers:
        others = f"none of {counted(similar, 'similar client')} orders it"
    else:
        others = (
            f"{buyers} of {counted(similar, 'similar client')} {'orders' if buyers == 1 else 'order'} it, and "
            f"{parameters.candidates_per_client} items have more of their likeness (candidates_per_client)"
        )
    everybody = f"{item['buyers']} of {counted(item['clients'], 'client')}"
    return f"{others}; {everybody} order it, which is not among the {POPULAR} that most do"

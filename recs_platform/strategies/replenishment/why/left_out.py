"""What stronger candidates a rule kept out of a client's list, and what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from recs_platform.pipeline.day_reader import Row
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.why.choosing import MIX, filled
from recs_platform.strategies.replenishment.why.client_facts import (
    ClientFacts,
)
from recs_platform.strategies.replenishment.why.not_found import (
    DISCONTINUED,
    new_items,
    passed_as_new,
)
from recs_platform.strategies.replenishment.why.working import (
    repurchase_factors,
    score_of,
    scored_by_rule,
)

if TYPE_CHECKING:
    pass
from recs_platform.strategies.replenishment.why.explained import LeftOut

NEXT_IN_LINE = 3
"""So many of each kind that the mix leaves out are told."""


def left_out(facts: ClientFacts, parameters: ReplenishmentParameters) -> Iterator[LeftOut]:
    """What would stand before the last of the list, but for a rule; then what comes next."""
    if not facts.listed:
        return
    found = filled(facts.scores, parameters)
    chosen = {row["item_id"] for row in facts.listed}
    passed = [row for row in facts.scores if row["item_id"] in found.passed and row["item_id"] not in chosen]
    stronger = [row for row in passed if _is_stronger(row, facts.listed)]
    yield from _discontinued(facts, parameters)
    for row in stronger:
        rule = found.passed[row["item_id"]]
        yield LeftOut(row["item_id"], row["kind"], row["score"], rule.rule, rule.words, is_stronger=True)
    yield from _new_left_out(facts, parameters)
    for kind in (REPURCHASE, DISCOVERY):
        following = [row for row in passed if row["kind"] == kind and row not in stronger]
        cut = [row for row in following if found.passed[row["item_id"]].rule == MIX]
        for row in cut[:NEXT_IN_LINE]:
            rule = found.passed[row["item_id"]]
            yield LeftOut(row["item_id"], kind, row["score"], rule.rule, rule.words, is_stronger=False)


def _is_stronger(row: Row, listed: Sequence[Row]) -> bool:
    """Than the last one in the list: of its kind, since scores of two kinds are on one scale only if a model gave
    them."""
    others = [one for one in listed if one["kind"] == row["kind"] or not scored_by_rule(one["scored_by"])]
    last = max(((-one["score"], one["item_id"]) for one in others), default=None)
    return last is not None and (-row["score"], row["item_id"]) < last


def _discontinued(facts: ClientFacts, parameters: ReplenishmentParameters) -> Iterator[LeftOut]:
    """What the client buys and nobody sells any more, where it would have had a place by its orders."""
    version = facts.listed[0]["version"]

    def by_orders(item: str) -> float:
        return score_of(repurchase_factors(facts.bought[item], parameters, version))

    again = [row["item_id"] for row in facts.listed if row["kind"] == REPURCHASE and row["item_id"] in facts.bought]
    least = min(map(by_orders, again)) if len(again) >= parameters.repurchases_per_client and again else 0.0
    gone = [row["item_id"] for row in facts.bought.values() if row["is_discontinued"] and row["orders"]]
    for item in _best_first(gone, by_orders):
        if by_orders(item) >= least:
            words = f"it does not stand in the catalog of {facts.day}"
            yield LeftOut(item, REPURCHASE, None, DISCONTINUED, words, is_stronger=True)


def _best_first(items: Iterable[str], score: Callable[[str], float]) -> list[str]:
    return sorted(items, key=lambda item: (-score(item), item))


def _new_left_out(facts: ClientFacts, parameters: ReplenishmentParameters) -> Iterator[LeftOut]:
    """What is new and suits the client, where others that are new have the places."""
    if facts.listed[0]["version"] == "v31":
        return
    among, scored = new_items(facts), {row["item_id"] for row in facts.scores}
    for one in [one for one in among if one.item_id not in scored][:NEXT_IN_LINE]:
        passed = passed_as_new(among, parameters)
        yield LeftOut(one.item_id, DISCOVERY, one.score, passed.rule, passed.words, is_stronger=True)

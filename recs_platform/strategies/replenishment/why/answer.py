"""Why a client's list is what it is: each item with what stands behind it, what stronger candidates a rule removed, and
any item that somebody names. Computed from the day's tables; a score without a model is worked out again.

Not here: how it is said (explanation.py), and the rules (choosing.py, left_out.py, not_found.py, no_list.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.model_registry.score_parts import ADDS_UP_WITHIN, ScoreParts
from recs_platform.pipeline.day_reader import DayReader, Row
from recs_platform.schemas.replenishment import REPURCHASE
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.strategies.replenishment.why.choosing import Passed, filled
from recs_platform.strategies.replenishment.why.client_facts import (
    ClientFacts,
    ItemFacts,
    facts_of_client,
    facts_of_items,
)
from recs_platform.strategies.replenishment.why.no_list import why_no_list
from recs_platform.strategies.replenishment.why.not_found import (
    is_new_item,
    why_no_candidate,
)
from recs_platform.strategies.replenishment.why.working import (
    ROUNDING,
    Factor,
    behind_the_model,
    by_the_model,
    discovery_factors,
    new_item_factors,
    repurchase_factors,
    score_of,
    scored_by_rule,
    step_back_factor,
    stepped_back,
)

if TYPE_CHECKING:
    from recs_platform.strategies.replenishment.why.model_parts import ModelParts
from recs_platform.strategies.replenishment.why.explained import Buyer, ClientExplained, ItemAsked, ItemExplained, Order
from recs_platform.strategies.replenishment.why.left_out import left_out


def _model(read: DayReader, facts: ClientFacts, items: Sequence[str]) -> ModelParts | None:
    """None where no model scored the client, or none of the items was scored."""
    if facts.digest is None or not {row["item_id"] for row in facts.scores} & set(items):
        return None
    from recs_platform.strategies.replenishment.why.model_parts import parts_by_model

    return parts_by_model(read, facts.profile["customer_id"], items, facts.digest)


def explain(read: DayReader, client: str) -> ClientExplained:
    """Everything about a client's list; a ConfigError when the day knows no such client."""
    facts, parameters = facts_of_client(read, client), parameters_of(read.company)
    profile, first = facts.profile, facts.listed[0] if facts.listed else {}
    items = [row["item_id"] for row in facts.listed]
    behind, model = facts_of_items(read, facts, items), _model(read, facts, items)
    again = {row["item_id"] for row in filled(facts.scores, parameters).chosen}
    return ClientExplained(
        company=read.company.name,
        date=read.day,
        customer_id=profile["customer_id"],
        segment=profile["segment"] if profile["is_active"] else None,
        orders=profile["orders"] or 0,
        first_ordered_on=profile["first_ordered_on"],
        last_ordered_on=profile["last_ordered_on"],
        usual_gap_days=profile["mean_gap_days"],
        similar_clients=len(facts.similar),
        model_version=model.version if model else None,
        model_of=model.of if model else None,
        week=first.get("week"),
        version=first.get("version"),
        items=tuple(_item(facts, behind, item, parameters, model) for item in items),
        left_out=tuple(left_out(facts, parameters)),
        nothing=None if facts.listed else why_no_list(facts, parameters),
        follows_rules=not facts.listed or again == {row["item_id"] for row in facts.listed},
    )


def explain_item(read: DayReader, client: str, item: str) -> ItemAsked:
    """Why an item is in a client's list, or is not; a ConfigError when the day knows no such client or item."""
    facts, parameters = facts_of_client(read, client), parameters_of(read.company)
    who = facts.profile["customer_id"]
    behind = facts_of_items(read, facts, [item])
    if item not in behind.goods:
        raise ConfigError(f"{read.company.name} has no item {mask_text(item)} on {read.day}.")
    model = _model(read, facts, [item])
    found = _item(facts, behind, item, parameters, model)
    alike = [row["item_id"] for row in facts.scores if row["kind"] == found.kind]
    verdict, words = _verdict(facts, behind, found, parameters)
    return ItemAsked(
        read.company.name,
        read.day,
        who,
        verdict,
        words,
        alike.index(item) + 1 if found.kind and item in alike else None,
        len(alike),
        model.version if model else None,
        model.of if model else None,
        found,
    )


def _verdict(
    facts: ClientFacts, behind: ItemFacts, found: ItemExplained, parameters: ReplenishmentParameters
) -> tuple[str, str]:
    if found.rank is not None:
        return "recommended", f"It is number {found.rank} of {len(facts.listed)}, a {found.kind}: {found.reason}."
    if not facts.profile["is_active"]:
        return "no list", why_no_list(facts, parameters).words
    if found.kind is None:
        version = facts.scores[0]["version"] if facts.scores else parameters.version
        goods, buyers = behind.goods[found.item_id], len(found.buyers)
        return _in_words(why_no_candidate(facts, goods, buyers, parameters, version))
    passed = filled(facts.scores, parameters).passed.get(found.item_id)
    if passed is None:
        return "not in the list", "By the parameters of today it would be. Make the week again."
    return _in_words(passed)


def _in_words(passed: Passed) -> tuple[str, str]:
    return passed.rule, f"{passed.words[:1].upper()}{passed.words[1:]}."


def _item(
    facts: ClientFacts, behind: ItemFacts, item: str, parameters: ReplenishmentParameters, model: ModelParts | None
) -> ItemExplained:
    listed = next((row for row in facts.listed if row["item_id"] == item), None)
    scored = next((row for row in facts.scores if row["item_id"] == item), None)
    goods, mine, row = behind.goods.get(item, {}), facts.bought.get(item), listed or scored
    by_model = model.by_item.get(item) if model and scored and scored["raw_score"] is not None else None
    if scored is not None and is_new_item(scored):
        by_model = None
    factors = _factors(facts, goods, scored, parameters) if by_model is None else ()
    late = None if mine is None or mine["mean_gap_days"] is None else mine["days_since"] - round(mine["mean_gap_days"])
    return ItemExplained(
        item_id=item,
        name=goods.get("name"),
        group_id=goods.get("group_id"),
        rank=listed["rank"] if listed else None,
        kind=row["kind"] if row else None,
        score=row["score"] if row else None,
        reason=row["reason"] if row else None,
        scored_by=row["scored_by"] if row else None,
        orders=tuple(
            Order(one["order_id"], one["ordered_on"], one["quantity"], one["sent_back"] >= one["quantity"])
            for one in behind.orders.get(item, ())
        ),
        usual_gap_days=mine["mean_gap_days"] if mine else None,
        due_on=None if late is None else facts.day - timedelta(days=late),
        days_late=late,
        buyers=tuple(
            Buyer(one["neighbour_id"], one["rank"], one["similarity"], one["orders"], one["last_ordered_on"])
            for one in behind.buyers.get(item, ())
        ),
        factors=(*factors, *(step_back_factor(scored) if scored and factors else ())),
        model=by_model,
        adds_up=scored is None or _adds_up(scored, factors, by_model),
    )


def _adds_up(scored: Row, factors: tuple[Factor, ...], by_model: ScoreParts | None) -> bool:
    """Whether the working gives the stored score."""
    score: float = scored["score"]
    if by_model is not None:
        stored = abs(stepped_back(scored) * by_the_model(scored["raw_score"]) - score) <= ROUNDING
        return stored and abs(by_model.raw - scored["raw_score"]) <= ADDS_UP_WITHIN
    worked = score_of(factors)
    if not scored_by_rule(scored["scored_by"]) and not is_new_item(scored):
        worked = behind_the_model(worked)
    return abs(stepped_back(scored) * worked - score) <= ROUNDING


def _factors(
    facts: ClientFacts, goods: Row, scored: Row | None, parameters: ReplenishmentParameters
) -> tuple[Factor, ...]:
    """None of what was not scored. What no model looked at is scored as version 3.2 does."""
    if scored is None:
        return ()
    if is_new_item(scored):
        return new_item_factors(goods, facts.bought.values())
    if scored["kind"] == REPURCHASE:
        return repurchase_factors(facts.bought[scored["item_id"]], parameters, scored["version"])
    return discovery_factors(goods, scored, parameters, scored["version"])

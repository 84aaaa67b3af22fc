"""How a score without a model comes about: the factors of `sql/replenishment/replenishment_scores.sql` for one item.

Pure. Not here: what a model makes of an item (model_parts.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from recs_platform.pipeline.day_reader import Row
from recs_platform.schemas.replenishment import VERSIONS
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters

UNKNOWN_DUE = 0.25
"""How due an item is that was ordered on one day alone, and the least that any can be."""
NEW = "new"
BY_POPULARITY = 0.1
ROUNDING = 1e-6


@dataclass(frozen=True)
class Factor:
    """Something that a score is made of: it multiplies the others, or is added to them."""

    name: str
    value: str
    """What is known, in words."""
    effect: float
    adds: bool = False


def scored_by_rule(scored_by: str) -> bool:
    """Or by a model."""
    return scored_by in VERSIONS


def repurchase_factors(item: Row, parameters: ReplenishmentParameters, version: str) -> tuple[Factor, ...]:
    """`item` is a row of items_of_client."""
    days, window = item["days_since"], parameters.active_window_days
    share = Factor("share of its orders", f"{item['share_of_orders']:.1%}", item["share_of_orders"])
    late = Factor("how lately", f"{days} days ago, and half after {window}", math.pow(0.5, days / window))
    if version == "v31":
        return share, late
    usual = (share, late, _due(days, item["mean_gap_days"]))
    season = _season(item, parameters)
    chosen = season if season and season[0].effect * season[1].effect > _product(usual) else usual
    return *chosen, *_trend(item["is_trending"], parameters)


def discovery_factors(item: Row, scored: Row, parameters: ReplenishmentParameters, version: str) -> tuple[Factor, ...]:
    """`item` is a row of items_of_day, `scored` one of scores_of_client."""
    buyers, clients = item["buyers"], item["clients"]
    named = f"{scored['neighbours']}, with {scored['neighbour_share']:.1%} of the likeness of all"
    if not scored["neighbours"]:
        named = f"not among the {parameters.candidates_per_client} items that most of them order"
    similar = Factor("similar clients who order it", named, scored["neighbour_share"], adds=True)
    share = BY_POPULARITY * buyers / max(clients, 1)
    popular = Factor("all clients who order it", f"{buyers} of {clients}, a tenth", share, adds=True)
    trending = version != "v31" and item["is_trending"]
    return similar, popular, *_trend(trending, parameters)


def new_item_factors(item: Row, bought: Iterable[Row]) -> tuple[Factor, ...]:
    """What the client's habits say of an item that is new; `bought` are rows of items_of_client."""
    kept = [row for row in bought if row["orders"] and not row["is_discontinued"]]
    whole = max(sum(row["orders"] for row in kept), 1)
    factors = [Factor(NEW, "stands before other discoveries", 2, adds=True)]
    for column, named in (("group_id", "group"), ("brand", "brand"), ("price_band", "price band")):
        alike = sum(row["orders"] for row in kept if row[column] == item[column] is not None)
        share = alike / whole
        factors.append(Factor(f"of its {named}", f"{share:.1%} of what it orders, a third", share / 3, adds=True))
    return tuple(factors)


def score_of(factors: Iterable[Factor]) -> float:
    """The sum of what adds, or 1, times what multiplies.

    >>> score_of([Factor("a", "", 0.5, adds=True), Factor("b", "", 0.25, adds=True), Factor("c", "", 1.2)])
    0.9
    """
    all_of_them = list(factors)
    added = [factor.effect for factor in all_of_them if factor.adds]
    return round((sum(added) if added else 1.0) * math.prod(f.effect for f in all_of_them if not f.adds), 6)


def _season(item: Row, parameters: ReplenishmentParameters) -> tuple[Factor, Factor] | None:
    """What is ordered at one time of the year counts by that time, once it has not been ordered for long."""
    if item["days_since"] < parameters.season_days or item["seasonality"] is None or item["season_share"] is None:
        return None
    share = f"{item['season_share']:.1%} around this time of last year"
    return (
        Factor("share of its orders", share, item["season_share"]),
        Factor("how much of a season the item has", f"{item['seasonality']:.2f}", item["seasonality"]),
    )


def _product(factors: Iterable[Factor]) -> float:
    return math.prod(factor.effect for factor in factors)


def stepped_back(scored: Row) -> float:
    """What the score of a row of scores_of_client is multiplied by for being shown and ignored; 1 of most."""
    return float(scored["ignored_factor"])


def step_back_factor(scored: Row) -> tuple[Factor, ...]:
    """In words; nothing where it does not step back."""
    if scored["weeks_ignored"] is None:
        return ()
    weeks = f"in {scored['weeks_ignored']} weeks, without a click or an order"
    return (Factor("shown and ignored", weeks, stepped_back(scored)),)


def behind_the_model(score: float) -> float:
    """What becomes of a score by rule where a model scored the client, and did not look at the item."""
    return 0.01 * score / (1 + score)


def by_the_model(raw: float) -> float:
    """What becomes of a model's raw score."""
    return 0.505 + 0.495 * raw / (1 + abs(raw))


def _due(days: int, gap: float | None) -> Factor:
    name = "how due"
    if gap is None:
        return Factor(name, "ordered on one day alone: nobody knows", UNKNOWN_DUE)
    passed = days / gap if days <= gap else gap / days
    return Factor(name, f"{days} of usually {gap:.1f} days have passed", UNKNOWN_DUE + (1 - UNKNOWN_DUE) * passed)


def _trend(trending: bool, parameters: ReplenishmentParameters) -> tuple[Factor, ...]:
    return (Factor("trending", "yes", 1 + parameters.trend_boost),) if trending else ()

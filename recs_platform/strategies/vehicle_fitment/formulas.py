"""The formulas of vehicle fitment for one part or event: what `recs why` shows the working of.

The pipeline's own are in `sql/vehicle_fitment/`; a test holds these against every stored score of a simulated world.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from recs_platform.schemas.vehicle_fitment import TIERS
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters

MILLION = 1_000_000


@dataclass(frozen=True)
class Segment:
    """What owners of a segment ordered of a part, and its share of their orders before and after shrinkage."""

    tier: str
    segment: str
    orders: int
    weighted_orders: float
    segment_orders: float
    """All weighted orders of the segment."""
    share: float
    shrunk_share: float


def family_of(item_id: str) -> str:
    """The SKU without the letter of a variant.

    >>> family_of("RA003B"), family_of("0-80457S"), family_of("KIT-G")
    ('RA003', '0-80457S', 'KIT-G')
    """
    return re.sub(r"([0-9])[BRGP]$", r"\1", item_id)


def rounded(value: float) -> float:
    """To six places, halves away from zero, as the engines round."""
    return math.floor(value * MILLION + 0.5) / MILLION


def event_weight(parameters: VehicleFitmentParameters, event_name: str) -> float:
    weights = {"product_viewed": parameters.view_weight, "cart_updated": parameters.cart_weight}
    return weights.get(event_name, parameters.order_weight)


def event_millionths(parameters: VehicleFitmentParameters, event_name: str, age_days: int) -> int:
    """What an event adds to the intent, in millionths.

    >>> event_millionths(VehicleFitmentParameters(cart_weight=3, intent_half_life_days=30), "cart_updated", 30)
    1500000
    """
    weight = event_weight(parameters, event_name)
    return math.floor(MILLION * weight * math.pow(0.5, age_days / parameters.intent_half_life_days) + 0.5)


def shrunk(
    parameters: VehicleFitmentParameters, evidence: Mapping[str, tuple[str, int, float, float]]
) -> tuple[Segment, ...]:
    """The segments of a part, the nearest first; `evidence` is segment, orders, weighted orders and total by tier."""
    segments: list[Segment] = []
    above = 0.0
    for tier in reversed(TIERS):
        segment, orders, weighted, total = evidence[tier]
        share = weighted / total if total else 0.0
        if tier == "global":
            above = share
        else:
            above = (weighted + parameters.shrinkage_orders * above) / (total + parameters.shrinkage_orders)
        segments.insert(0, Segment(tier, segment, orders, weighted, total, share, above))
    return tuple(segments)


def segment_score(
    parameters: VehicleFitmentParameters, segments: Sequence[Segment], vehicles_fitted: int, vehicles: int
) -> float:
    """The popularity of a part from its segments."""
    nearest, above = segments[0], segments[1].shrunk_share
    pooled = nearest.weighted_orders + parameters.shrinkage_orders * above
    share_of_thousand = 1000 * pooled / (nearest.segment_orders + parameters.shrinkage_orders)
    lost = parameters.universal_discount * vehicles_fitted / vehicles
    return rounded(2 * math.log(1 + share_of_thousand) * (1 - lost))


def global_score(orders: int) -> float:
    """The popularity of a part from everybody's orders.

    >>> round(global_score(288), 2)
    11.33
    """
    return rounded(2 * math.log(1 + orders))


def merchandising_faults(parameters: VehicleFitmentParameters, item: Mapping[str, Any] | None) -> list[str]:
    """Which merchandising rules a catalog row breaks, in words; None is an item that the catalog does not have."""
    if item is None:
        return ["not in the catalog"]
    faults = []
    if prefix := next((p for p in parameters.service_prefixes if item["item_id"].startswith(p)), None):
        faults.append(f"a service: its SKU begins with {prefix}")
    if item["price"] < parameters.min_price:
        faults.append(f"its price, {item['price']:,.2f}, is below {parameters.min_price:,.2f}")
    if parameters.refurbished_tag in (item["tags"] or "").lower():
        faults.append("refurbished")
    part_type = (item["category"] or "").lower()
    word = next((word for word in parameters.excluded_part_words if word in part_type), None)
    if word and part_type not in parameters.kept_part_types:
        faults.append(f"its part type, {item['category']}, is excluded by the word {word}")
    if not (item["image_url"] or "").startswith("https://"):
        faults.append("no image over https")
    return faults


def age_in_days(day: date, of: date) -> int:
    return (day - of).days

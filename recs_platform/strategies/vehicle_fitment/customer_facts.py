"""Everything the lake holds about one customer's recommendations on one day: the answers to the
questions of `sql/explanation/vehicle_fitment/`.

Not here: what they mean (why.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.pipeline.day_reader import DayReader, Row
from recs_platform.schemas.vehicle_fitment import TIERS
from recs_platform.strategies.vehicle_fitment.formulas import Segment, shrunk
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters


@dataclass(frozen=True)
class CustomerFacts:
    """What bears on one customer's recommendations; what hangs on a vehicle is empty for who is no owner."""

    day: date
    profile: Row
    newest_profile: str | None
    """The newest profile with the same address: the one that counts."""
    dropped: Row | None
    owner: Row | None = None
    recommended: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    intents: dict[str, Row] = field(default_factory=dict)
    ignored: dict[str, Row] = field(default_factory=dict)
    """What steps back, by item."""
    purchases: list[Row] = field(default_factory=list)
    ranking: dict[str, Row] = field(default_factory=dict)
    fitting: frozenset[str] = frozenset()
    catalog: dict[str, Row] = field(default_factory=dict)
    reach: dict[str, int] = field(default_factory=dict)
    vehicles: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    """By anybody."""
    by_segment: dict[tuple[str, str], Row] = field(default_factory=dict)
    """By tier and item, in the segments of the vehicle."""
    totals: dict[str, float] = field(default_factory=dict)
    """By tier."""

    def stepped_back(self, item_id: str) -> float:
        """What the score of a part is multiplied by; 1 of most."""
        return float(self.ignored[item_id]["factor"]) if item_id in self.ignored else 1.0

    def segments(self, parameters: VehicleFitmentParameters, item_id: str) -> tuple[Segment, ...]:
        """What owners of the vehicle, and of its kin, ordered of a part."""
        assert self.owner is not None  # noqa: S101  (only parts of an owner have segments)
        names = _segment_names(self.owner)
        ordered = {}
        for tier in TIERS:
            row = self.by_segment.get((tier, item_id), {})
            weighted, orders = row.get("weighted_orders", 0.0), row.get("orders", 0)
            ordered[tier] = (names[tier], orders, weighted, self.totals.get(tier, 0.0))
        return shrunk(parameters, ordered)


def facts_of_customer(read: DayReader, who: str) -> CustomerFacts:
    """Everything about the customer with this id or e-mail address."""
    profiles = read.rows("profiles_of_customer", who=who)
    if not profiles:
        raise ConfigError(f"{read.company.name} has no customer {mask_text(who.strip())} on {read.day}.")
    profile = profiles[0]
    customer = profile["customer_id"]
    newest = read.rows("profiles_of_address", email=profile["email_lower"]) if profile["email_lower"] else []
    dropped = read.rows("drop_of_customer", customer=customer)
    owners = read.rows("vehicle_of_customer", customer=customer)
    facts = CustomerFacts(
        read.day, profile, newest[0]["customer_id"] if newest else None, dropped[0] if dropped else None
    )
    return _of_owner(read, facts, owners[0]) if owners else facts


def _of_owner(read: DayReader, facts: CustomerFacts, owner: Row) -> CustomerFacts:
    customer, names = owner["customer_id"], _segment_names(owner)
    year, make, model = owner["vehicle_year"], owner["vehicle_make"], owner["vehicle_model"]
    fitting = frozenset(row["item_id"] for row in read.rows("parts_that_fit", year=year, make=make, model=model))
    intents = {row["item_id"]: row for row in read.rows("intents_of_customer", customer=customer)}
    items = tuple(sorted(fitting | intents.keys()))
    segments = read.rows(
        "segments_of_vehicle", vehicle=names["vehicle"], make_and_model=names["model"], make=names["make"]
    )
    return CustomerFacts(
        facts.day,
        facts.profile,
        facts.newest_profile,
        facts.dropped,
        owner=owner,
        recommended=read.rows("parts_of_customer", customer=customer),
        events=read.rows("events_of_customer", customer=customer),
        intents=intents,
        ignored={row["item_id"]: row for row in read.rows("ignored_by_customer", customer=customer)},
        purchases=read.rows("purchases_of_customer", customer=customer),
        ranking={row["item_id"]: row for row in read.rows("ranking_of_vehicle", vehicle=names["vehicle"])},
        fitting=fitting,
        catalog={row["item_id"]: row for row in read.rows("parts_in_catalog", items=items)},
        reach={row["item_id"]: row["vehicles"] for row in read.rows("vehicles_of_parts", items=items)},
        vehicles=read.rows("vehicles_with_parts")[0]["vehicles"],
        orders={row["item_id"]: row["orders"] for row in read.rows("orders_of_parts", items=items)},
        by_segment={(row["tier"], row["item_id"]): row for row in segments},
        totals={row["tier"]: row["segment_orders"] for row in segments},
    )


def _segment_names(owner: Mapping[str, Any]) -> dict[str, str]:
    make, model = owner["vehicle_make"], owner["vehicle_model"]
    return {"vehicle": owner["vehicle"], "model": f"{make}|{model}", "make": make, "global": "all"}

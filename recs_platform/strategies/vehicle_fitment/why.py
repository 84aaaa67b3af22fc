"""Why a customer sees these four parts and no others, or none: an explanation whose numbers add up to the stored ones.

Pure: it is given the rows (customer_facts.py) and uses the formulas (formulas.py). Not here: how it is said
(explanation.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from recs_platform.masking import mask_email
from recs_platform.pipeline.day_reader import Row
from recs_platform.strategies.vehicle_fitment.customer_facts import CustomerFacts
from recs_platform.strategies.vehicle_fitment.formulas import (
    MILLION,
    Segment,
    age_in_days,
    event_millionths,
    event_weight,
    family_of,
    global_score,
    merchandising_faults,
    rounded,
    segment_score,
)
from recs_platform.strategies.vehicle_fitment.nothing import reason_for_nothing
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters


@dataclass(frozen=True)
class WishEvent:
    """An event behind an intent, and what it adds."""

    event_name: str
    event_date: date
    age_days: int
    weight: float
    contribution: float


@dataclass(frozen=True)
class Popularity:
    """How a part's popularity comes about."""

    score: float
    by_everybody: bool
    """The company's `popularity` is `global`: only the orders of everybody count."""
    segments: tuple[Segment, ...]
    orders: int
    """By anybody."""
    vehicles_fitted: int
    vehicles: int
    lost_share: float
    """The share of its popularity that it loses for fitting so many vehicles."""


@dataclass(frozen=True)
class RecommendedPart:
    """A recommended part, and the working of its score."""

    rank: int
    item_id: str
    name: str | None
    part_type: str | None
    price: float
    tier: str
    score: float
    intent: float
    popularity: float
    events: tuple[WishEvent, ...]
    intent_before_bound: float
    working: Popularity
    weeks_ignored: int | None
    """Weeks in which it was shown and ignored, where it steps back for that."""
    adds_up: bool
    """The working gives the stored score; otherwise the parameters have changed since the day was made."""


@dataclass(frozen=True)
class Passed:
    """A part that would have stood before the fourth, and the rule that removed it."""

    item_id: str
    part_type: str | None
    score: float
    intent: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Nothing:
    """Why somebody gets nothing."""

    reason: str
    words: str
    remedy: str


@dataclass(frozen=True)
class PartsExplained:
    company: str
    date: date
    customer_id: str
    email: str | None
    """Masked."""
    vehicle: str | None
    parts: tuple[RecommendedPart, ...]
    passed: tuple[Passed, ...]
    nothing: Nothing | None


@dataclass(frozen=True)
class _Candidate:
    item_id: str
    family: str
    part_type: str | None
    intent: float
    score: float
    faults: tuple[str, ...]

    @property
    def place(self) -> tuple[float, str]:
        """Sorts as recommendations do."""
        return -self.score, self.item_id


def explain(company: str, parameters: VehicleFitmentParameters, facts: CustomerFacts) -> PartsExplained:
    """The explanation for one customer."""
    email = facts.profile["email_lower"]
    nothing = None
    if facts.dropped is not None:
        reason = facts.dropped["reason"]
        nothing = Nothing(reason, *reason_for_nothing(reason, parameters, facts))
    return PartsExplained(
        company=company,
        date=facts.day,
        customer_id=facts.profile["customer_id"],
        email=mask_email(email) if email else None,
        vehicle=facts.owner["vehicle"] if facts.owner else None,
        parts=tuple(_part(parameters, facts, row) for row in facts.recommended),
        passed=tuple(_passed(parameters, facts)),
        nothing=nothing,
    )


def _part(parameters: VehicleFitmentParameters, facts: CustomerFacts, row: Row) -> RecommendedPart:
    events = tuple(_events(parameters, facts, row["item_id"]))
    before_bound = sum(round(MILLION * event.contribution) for event in events) / MILLION
    intent = rounded(min(before_bound, parameters.max_intent))
    working = _popularity(parameters, facts, row["item_id"])
    stored = (row["intent"], row["popularity"], row["score"])
    worked = (intent, working.score, rounded((intent + working.score) * facts.stepped_back(row["item_id"])))
    item = facts.catalog.get(row["item_id"], {})
    return RecommendedPart(
        rank=row["rank"],
        item_id=row["item_id"],
        name=item.get("name"),
        part_type=row["part_type"],
        price=row["price"],
        tier=row["tier"],
        score=row["score"],
        intent=row["intent"],
        popularity=row["popularity"],
        events=events,
        intent_before_bound=before_bound,
        working=working,
        weeks_ignored=facts.ignored[row["item_id"]]["weeks_ignored"] if row["item_id"] in facts.ignored else None,
        adds_up=[round(MILLION * value) for value in stored] == [round(MILLION * value) for value in worked],
    )


def _events(parameters: VehicleFitmentParameters, facts: CustomerFacts, item_id: str) -> Iterable[WishEvent]:
    mine = (event for event in facts.events if event["item_id"] == item_id)
    for event in sorted(mine, key=lambda event: (event["event_date"], event["event_id"]), reverse=True):
        name, age = event["event_name"], age_in_days(facts.day, event["event_date"])
        added = event_millionths(parameters, name, age) / MILLION
        yield WishEvent(name, event["event_date"], age, event_weight(parameters, name), added)


def _popularity(parameters: VehicleFitmentParameters, facts: CustomerFacts, item_id: str) -> Popularity:
    segments = facts.segments(parameters, item_id)
    fitted, orders = facts.reach.get(item_id, 0), facts.orders.get(item_id, 0)
    if parameters.popularity == "global":
        return Popularity(global_score(orders), True, segments, orders, fitted, facts.vehicles, 0.0)
    # A company whose every vehicle has too few parts has no vehicles to be universal among.
    vehicles = max(facts.vehicles, 1)
    lost = parameters.universal_discount * fitted / vehicles
    score = segment_score(parameters, segments, fitted, vehicles)
    return Popularity(score, False, segments, orders, fitted, vehicles, lost)


def _passed(parameters: VehicleFitmentParameters, facts: CustomerFacts) -> Iterable[Passed]:
    """Every part that would have stood before the fourth, the strongest first."""
    if not facts.recommended:
        return
    last = facts.recommended[-1]
    chosen = {row["item_id"] for row in facts.recommended}
    candidates = sorted(_candidates(parameters, facts), key=lambda candidate: candidate.place)
    bought = _bought(parameters, facts)
    best_of_family: dict[str, str] = {}
    of_type: dict[str, list[str]] = {}
    for candidate in candidates:
        if candidate.place >= (-last["score"], last["item_id"]):
            return
        reasons = _reasons(candidate, bought, best_of_family, of_type, parameters.max_per_part_type)
        if not candidate.faults and candidate.family not in bought:
            # What its part type's limit removes still keeps its family's other members out.
            best_of_family.setdefault(candidate.family, candidate.item_id)
        if not reasons and candidate.part_type is not None:
            of_type.setdefault(candidate.part_type, []).append(candidate.item_id)
        if candidate.item_id not in chosen:
            yield Passed(candidate.item_id, candidate.part_type, candidate.score, candidate.intent, reasons)


def _reasons(
    candidate: _Candidate,
    bought: dict[str, Row],
    best_of_family: dict[str, str],
    of_type: dict[str, list[str]],
    limit: int,
) -> tuple[str, ...]:
    """The rules that remove a candidate, in the order in which the pipeline applies them; none when it stays."""
    if candidate.faults:
        return candidate.faults
    if candidate.family in bought:
        what, day = bought[candidate.family]["item_id"], bought[candidate.family]["ordered_on"]
        same = what == candidate.item_id
        return (f"bought on {day}" if same else f"{what}, of the same family, was bought on {day}",)
    if candidate.family in best_of_family:
        return (f"{best_of_family[candidate.family]}, of the same family, scores higher",)
    rivals = of_type.get(candidate.part_type, []) if candidate.part_type is not None else []
    if len(rivals) >= limit:
        return (f"{limit} of its part type score higher: {', '.join(rivals)}",)
    return ()


def _candidates(parameters: VehicleFitmentParameters, facts: CustomerFacts) -> Iterable[_Candidate]:
    """Everything that fits the vehicle, and everything that the owner looked at."""
    for item_id in sorted(facts.fitting | facts.intents.keys()):
        ranked, item = facts.ranking.get(item_id), facts.catalog.get(item_id)
        intent = facts.intents[item_id]["intent"] if item_id in facts.intents else 0.0
        popularity = ranked["popularity"] if ranked else _popularity(parameters, facts, item_id).score
        faults = [] if ranked else merchandising_faults(parameters, item)
        if item_id not in facts.fitting:
            faults.insert(0, "does not fit the vehicle")
        part_type = item["category"] if item else None
        score = rounded((intent + popularity) * facts.stepped_back(item_id))
        yield _Candidate(item_id, family_of(item_id), part_type, intent, score, tuple(faults))


def _bought(parameters: VehicleFitmentParameters, facts: CustomerFacts) -> dict[str, Row]:
    """Each family that may not be recommended, with the newest purchase of it."""
    since = facts.day - timedelta(days=parameters.purchase_exclusion_days)
    rows = sorted(facts.purchases, key=lambda row: (row["ordered_on"], row["item_id"]))
    return {row["family"]: row for row in rows if row["ordered_on"] > since}

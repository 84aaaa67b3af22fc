"""Why an offer is no candidate of a customer: it does not run, it may not be offered, or nothing speaks for it.

The candidates' own query is asked once more without its cap, so what it would have found is not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pyarrow.compute as pc

from recs_platform.pipeline.day_reader import DayReader, Row
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters, parameters_of
from recs_platform.warehouse.slices import Days

NO_CAP = 10**9
UNKNOWN = "unknown"
"""The category of items that have none; they are not alike."""
FOUND_AS = {
    "bought_before": "the customer bought an item of it before",
    "category_affinity": "it is among the best offers of a category that the customer buys much in",
    "business_type": "businesses of the same kind redeem it",
    "new_offer": "it is new",
}


@dataclass(frozen=True)
class Offered:
    """The customer and the offer, as the day's tables have them."""

    on: DayReader
    customer: Row
    offer: Row


def why_not_found(offered: Offered) -> str:
    """The first thing that stands in its way, in a sentence or two."""
    parameters = parameters_of(offered.on.company)
    if refused := _may_not_be_offered(offered, parameters):
        return refused
    candidate = _without_cap(offered)
    if candidate is None:
        return _nothing_speaks_for_it(offered, parameters)
    because = "; ".join(text for name, text in FOUND_AS.items() if name in candidate["generators"])
    return (
        f"It was found, because {because}, but only at place {candidate['place']} of what speaks for the customer's "
        f"candidates, and no more than {parameters.max_candidates} are scored (max_candidates)."
    )


def _may_not_be_offered(offered: Offered, parameters: OfferRankingParameters) -> str | None:
    offer, day = offered.offer, offered.on.day
    if offer["ends_on"] < day:
        return f"The offer ended on {offer['ends_on']}."
    if offer["ends_on"] == day:
        return f"The offer ends on {day}; lists of that day are shown from {day + timedelta(days=1)}."
    if offer["starts_on"] > day + timedelta(days=1):
        return f"The offer starts on {offer['starts_on']}; lists of {day} are shown from the day after."
    if offer["items"] != 1:
        return None  # of several items or none there is no one margin
    if not offer["price"]:
        return f"Its item {offer['item_id']} has no price in the catalog."
    if offer["cost"] is None or offer["discount"] is None:
        return None  # an unknown margin cannot be held against the floor
    margin = round(1 - offer["discount"] - offer["cost"] / offer["price"], 6)
    if margin < parameters.min_margin:
        return f"It leaves {margin:.1%} of the price, and an offer needs {parameters.min_margin:.1%} (min_margin)."
    return None


def _without_cap(offered: Offered) -> Row | None:
    """The candidate that it would have been."""
    on = offered.on
    free = on.company.parameters.model_copy(update={"max_candidates": NO_CAP})
    company = on.company.model_copy(update={"parameters": free})
    bound = on.pipeline.bind("offer_candidates", company, Days.one(on.day))
    with on.warehouse.run(bound) as reader:
        for batch in reader:
            mine = pc.and_(
                pc.equal(batch["customer_id"], offered.customer["customer_id"]),
                pc.equal(batch["offer_id"], offered.offer["offer_id"]),
            )
            if rows := batch.filter(mine).to_pylist():
                candidate: Row = rows[0]
                return candidate
    return None


def _nothing_speaks_for_it(offered: Offered, parameters: OfferRankingParameters) -> str:
    category, kind = offered.offer["category"], offered.customer["business_type"]
    alike = f"businesses of the kind {kind} (if they redeem any) redeem most" if kind else "everybody redeems most"
    popular = (
        "its items have no category"
        if category == UNKNOWN
        else f"it is not among the {parameters.candidates_per_category} best offers of {category}, or {category} is "
        f"not among the {parameters.candidate_categories} categories that the customer buys most in"
    )
    return (
        f"Nothing speaks for it: in {parameters.feature_window_days} days the customer has not bought an item of it; "
        f"{popular}; it is not among the {parameters.candidates_per_business_type} offers that {alike}; and it is not "
        f"among the {parameters.new_candidates} newest of the last {parameters.new_offer_days} days (it started on "
        f"{offered.offer['starts_on']})."
    )

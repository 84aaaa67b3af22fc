"""Why a customer is or is not recommended an offer on a day, with the parts of its score: for any pair that anybody
names. Computed from the day's tables and the model that scored them.

Not here: how it is said (explanation.py), and why an offer is no candidate (not_found.py).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pyarrow as pa

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.model_registry.score_parts import (
    ADDS_UP_WITHIN,
    FeaturePart,
    feature_parts,
    score_parts,
    scorer,
)
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.day_reader import DayReader, Row
from recs_platform.schemas.offer_ranking import BY_RATE, GENERATORS
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.offer_ranking.not_found import UNKNOWN, Offered, why_not_found
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters, parameters_of

BY_RULE = "left out by a rule"


@dataclass(frozen=True)
class OfferExplained:
    company: str
    date: datetime.date
    customer_id: str
    business_type: str | None
    offer_id: str
    item_id: str | None
    item: str | None
    category: str
    discount: float | None
    starts_on: datetime.date
    ends_on: datetime.date
    verdict: str
    """recommended, left out by a rule, below the cut, or no candidate."""
    words: str
    """Why, in a sentence or two."""
    rank: int | None = None
    recommended: int = 0
    """How many offers the customer is recommended."""
    place: int | None = None
    """Among the customer's candidates, by chance."""
    candidates: int = 0
    generators: tuple[str, ...] = ()
    probability: float | None = None
    raw_score: float | None = None
    expected_margin: float | None = None
    scored_by: str | None = None
    model_version: int | None = None
    model_of: datetime.date | None = None
    start: float | None = None
    """The model's starting point, to which the parts are added."""
    parts: tuple[FeaturePart, ...] = ()
    """The one that moves the score most comes first."""
    adds_up: bool = True


def explain(read: DayReader, models: ModelShelf, customer: str, offer: str) -> OfferExplained:
    """Everything about the pair; a ConfigError when the day knows no such customer or offer."""
    name, day = read.company.name, read.day
    customers, offers = read.rows("business_of_customer", customer=customer), read.rows("offer_and_item", offer=offer)
    if not customers:
        raise ConfigError(f"{name} has no customer {mask_text(customer)} on {day}.")
    if not offers:
        raise ConfigError(f"{name} has no offer {mask_text(offer)} on {day}.")
    about = _about(read, customers[0], offers[0])
    candidates = read.rows("candidate_of_pair", customer=customer, offer=offer)
    recommended = read.rows("offers_of_customer", customer=customer)
    about |= {"recommended": len(recommended)}
    if not candidates:
        offered = Offered(read, customers[0], offers[0])
        return OfferExplained(**about, verdict="no candidate", words=why_not_found(offered))
    scores = read.rows("scores_of_customer", customer=customer)
    score = next((row for row in scores if row["offer_id"] == offer), None)
    if score is None:
        raise ConfigError(f"{name}: the candidates of {day} are not the ones that were scored. Make the day again.")
    features = read.pairs("features_of_pairs", [(customer, offer)])
    return OfferExplained(
        **about,
        **_standing(parameters_of(read.company), features.to_pylist()[0], scores, recommended, score),
        **_working(models, day, features, score),
        generators=tuple(name for name in GENERATORS if name in candidates[0]["generators"]),
    )


def recommended_offers(read: DayReader, customer: str) -> list[Row]:
    """A customer's list; a ConfigError when the day knows no such customer."""
    if not read.rows("business_of_customer", customer=customer):
        raise ConfigError(f"{read.company.name} has no customer {mask_text(customer)} on {read.day}.")
    return read.rows("offers_of_customer", customer=customer)


def _about(read: DayReader, customer: Row, offer: Row) -> Row:
    columns = ("offer_id", "item_id", "category", "discount", "starts_on", "ends_on")
    who = {"company": read.company.name, "date": read.day, **customer}
    return {**who, **{name: offer[name] for name in columns}, "item": offer["name"]}


def _standing(
    parameters: OfferRankingParameters, pair: Row, scores: list[Row], recommended: list[Row], score: Row
) -> Row:
    """Where a candidate stands, and which rule says so."""
    place = 1 + next(n for n, row in enumerate(scores) if row["offer_id"] == pair["offer_id"])
    standing = {"place": place, "candidates": len(scores), "probability": score["probability"]}
    mine = next((row for row in recommended if row["offer_id"] == pair["offer_id"]), None)
    if mine is not None:
        reason = f"It is recommended at place {mine['rank']} of {len(recommended)}: {mine['reason']}."
        listed = {"verdict": "recommended", "rank": mine["rank"], "expected_margin": mine["expected_margin"]}
        return {**standing, **listed, "words": reason}
    verdict, reason = left_out(parameters, pair, scores[:place], recommended)
    return {**standing, "verdict": verdict, "words": reason}


def left_out(
    parameters: OfferRankingParameters, pair: Row, likelier: list[Row], recommended: list[Row]
) -> tuple[str, str]:
    """What keeps a candidate from the list; it is itself the last of the `likelier`.

    Only weaker offers in the list, or free places, speak of a rule. What a full category leaves out is left out by it:
    in a category that is not full, nothing but the places kept for the own brand lets a weaker offer pass.
    """
    ahead, places = {row["offer_id"] for row in likelier}, parameters.recommendations_per_customer
    weaker = [row["offer_id"] for row in recommended if row["offer_id"] not in ahead]
    if not weaker and len(recommended) >= places:
        return "below the cut", f"All {places} offers in the list are more likely to be redeemed."
    for row in likelier[:-1]:
        if row["item_id"] == pair["item_id"] is not None:
            other = f"Offer {row['offer_id']} on the same item is more likely to be redeemed and stands for it."
            return BY_RULE, other
    alike = [row["offer_id"] for row in recommended if row["category"] == pair["category"] != UNKNOWN]
    if len(alike) >= parameters.max_per_category:
        return BY_RULE, (
            f"A list holds at most {parameters.max_per_category} offers of a category, and those of "
            f"{pair['category']} are {', '.join(alike)} (max_per_category)."
        )
    return BY_RULE, (
        f"{parameters.min_own_brand_share:.0%} of the places are reserved for the company's own brand, which lets "
        f"{', '.join(weaker)} pass, though less likely to be redeemed (min_own_brand_share)."
    )


def _working(models: ModelShelf, day: datetime.date, features: pa.Table, score: Row) -> Row:
    """The parts of the score by the model that gave it."""
    digest = score["scored_by"]
    scored = {"scored_by": digest, "raw_score": score["raw_score"]}
    if digest == BY_RATE:
        return {**scored, "parts": tuple(feature_parts(FEATURES.specs, features.to_pylist()[0]))}
    version = scorer(TASK, models, day, digest)
    (found,) = score_parts(TASK, models.load(version, FEATURES), features)
    return {
        **scored,
        "model_version": version.version,
        "model_of": version.as_of,
        "start": found.start,
        "parts": found.parts,
        "adds_up": abs(found.raw - score["raw_score"]) <= ADDS_UP_WITHIN,
    }

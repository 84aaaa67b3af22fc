"""`recs why` for offer ranking: what was found out about a customer and an offer (why.py), in sentences and tables.

Without an offer it is the customer's list: an offer's working takes the customer, the offer and the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict

from recs_platform.model_registry.score_parts import FeaturePart
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.manifest import short
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.reporting.explanation import Block, Explanation, Listing, Sentence, Tone
from recs_platform.reporting.working import added
from recs_platform.strategies.offer_ranking.not_found import FOUND_AS
from recs_platform.strategies.offer_ranking.why import OfferExplained, explain, recommended_offers

_NOTHING = 5e-4
"""Log-odds that round to nothing."""


def explain_customer(read: DayReader, customer: str, item: str | None) -> Explanation:
    """Why a customer is or is not recommended an offer, and what makes the chance that it is redeemed."""
    if item is None:
        return _list(read, customer.strip())
    models = open_shelf(read.company.name, run_id="recs why")
    explained = explain(read, models, customer.strip(), item.strip())
    return Explanation(tuple(_blocks(explained)), asdict(explained))


def _list(read: DayReader, customer: str) -> Explanation:
    offers = recommended_offers(read, customer)
    listed = f"customer {customer}: " + (f"{len(offers)} offers" if offers else "no offer is recommended")
    blocks: list[Block] = [Sentence(listed, title=f"{read.company.name} {read.day}:")]
    if offers:
        rows = [(row["rank"], row["offer_id"], row["category"], f"{row['score']:.1%}", row["reason"]) for row in offers]
        blocks.append(Listing("", ("", "offer", "category", "chance", "because"), rows))
    to_type = "Name an offer (--item OFFER) to see what its chance is made of, or why it is left out."
    blocks.append(Sentence("", at_terminal=to_type))
    return Explanation(tuple(blocks), {"company": read.company.name, "date": read.day, "offers": offers})


def _blocks(explained: OfferExplained) -> Iterator[Block]:
    yield Sentence(_pair(explained), title=f"{explained.company} {explained.date}:")
    tone = Tone.GOOD if explained.verdict == "recommended" else Tone.ATTENTION
    yield Sentence(explained.words, tone, f"{explained.verdict.capitalize()}.")
    if explained.probability is None:
        return
    yield Sentence(_chance(explained, explained.probability))
    yield Sentence(f"Found because {'; '.join(FOUND_AS[name] for name in explained.generators)}.")
    if explained.model_version is None:
        yield Sentence("No model has scored the day: the chance is how often the offer was redeemed when it was shown.")
        values = [(part.means, part.value or "unknown") for part in explained.parts]
        yield Listing("What is known of the pair", ("", "value"), values)
        return
    yield from _parts(explained)
    if not explained.adds_up:
        yield Sentence(
            "The parts do not give the stored score: the day's features were made again after it was scored.",
            Tone.ATTENTION,
        )


def _pair(explained: OfferExplained) -> str:
    kind = explained.business_type or "business of unknown kind"
    off = "" if explained.discount is None else f"{explained.discount:.0%} off "
    about = f"{off}{explained.item or explained.item_id or 'several items'} ({explained.category})"
    return (
        f"customer {explained.customer_id} ({kind}), offer {explained.offer_id}: {about}, "
        f"{explained.starts_on} to {explained.ends_on}"
    )


def _chance(explained: OfferExplained, probability: float) -> str:
    margin = explained.expected_margin
    earned = "" if margin is None else f", worth {margin:,.2f} of margin"
    return (
        f"The chance that it is redeemed is {probability:.1%}{earned}: place {explained.place} "
        f"of the customer's {explained.candidates} candidates."
    )


def _parts(explained: OfferExplained) -> Iterator[Block]:
    rows = [(part.means, part.value or "unknown", *_moves(part)) for part in explained.parts]
    moving = [(f"{part.means}: {part.value or 'unknown'}", part.adds or 0.0) for part in explained.parts]
    yield added("What moves its chance", moving, "log-odds")
    yield Listing("What its chance is made of", ("", "value", "adds", "odds", ""), rows, right=2)
    digest = short(explained.scored_by or "")
    yield Sentence(
        f"All of them, added to the model's start of {explained.start:+.3f}, give a raw score of "
        f"{explained.raw_score:+.3f}. Model version {explained.model_version} of {explained.model_of} ({digest})."
    )


def _moves(part: FeaturePart) -> tuple[str, str, str]:
    """What the feature adds, the odds of a redemption that this makes of even ones, and in words."""
    adds = part.adds or 0.0
    if abs(adds) < _NOTHING:
        return "0.000", "x 1.00", "nothing"
    return f"{adds:+.3f}", f"x {math.exp(adds):.2f}", "raises it" if adds > 0 else "lowers it"

"""`recs why` for vehicle fitment: what was found out about a customer (why.py), put into sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.reporting.explanation import Block, Explanation, Listing, Sentence, Tone
from recs_platform.reporting.working import added, sums
from recs_platform.strategies.vehicle_fitment.customer_facts import facts_of_customer
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.strategies.vehicle_fitment.why import PartsExplained, Passed, Popularity, RecommendedPart, explain

_PASSED_SHOWN = 12
_KINDS = {"product_viewed": "view", "cart_updated": "cart", "order_line": "order"}


def explain_customer(read: DayReader, customer: str, item: str | None) -> Explanation:
    """Why a customer is recommended these four parts and no others, or nothing; or one part in particular."""
    parameters = read.company.parameters
    assert isinstance(parameters, VehicleFitmentParameters)  # noqa: S101  (the strategy's own record calls this)
    explained = explain(read.company.name, parameters, facts_of_customer(read, customer))
    if item is not None:
        explained = _only(explained, item)
    return Explanation(tuple(_blocks(explained)), asdict(explained))


def _only(explained: PartsExplained, item: str) -> PartsExplained:
    """The part that somebody asks about, if there is anything to say of it."""
    parts = tuple(part for part in explained.parts if part.item_id == item)
    passed = tuple(part for part in explained.passed if part.item_id == item)
    if explained.parts and not parts and not passed:
        raise ConfigError(
            f"{explained.company}: {mask_text(item)} is not recommended to {explained.customer_id} on "
            f"{explained.date}, and would not stand before the fourth part under any rule. Leave out --item to see "
            "those that do."
        )
    return replace(explained, parts=parts, passed=passed)


def _blocks(explained: PartsExplained) -> Iterator[Block]:
    who = f"{explained.customer_id} ({explained.email or 'no e-mail'}), {explained.vehicle or 'no known vehicle'}"
    yield Sentence(who, title=f"{explained.company} {explained.date}")
    if explained.nothing:
        yield Sentence(explained.nothing.words, Tone.ATTENTION, f"Nothing is recommended: {explained.nothing.reason}.")
        yield Sentence(f"What would change it: {explained.nothing.remedy}")
        return
    if explained.parts:
        columns = ("", "part", "name", "part type", "tier", "price", "score", "= intent", "+ popularity")
        rows = [
            (p.rank, p.item_id, p.name, p.part_type, p.tier, f"{p.price:,.2f}", *_six(p.score, p.intent, p.popularity))
            for p in explained.parts
        ]
        drawn = [(f"{p.rank}. {p.item_id}", (p.intent, p.popularity)) for p in explained.parts]
        yield sums("What the scores are made of", drawn, ("intent: of the owner", "popularity: of everybody"), "Score")
        yield Listing("", columns, rows, right=5)
    for part in explained.parts:
        yield from _part(part)
    yield from _passed(explained.passed)
    if not all(part.adds_up for part in explained.parts):
        yield Sentence(
            "The working does not give the stored scores: the company's parameters have changed since this day was "
            "made.",
            Tone.ATTENTION,
        )


def _part(part: RecommendedPart) -> Iterator[Block]:
    yield Sentence("", title=f"{part.rank}. {part.item_id}")
    if part.events:
        bounded = f", bounded from {part.intent_before_bound:.6f}" if part.intent_before_bound > part.intent else ""
        rows = [
            (_KINDS[e.event_name], e.event_date, e.age_days, f"{e.weight:g}", f"{e.contribution:.6f}")
            for e in part.events
        ]
        yield Listing(
            f"intent {part.intent:.6f}{bounded}", ("event", "on", "days ago", "weight", "adds"), rows, right=2
        )
        drawn = [(f"{_KINDS[e.event_name]} on {e.event_date}", e.contribution) for e in part.events]
        yield added(f"What the events behind {part.item_id} add", drawn, "intent")
    work = part.working
    segments = [
        (
            s.tier,
            s.segment,
            s.orders,
            f"{s.weighted_orders:,.2f}",
            f"{s.segment_orders:,.2f}",
            f"{s.share:.4%}",
            f"{s.shrunk_share:.4%}",
        )
        for s in work.segments
    ]
    columns = ("tier", "segment", "orders", "weighted", "of all", "share", "shrunk share")
    yield Listing(f"popularity {part.popularity:.6f} = {_formula(work)}", columns, segments, right=2)
    yield Sentence(
        f"fits {work.vehicles_fitted:,} of {work.vehicles:,} vehicles, and so loses {work.lost_share:.2%}; "
        f"ordered {work.orders:,} times by anybody"
    )


def _formula(work: Popularity) -> str:
    if work.by_everybody:
        return f"2 x ln(1 + {work.orders:,} orders)"
    return f"2 x ln(1 + 1000 x {work.segments[0].shrunk_share:.4%}) x (1 - {work.lost_share:.2%})"


def _passed(passed: tuple[Passed, ...]) -> Iterator[Block]:
    if not passed:
        yield Sentence("No part would have stood before the fourth.")
        return
    columns = ("part", "part type", "score", "intent", "because")
    rows = [(p.item_id, p.part_type, *_six(p.score, p.intent), "; ".join(p.reasons)) for p in passed[:_PASSED_SHOWN]]
    yield Listing("Stronger, and not recommended", columns, rows)
    if len(passed) > _PASSED_SHOWN:
        yield Sentence(f"and {len(passed) - _PASSED_SHOWN} more", Tone.FAINT, at_terminal=": --json shows all.")


def _six(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.6f}" for value in values)

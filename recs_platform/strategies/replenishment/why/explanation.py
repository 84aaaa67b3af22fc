"""`recs why` for replenishment: what was found out about a client (why.py), in sentences and tables.

Without an item it is the client's list, with what stands behind each of it and what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from recs_platform.model_registry.score_parts import ScoreParts
from recs_platform.models.manifest import short
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.plurals import counted
from recs_platform.reporting.explanation import Block, Explanation, Listing, Sentence, Tone
from recs_platform.reporting.working import added, effects
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.why.answer import explain, explain_item
from recs_platform.strategies.replenishment.why.explained import (
    ClientExplained,
    ItemAsked,
    ItemExplained,
    LeftOut,
    Order,
)
from recs_platform.strategies.replenishment.why.not_found import DISCONTINUED
from recs_platform.strategies.replenishment.why.working import NEW, scored_by_rule

_SHOWN = 12
_NAMED = 3
"""Similar clients whose names stand beside an item; `--item` and `--json` name all."""
_LAST_ORDERS = 12
_MOVING = 3
"""Features that are told of each item of a list; `--item` and `--json` tell all."""


def explain_client(read: DayReader, customer: str, item: str | None) -> Explanation:
    """Why a client's list is what it is, or why it has none; or why one item stands in it or does not."""
    if item is not None:
        asked = explain_item(read, customer, item.strip())
        return Explanation(tuple(_asked(asked)), asdict(asked))
    explained = explain(read, customer)
    return Explanation(tuple(_blocks(explained)), asdict(explained))


def _blocks(explained: ClientExplained) -> Iterator[Block]:
    yield Sentence(_who(explained), title=f"{explained.company} {explained.date}:")
    if explained.nothing:
        yield Sentence(explained.nothing.words, Tone.ATTENTION, f"No list: {explained.nothing.reason}.")
        yield Sentence(f"What would change it: {explained.nothing.remedy}")
        return
    again, new = ([one for one in explained.items if one.kind == kind] for kind in (REPURCHASE, DISCOVERY))
    yield Sentence(
        f"{counted(len(again), 'repurchase')} and {counted(len(new), 'discovery', 'discoveries')}, scored by "
        f"{_by(explained)}.",
        title=f"The list of the week of {explained.week}:",
    )
    if again:
        rows = [(one.rank, one.item_id, _score(one.score), one.reason, _due(one)) for one in again]
        yield Listing("To order again", ("", "item", "score", "because", "due"), rows)
    if new:
        found = [(one.rank, one.item_id, _score(one.score), one.reason, _buyers(one)) for one in new]
        yield Listing("To try", ("", "item", "score", "because", "similar clients who order it"), found)
    yield from _by_model(explained)
    yield from _left_out(explained.left_out)
    if not explained.follows_rules or not all(one.adds_up for one in explained.items):
        yield _CHANGED
    to_type = "Name an item (--item ITEM) to see its orders, who else orders it, and what its score is made of."
    yield Sentence("", at_terminal=to_type)


def _by(explained: ClientExplained) -> str:
    by = explained.items[0].scored_by or ""
    return f"{explained.version}" if by == explained.version else f"{explained.version} ({_scorer(by)})"


def _by_model(explained: ClientExplained) -> Iterator[Block]:
    """What moves each score most, where a model gave it."""
    rows = [(one.rank, one.item_id, _strongest(one.model)) for one in explained.items if one.model]
    if not rows:
        return
    yield Listing("What the model makes of them", ("", "item", "what moves the score most"), rows)
    yield Sentence(f"Model version {explained.model_version} of {explained.model_of}.")


def _strongest(parts: ScoreParts) -> str:
    return ", ".join(
        f"{part.feature} {part.value or 'unknown'} ({part.adds or 0.0:+.3f})" for part in parts.parts[:_MOVING]
    )


_CHANGED = Sentence(
    "The working does not give what is stored: the company's parameters, or tables of the day, have changed since the "
    "lists were made.",
    Tone.ATTENTION,
)


def _who(explained: ClientExplained) -> str:
    who = f"client {explained.customer_id}"
    if not explained.orders:
        return who
    gap = "" if explained.usual_gap_days is None else f", {_every(explained.usual_gap_days)}"
    return (
        f"{who}{f', {explained.segment}' if explained.segment else ''}: {counted(explained.orders, 'order')}{gap}, the "
        f"last on {explained.last_ordered_on}; {counted(explained.similar_clients, 'similar client')}"
    )


def _left_out(left_out: Sequence[LeftOut]) -> Iterator[Block]:
    stronger, following = ([one for one in left_out if one.is_stronger is flag] for flag in (True, False))
    columns = ("item", "kind", "score", "because")
    if stronger:
        rows = [(one.item_id, one.kind, _score(one.score), _because(one)) for one in stronger[:_SHOWN]]
        yield Listing("Stronger, and not in the list", columns, rows)
        if len(stronger) > _SHOWN:
            yield Sentence(f"and {len(stronger) - _SHOWN} more", Tone.FAINT, at_terminal=": --json shows all.")
    if following:
        rows = [(one.item_id, one.kind, _score(one.score), _because(one)) for one in following]
        yield Listing("Next in line", columns, rows)


def _because(one: LeftOut) -> str:
    return f"{one.rule}: {one.words}" if one.rule == DISCONTINUED else one.words


def _asked(asked: ItemAsked) -> Iterator[Block]:
    item = asked.item
    about = ", ".join(part for part in (item.name, item.group_id) if part)
    yield Sentence(
        f"client {asked.customer_id}, item {item.item_id}{f' ({about})' if about else ''}",
        title=f"{asked.company} {asked.date}:",
    )
    tone = Tone.GOOD if item.rank is not None else Tone.ATTENTION
    yield Sentence(asked.words, tone, f"{asked.verdict[:1].upper()}{asked.verdict[1:]}.")
    if asked.place is not None:
        yield Sentence(
            f"Its score is {_score(item.score)}, by {_scorer(item.scored_by or '')}: place {asked.place} of "
            f"{counted(asked.of_kind, 'item')} that the client {_MIGHT[item.kind or '']}."
        )
    yield from _working(asked)
    yield from _orders(item)
    if item.buyers:
        rows = [(b.rank, b.customer_id, f"{b.similarity:.3f}", b.orders, b.last_ordered_on) for b in item.buyers]
        columns = ("", "client", "similarity", "orders", "last")
        yield Listing("Similar clients who order it", columns, rows[:_SHOWN], right=2)
        if len(rows) > _SHOWN:
            yield Sentence(f"and {len(rows) - _SHOWN} more", Tone.FAINT, at_terminal=": --json shows all.")


def _scorer(scored_by: str) -> str:
    return scored_by if scored_by_rule(scored_by) else f"model {short(scored_by)}"


_MIGHT = {REPURCHASE: "could order again", DISCOVERY: "could try"}


def _working(asked: ItemAsked) -> Iterator[Block]:
    item = asked.item
    if item.model is not None:
        yield from _model(asked, item.model)
    elif item.factors:
        yield from _factors(item)
    if not item.adds_up:
        yield _CHANGED


def _model(asked: ItemAsked, parts: ScoreParts) -> Iterator[Block]:
    rows = [(part.means, part.value or "unknown", f"{part.adds or 0.0:+.3f}") for part in parts.parts]
    moving = [(f"{part.means}: {part.value or 'unknown'}", part.adds or 0.0) for part in parts.parts]
    yield added("What moves its score", moving, "raw score")
    yield Listing("What its score is made of", ("", "value", "adds"), rows, right=1)
    yield Sentence(
        f"All of them, added to the model's start of {parts.start:+.3f}, give {parts.raw:+.3f}, by which it is put in "
        f"order. Model version {asked.model_version} of {asked.model_of} ({short(asked.item.scored_by or '')})."
    )


def _factors(item: ItemExplained) -> Iterator[Block]:
    if item.kind is not None and item.scored_by is not None and not scored_by_rule(item.scored_by):
        yield Sentence(
            "It is new, and has a place of its own."
            if item.factors[0].name == NEW
            else "The model did not look at it, so it stands behind what the model did, in the order of version 3.2."
        )
    rows = [(f.name, f.value, f"{'+' if f.adds else 'x'} {f.effect:.4f}") for f in item.factors]
    for adds, title, axis in ((True, "What is added", "Adds to the score"), (False, "Multiplied by", "Times")):
        if drawn := [(f"{f.name}: {f.value}", f.effect) for f in item.factors if f.adds is adds]:
            yield effects(title, drawn, axis)
    yield Listing("What its score is made of", ("", "", "effect"), rows, right=2)


def _orders(item: ItemExplained) -> Iterator[Block]:
    if not item.orders:
        yield Sentence("The client never ordered it.")
        return
    newest = item.orders[-_LAST_ORDERS:]
    shown = ", ".join(_order(one) for one in newest)
    before = f"{len(item.orders) - len(newest)} before, then " if len(item.orders) > len(newest) else ""
    yield Sentence(f"{before}{shown}.", title=f"{counted(len(item.orders), 'order')}:")
    if item.kind is not None:
        yield Sentence(f"{_due(item)}.", title="When it is due:")


def _order(order: Order) -> str:
    units = "" if order.quantity == 1 else f" ({order.quantity:,} units)"
    return f"{order.ordered_on}{units}{' sent back' if order.is_sent_back else ''}"


def _due(item: ItemExplained) -> str:
    if item.usual_gap_days is None or item.days_late is None:
        return "ordered on one day only"
    late = item.days_late
    when = f", {counted(late, 'day')} late" if late > 0 else ""
    return f"{_every(item.usual_gap_days)}, due {item.due_on}{when}"


def _every(days: float) -> str:
    number = f"{days:.1f}".removesuffix(".0")
    return "every day" if number == "1" else f"every {number} days"


def _buyers(item: ItemExplained) -> str:
    named, more = [one.customer_id for one in item.buyers[:_NAMED]], len(item.buyers) - _NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"

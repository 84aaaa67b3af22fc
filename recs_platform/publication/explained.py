"""Why a customer is recommended what it is, or nothing: what the strategy explains of a day, and how that day stands to
what customers see. `recs why` and the explorer both come through here.

Not here: what there is to say (the strategies), and how it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader, day_to_explain
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.strategy import Explainer
from recs_platform.publication.day_publication import DayPublication, Published
from recs_platform.reporting.explanation import Block, Explanation, Listing, Sentence, Tone
from recs_platform.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class Seen:
    """What a customer sees of a day that was made again."""

    items: Sequence[str]
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Explained:
    explanation: Explanation
    standing: DayPublication | None
    seen: Seen | None
    """Of a day that was made again since it went live."""

    @property
    def blocks(self) -> Sequence[Block]:
        """All that there is to say, in the order in which it is said."""
        if self.standing is None:
            return self.explanation.blocks
        words = f"{self.standing.words}."
        if self.seen is None:
            return (*self.explanation.blocks, Sentence(words, title="Publication:"))
        return (Sentence(words, Tone.ATTENTION, "Publication:"), *self.seen.blocks, *self.explanation.blocks)


def explainer_of(company: Company) -> Explainer:
    """A ConfigError for whom nothing can be explained."""
    explainer: Explainer | None = company.strategy.explainer
    if explainer is None:
        why_not = "cannot say why yet" if RECOMMENDATIONS in company.strategy.publishes else "recommends nothing yet"
        raise ConfigError(f"{company.name} has nothing to explain: {company.strategy} {why_not}.")
    return explainer


def explain(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, customer: str, item: str | None, day: date | None = None
) -> Explained:
    """Of the day that is asked for, or the one that is live, or the newest; a ConfigError says what is not known."""
    explainer, published = explainer_of(company), Published(pipeline, company, warehouse)
    live = published.live_day
    chosen = day_to_explain(warehouse, pipeline, company, day, recommendations=explainer.table, live=live)
    read, standing = DayReader(warehouse, pipeline, company, chosen), published.of_day(chosen)
    explanation, seen = explainer.explain(read, customer, item), None
    if standing and standing.made_again and explainer.live_and_made:
        seen = _seen(read.rows(explainer.live_and_made, customer=customer))
    return Explained(explanation, standing, seen)


def _seen(rows: Sequence[Mapping[str, Any]]) -> Seen:
    live = [row for row in rows if row["is_live"]]
    shown: Block = Sentence("nothing is recommended", title="Live:")
    if live:
        cells = [name for name in live[0] if name != "is_live"]
        columns = tuple("" if name == "rank" else name for name in cells)
        shown = Listing("Live", columns, [[row[name] for name in cells] for row in live], 2)
    items, made = [row["item"] for row in live], [row["item"] for row in rows if not row["is_live"]]
    change = "the same items for this customer" if items == made else "other items for this customer"
    following = Sentence(f"{change}. What follows explains them.", Tone.TITLE, "What the tables of the day give now:")
    return Seen(items, (shown, following))

"""`recs why`: why a customer is recommended what it is, or nothing. What there is to say is the strategy's to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_table, say
from recs_platform.errors import ConfigError
from recs_platform.reporting.explanation import Block, Listing, Sentence, Tone

_STYLES = {Tone.TITLE: "bold", Tone.GOOD: "green", Tone.ATTENTION: "yellow", Tone.FAINT: "dim"}


def register(app: typer.Typer) -> None:
    app.command("why", cls=CompanyCommand)(why)


def why(
    name: CompanyArgument,
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="A customer's id; for parts, an e-mail address will do.")
    ],
    item: Annotated[str | None, typer.Option(metavar="ID", help="One part or offer in particular.")] = None,
    date: Annotated[
        str | None, typer.Option(metavar="DAY", help="The day. Default: the one that is live, or the newest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain why a customer is recommended these items, or nothing, and what would change that."""
    from recs_platform.declarations.product import RECOMMENDATIONS
    from recs_platform.pipeline.day_reader import DayReader, day_to_explain
    from recs_platform.publication.day_publication import Published
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    explainer, pipeline = company.strategy.explainer, pipeline_of(company)
    if explainer is None:
        why_not = "cannot say why yet" if RECOMMENDATIONS in company.strategy.publishes else "recommends nothing yet"
        raise ConfigError(f"{name} has nothing to explain: {company.strategy} {why_not}.")
    asked = day_of(date, "--date") if date else None
    warehouse = existing_warehouse()
    published = Published(pipeline, company, warehouse)
    live = published.live_day
    day = day_to_explain(warehouse, pipeline, company, asked, recommendations=explainer.table, live=live)
    read, standing = DayReader(warehouse, pipeline, company, day), published.of_day(day)
    explanation = explainer.explain(read, customer, item)
    seen = None
    if standing and standing.made_again and explainer.live_and_made:
        seen = _seen(read.rows(explainer.live_and_made, customer=customer))
    if as_json:
        words = standing.words if standing else None
        print_json({**explanation.data, "published": words, "live": seen.items if seen else None})
        return
    if standing and seen:
        _say(Sentence(f"{standing.words}.", Tone.ATTENTION, "Publication:"))
        _show(seen.blocks)
    _show(explanation.blocks)
    if standing and not seen:
        _say(Sentence(f"{standing.words}.", title="Publication:"))


@dataclass(frozen=True)
class _Seen:
    """What a customer sees of a day that was made again."""

    items: Sequence[str]
    blocks: Sequence[Block]


def _seen(rows: Sequence[Mapping[str, Any]]) -> _Seen:
    live = [row for row in rows if row["is_live"]]
    shown: Block = Sentence("nothing is recommended", title="Live:")
    if live:
        cells = [name for name in live[0] if name != "is_live"]
        columns = tuple("" if name == "rank" else name for name in cells)
        shown = Listing("Live", columns, [[row[name] for name in cells] for row in live], 2)
    items, made = [row["item"] for row in live], [row["item"] for row in rows if not row["is_live"]]
    change = "the same items for this customer" if items == made else "other items for this customer"
    following = Sentence(f"{change}. What follows explains them.", Tone.TITLE, "What the tables of the day give now:")
    return _Seen(items, (shown, following))


def _show(blocks: Sequence[Block]) -> None:
    for block in blocks:
        if isinstance(block, Listing):
            print_table(
                block.title, block.columns, block.rows, **({} if block.right is None else {"right": block.right})
            )
        else:
            _say(block)


def _say(sentence: Sentence) -> None:
    style = _STYLES.get(sentence.tone, "")
    if sentence.title:
        say((sentence.title, style or "bold"), f" {sentence.text}" if sentence.text else "")
    else:
        say((sentence.text, style))

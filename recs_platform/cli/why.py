"""`recs why`: why a customer is recommended what it is, or nothing. What there is to say is the strategy's to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_table, say
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
    from recs_platform.publication.explained import explain, explainer_of
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    explainer_of(company)
    asked = day_of(date, "--date") if date else None
    explained = explain(company, pipeline_of(company), existing_warehouse(), customer, item, asked)
    if as_json:
        words = explained.standing.words if explained.standing else None
        live = explained.seen.items if explained.seen else None
        print_json({**explained.explanation.data, "published": words, "live": live})
        return
    _show(explained.blocks)


def _show(blocks: Sequence[Block]) -> None:
    """Pictures are not for a terminal: what they draw stands in the tables, too."""
    for block in blocks:
        match block:
            case Listing():
                right = {} if block.right is None else {"right": block.right}
                print_table(block.title, block.columns, block.rows, **right)
            case Sentence():
                _say(block)


def _say(sentence: Sentence) -> None:
    style, text = _STYLES.get(sentence.tone, ""), f"{sentence.text}{sentence.at_terminal}"
    if sentence.title:
        say((sentence.title, style or "bold"), f" {text}" if text else "")
    else:
        say((text, style))

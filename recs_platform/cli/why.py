"""`recs why`: why a customer is recommended what it is, or nothing. What there is to say is the strategy's to know."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_table, say
from recs_platform.errors import ConfigError
from recs_platform.reporting.explanation import Explanation, Listing, Sentence, Tone

_STYLES = {Tone.TITLE: "bold", Tone.GOOD: "green", Tone.ATTENTION: "yellow", Tone.FAINT: "dim"}


def register(app: typer.Typer) -> None:
    app.command("why", cls=CompanyCommand)(why)


def why(
    name: CompanyArgument,
    customer: Annotated[
        str, typer.Argument(metavar="CUSTOMER", help="A customer's id; for parts an e-mail address will do, too.")
    ],
    item: Annotated[str | None, typer.Option(help="One part or offer in particular.")] = None,
    date: Annotated[str | None, typer.Option(help="The day. Default: the newest with recommendations.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Why a customer is recommended these items and no others, or nothing, and what would change that."""
    from recs_platform.pipeline.day_reader import DayReader, day_to_explain
    from recs_platform.publication.live_line import publication_of_day
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    explainer, pipeline = company.strategy.explainer, pipeline_of(company)
    if explainer is None:
        raise ConfigError(f"{name} has nothing to explain: {company.strategy} recommends nothing yet.")
    asked = day_of(date, "--date") if date else None
    warehouse = existing_warehouse()
    day = day_to_explain(warehouse, pipeline, company, asked, recommendations=explainer.table)
    explanation = explainer.explain(DayReader(warehouse, pipeline, company, day), customer, item)
    published = publication_of_day(pipeline, company, day)
    if as_json:
        print_json({**explanation.data, "published": published})
        return
    _show(explanation)
    if published is not None:
        _say(Sentence(f"{published}.", title="Publication:"))


def _show(explanation: Explanation) -> None:
    for block in explanation.blocks:
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

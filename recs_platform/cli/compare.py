"""`recs compare`: what changed between two days' recommendations."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_table, say


def register(app: typer.Typer) -> None:
    app.command("compare", cls=CompanyCommand)(compare)


def compare(
    name: CompanyArgument,
    a: Annotated[str, typer.Option("--a", metavar="DAY", help="The day to compare with.")],
    b: Annotated[str, typer.Option("--b", metavar="DAY", help="The day to compare.")],
    as_json: JsonOption = False,
) -> None:
    """Compare two days' recommendations: customers gained and lost, and what they are shown."""
    from recs_platform.declarations.product import RECOMMENDATIONS
    from recs_platform.pipeline.coverage import lacking, lacking_in_words
    from recs_platform.publication.compare import compare_days
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    pipeline = pipeline_of(company)
    before, after = day_of(a, "--a"), day_of(b, "--b")
    warehouse = existing_warehouse()
    figures = compare_days(warehouse, pipeline, company, before, after)
    table = pipeline.products[RECOMMENDATIONS].of.name
    lacks = {day: lacking(company, pipeline, warehouse, table, day, lost_too=True) for day in (before, after)}
    if as_json:
        named = [{name: value for name, value in figure.items() if name != "as_of"} for figure in figures]
        print_json(
            {
                "company": name,
                "a": before,
                "b": after,
                "figures": named,
                "lacking": {str(day): gaps for day, gaps in lacks.items()},
            }
        )
        return
    compared = pipeline.products[RECOMMENDATIONS].compared(figures)
    summary = f"{before} has no recommendations." if compared.is_first else compared.summary()
    say((name, "bold"), f": {before} (live) -> {after} (new)")
    for day, gaps in lacks.items():
        if gaps:
            say((f"{day} was made without {lacking_in_words(gaps)}.", "yellow"))
    say(summary)
    for table in compared.sections():
        print_table(table.title, table.columns, table.rows, right=1)

"""`recs query`: read any table of a company."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_values, say
from recs_platform.plurals import counted


def register(app: typer.Typer) -> None:
    app.command("query", cls=CompanyCommand)(query)


def query(
    name: CompanyArgument,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT in GoogleSQL.")],
    date: Annotated[str | None, typer.Option(metavar="DAY", help="Show what was known on this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Rows to print.")] = 50,
    personal: Annotated[bool, typer.Option("--personal", help="Do not mask personal data.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long it may run.")] = 60,
    as_json: JsonOption = False,
) -> None:
    """Read any tables of a company with SQL.

    Nothing can be written. Personal data is masked unless you ask for it."""
    from recs_platform.pipeline.adhoc import adhoc_query, answered
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    bound = adhoc_query(pipeline_of(company), company, sql, day_of(date, "--date") if date else None, seconds=timeout)
    answer = answered(existing_warehouse(), bound, limit=limit, masked=not personal)
    if as_json:
        print_json(answer.rows)
        return
    print_values(answer.names, [list(row.values()) for row in answer.rows])
    if not answer.rows:
        say(("No rows.", "dim"))
    if len(answer.rows) == limit:
        say((f"The first {counted(limit, 'row')}; --limit shows more.", "dim"))

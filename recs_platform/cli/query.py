"""`recs query`: read any table of a company."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.output import CompanyOption, JsonOption, console, day_of, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("query")(query)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT in GoogleSQL over any tables of the company.")],
    name: CompanyOption,
    date: Annotated[str | None, typer.Option(help="Show only what was known on this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to print.")] = 50,
    personal: Annotated[bool, typer.Option("--personal", help="Print personal data as it is, not masked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read any table of a company. Nothing can be written, and personal data is masked unless asked for."""
    from recs_platform.masking import mask_row
    from recs_platform.pipeline.adhoc import adhoc_query
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    pipeline = pipeline_of(company)
    bound = adhoc_query(pipeline, company, sql, day_of(date, "--date") if date else None)
    hidden = frozenset().union(*(spec.personal for spec in pipeline.specs.values()))
    rows: list[dict[str, object]] = []
    with existing_warehouse().run(bound) as reader:
        names = reader.schema.names
        for batch in reader:
            rows += batch.slice(0, limit - len(rows)).to_pylist()
            if len(rows) >= limit:
                break
    shown = rows if personal else [mask_row(row, hidden) for row in rows]
    if as_json:
        print_json(shown)
        return
    print_table("", names, [list(row.values()) for row in shown])
    if len(rows) == limit:
        console.print(f"[dim]At most {limit} rows are shown; --limit shows more.[/]")

"""`recs status`: what is materialized, empty, failed and stale."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from recs_platform.cli.output import JsonOption, console, print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(
    company: Annotated[str | None, typer.Option("--company", "-c", help="One company, table by table.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What is materialized, empty, failed and stale: of all companies, or of one company's tables."""
    from recs_platform.automation.overview import company_status
    from recs_platform.strategies.catalogue import company as find
    from recs_platform.strategies.catalogue import load_companies, pipelines
    from recs_platform.warehouse.environment import open_warehouse

    chosen = [find(company)] if company else list(load_companies().values())
    found = [company_status(c, pipelines()[c.strategy.name], open_warehouse()) for c in chosen]
    if as_json:
        print_json([one.to_json() for one in found])
        return
    titles = (
        "company",
        "newest day",
        "tables",
        "missing",
        "empty",
        "stale",
        "last run",
        "ended",
        "warned",
        "failed",
    )
    rows = [
        (
            one.company,
            one.newest,
            len(one.tables),
            *(len([t for t in one.tables if t.state == state]) for state in ("missing", "empty", "stale")),
            one.last_run,
            one.ended_at,
            one.checks_warned,
            one.checks_failed,
        )
        for one in found
    ]
    print_table("", titles, rows)
    for one in found:
        if one.message:
            console.print(f"[red]{one.company}: {escape(one.message)}[/]", soft_wrap=True, highlight=False)
    if company:
        columns = ("table", "kind", "days", "newest day", "rows", "state", "why")
        print_table(
            company, columns, [(t.table, t.kind, t.days, t.newest, t.rows, t.state, t.why) for t in found[0].tables]
        )

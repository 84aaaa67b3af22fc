"""`recs status`: what is materialized, empty, failed and stale."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.output import JsonOption, print_json, print_table, say


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(
    name: Annotated[str | None, typer.Option("--company", "-c", help="One company, table by table.")] = None,
    as_json: JsonOption = False,
) -> int:
    """What is materialized, empty, failed and stale: of all companies, or of one company's tables."""
    from recs_platform.automation.overview import company_status
    from recs_platform.strategies.catalogue import load_companies, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    companies = load_companies()
    chosen = [companies[name]] if name else list(companies.values())
    warehouse = existing_warehouse()
    states = [company_status(c, pipeline_of(c), warehouse) for c in chosen]
    if as_json:
        print_json([one.to_json() for one in states])
        return 0 if name else tell_broken(companies)
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
        for one in states
    ]
    print_table("", titles, rows)
    for one in states:
        if one.message:
            say((f"{one.company}: {one.message}", "red"))
    if name:
        columns = ("table", "kind", "days", "newest day", "rows", "state", "why")
        print_table(
            name, columns, [(t.table, t.kind, t.days, t.newest, t.rows, t.state, t.why) for t in states[0].tables]
        )
    return 0 if name else tell_broken(companies)

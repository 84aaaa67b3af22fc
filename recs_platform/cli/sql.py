"""`recs sql show | check`: a query as an engine runs it, and whether all queries keep the platform's rules."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.output import CompanyOption, JsonOption, console, day_of, print_json, say
from recs_platform.errors import ConfigError

app = typer.Typer(help="The queries of sql/.", no_args_is_help=True)


@app.command("show")
def show(
    table: Annotated[str, typer.Argument(help="A table, check or question of the company's strategy.")],
    name: CompanyOption,
    date: Annotated[str | None, typer.Option(help="The day. Default: the company's first day.")] = None,
    engine: Annotated[str, typer.Option(help="duckdb or bigquery.")] = "duckdb",
    as_json: JsonOption = False,
) -> None:
    """Print a table's query with the company's values, as an engine runs it."""
    from rich.syntax import Syntax

    from recs_platform.companies.problems import did_you_mean
    from recs_platform.pipeline.stage import SqlTable
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import SQL_OF
    from recs_platform.warehouse.slices import Days

    if engine not in SQL_OF:
        raise ConfigError(f"--engine: {engine!r} is not an engine; allowed: {', '.join(SQL_OF)}.")
    company = company_named(name)
    day = day_of(date, "--date") if date else company.start_date
    pipeline = pipeline_of(company)
    if table in pipeline.checks:
        bound = pipeline.bind_check(table, company, Days.one(day))
    elif isinstance(pipeline.tables.get(table), SqlTable):
        bound = pipeline.bind(table, company, Days.one(day))
    elif table in pipeline.questions:
        bound = pipeline.ask(table, company, day, pipeline.questions[table].placeholders())
    elif table in pipeline.tables:
        raise ConfigError(f"{table} is made by Python, not by a query.")
    else:
        known = [*pipeline.tables, *pipeline.checks, *pipeline.questions]
        hint = did_you_mean(table, known) or f" It has {', '.join(known)}."
        raise ConfigError(f"{company.strategy} has no table, check or question {table}.{hint}")
    text = SQL_OF[engine](bound.query, bound.values)
    views = [{"name": view.name, "table": view.spec.name, "days": str(view.days)} for view in bound.views]
    if as_json:
        print_json({"table": table, "engine": engine, "path": bound.query.path, "shown": views, "sql": text})
        return
    say((f"-- {bound.query.path}; shown: {_shown(views)}", "dim"))
    console.print(Syntax(text, "sql", background_color="default", word_wrap=True))


@app.command("check")
def check(as_json: JsonOption = False) -> None:
    """Judge every query: parses, names only tables and parameters it may, and reads no clock."""
    from recs_platform.strategies.catalogue import pipelines

    counts = {
        name: {"tables": len(p.tables), "checks": len(p.checks), "questions": len(p.questions)}
        for name, p in pipelines().items()
    }
    if as_json:
        print_json(counts)
        return
    for name, count in counts.items():
        said = ", ".join(f"{number} {kind}" for kind, number in count.items())
        say(("ok", "green"), f"  {name}: {said}")


def _shown(views: list[dict[str, str]]) -> str:
    return ", ".join(f"{view['name']} {view['days']}" for view in views) or "nothing of the warehouse"

"""`recs sql show | check`: a query as an engine runs it, and whether all queries keep the platform's rules."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, console, day_of, print_json, say
from recs_platform.errors import ConfigError
from recs_platform.plurals import counted

app = typer.Typer(help="Show and check the queries of sql/.", no_args_is_help=True)


@app.command("show", cls=CompanyCommand)
def show(
    name: CompanyArgument,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A table, check or question of its strategy.")],
    date: Annotated[str | None, typer.Option(metavar="DAY", help="The day. Default: the company's first.")] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="duckdb or bigquery.")] = "duckdb",
    as_json: JsonOption = False,
) -> None:
    """Show a table's query as an engine runs it, with the company's values."""
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
    for line in (bound.query.path, *(f"shown: {view['name']} {view['days']}" for view in views)):
        say((f"-- {line}", "dim"))
    if not views:
        say(("-- shown: nothing of the warehouse", "dim"))
    console.print(Syntax("", "sql", background_color="default").highlight(text.rstrip()), soft_wrap=True, end="")


@app.command("check")
def check(as_json: JsonOption = False) -> None:
    """Check that every query keeps the rules.

    A query parses, names only tables, columns and parameters that there are, uses each as what it is, and reads no
    clock."""
    from recs_platform.pipeline.typed_queries import judge_all_types
    from recs_platform.strategies.catalogue import pipelines

    judge_all_types(pipelines().values())
    counts = {
        name: {"tables": len(p.tables), "checks": len(p.checks), "questions": len(p.questions)}
        for name, p in pipelines().items()
    }
    if as_json:
        print_json(counts)
        return
    for name, count in counts.items():
        said = ", ".join(counted(number, kind.removesuffix("s")) for kind, number in count.items())
        say(("ok", "green"), f"  {name}: {said}")

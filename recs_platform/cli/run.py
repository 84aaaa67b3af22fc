"""`recs run`: make a company's days, and carrying out runs for every command that makes some."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, say
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.automation.sequence import Ended
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.slices import Days


OnlyOption = Annotated[bool, typer.Option("--only", help="Make no earlier day that is missing.")]


def register(app: typer.Typer) -> None:
    app.command("run", cls=CompanyCommand)(run)


def run(
    name: CompanyArgument,
    date: Annotated[str, typer.Option(metavar="DAY", help="The day, such as 2025-12-02.")],
    to: Annotated[str | None, typer.Option(metavar="DAY", help="The last day, for several in a row.")] = None,
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="TABLE", help="Make this table alone, due or not; several with --table each."),
    ] = None,
    only: OnlyOption = False,
    timings: Annotated[
        bool, typer.Option("--timings", help="Show where the time went, and what was read more than once.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a company's day: every table that is due, and every check.

    Earlier days that are missing are made first.
    """
    from recs_platform.strategies.catalogue import company_named, pipeline_of

    company, days = company_named(name), days_between(("--date", date), ("--to", to) if to else None)
    parts = named_parts(company, pipeline_of(company), tables) if tables else None
    return make_days(company, days, parts=parts, only=only, timings=timings, as_json=as_json)


def make_days(
    company: Company,
    days: Days,
    *,
    parts: frozenset[str] | None,
    only: bool,
    timings: bool = False,
    as_json: bool,
) -> int:
    """Make days, or parts of them, and what is missing before them; the exit code of the command that asks."""
    from recs_platform.automation.plan import last_day_that_is_over, plan
    from recs_platform.cli.progress import exit_code
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    pipeline, newest = pipeline_of(company), last_day_that_is_over()
    planned = plan(company, pipeline, open_warehouse(), days, newest=newest, only=only, parts=parts)
    if planned.earlier and not as_json:
        say(told_earlier(company.name, planned.earlier, days))
    ended = carry_out(list(planned.steps), timings=timings, as_json=as_json)
    if company.not_provided and not as_json:
        say(told_left_out(company, pipeline))
    return exit_code(ended)


def make_logs(
    company: Company, tables: frozenset[str], *, newest: datetime.date | None = None, quiet: bool = False
) -> int:
    """Make what is missing of logs (`order_lines`) for every day that the company has, or as far as one of them, in as
    few runs as can be; what is there stays. The exit code of the command that asks; `quiet` tells of errors alone."""
    from recs_platform.automation.plan import last_day_that_is_over, plan_logs
    from recs_platform.pipeline.coverage import coverage
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    there = coverage(company, pipeline_of(company), open_warehouse())
    return _ended(plan_logs(there, tables, newest=newest or last_day_that_is_over()), quiet=quiet)


def make_newest(company: Company, table: str, day: datetime.date, *, quiet: bool = False) -> int:
    """Make a table of one day, and what that is made of, and nothing else of the day."""
    from recs_platform.automation.plan import Step
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.slices import Days

    pipeline = pipeline_of(company)
    tables = pipeline.made_of(table) & pipeline.tables.keys()
    return _ended([Step(company.name, company.strategy.name, Days.one(day), False, tables)], quiet=quiet)


def _ended(steps: list[Step], *, quiet: bool) -> int:
    from recs_platform.cli.progress import exit_code, tell_errors

    ended = run_all(steps, quiet=quiet)
    if quiet:
        tell_errors(ended)
    return exit_code(ended)


def named_parts(company: Company, pipeline: Pipeline, names: Sequence[str]) -> frozenset[str]:
    """What a user named of a company's day: tables, and assets that publish."""
    from recs_platform.companies.problems import did_you_mean

    for name in names:
        if name not in pipeline.stage_names:
            known = list(pipeline.stage_names)
            hint = did_you_mean(name, known) or f" It has {', '.join(known)}."
            raise ConfigError(f"{company.name} has no table {name}.{hint}")
    return frozenset(names)


def told_earlier(company: str, earlier: Sequence[datetime.date], days: Days) -> str:
    """That days before those that were asked for are made, too."""
    from recs_platform.pipeline.coverage import missing_in_words

    it = "It is" if len(earlier) == 1 else "They are"
    return f"{company}: {missing_in_words(earlier)}. {it} made first; with --only, {days} alone would be."


def told_left_out(company: Company, pipeline: Pipeline) -> str:
    """What the company does not provide, and what is therefore not computed."""
    from recs_platform.pipeline.left_out import left_out, not_provided_in_words

    own = {*company.tables, *(f"landed_{table}" for table in company.tables)}
    others = [table for table in left_out(pipeline, company) if table not in own]
    made_of = f", so there is no {', '.join(others)}" if others else ""
    return f"{company.name}: {not_provided_in_words(company.not_provided)}{made_of}."


def days_between(first: tuple[str, str], last: tuple[str, str] | None) -> Days:
    """The days that a user named, each as an option and its value."""
    from recs_platform.warehouse.slices import Days

    begin = day_of(first[1], first[0])
    end = day_of(last[1], last[0]) if last else begin
    if end < begin:
        raise ConfigError(f"the last day, {end}, is before the first, {begin}.")
    return Days(begin, end)


def carry_out(steps: list[Step], *, timings: bool = False, as_json: bool) -> list[Ended]:
    """Run steps, several companies at once, and report them."""
    from recs_platform.cli.progress import tell_errors
    from recs_platform.cli.timings_table import show_timings

    ended = run_all(steps, quiet=as_json)
    if as_json:
        print_json([run.to_json(timings=timings) for run in ended])
        tell_errors(ended)
    elif timings and ended:
        show_timings([run.outcome.timings for run in ended])
    return ended


def run_all(steps: list[Step], *, quiet: bool) -> list[Ended]:
    """Run steps, several companies at once; unless `quiet` each is told as it ends."""
    from recs_platform.automation.instance import instance
    from recs_platform.cli.progress import run_side_by_side, run_steps
    from recs_platform.definitions import defs_of

    if len({step.company for step in steps}) > 1:
        return run_side_by_side(steps, quiet=quiet)
    if not steps:
        return []
    with instance() as dagster:
        return run_steps(defs_of(steps[0].strategy), dagster, steps, quiet=quiet)

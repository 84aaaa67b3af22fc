"""`recs run` and `recs backfill`: make a company's days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.output import CompanyOption, JsonOption, day_of, print_json, say
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.warehouse.slices import Days


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("backfill")(backfill)


def run(
    name: CompanyOption,
    date: Annotated[str, typer.Option(help="The day, such as 2025-12-02.")],
    to: Annotated[str | None, typer.Option(help="Last day, for several days in a row.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Make a company's whole day: every table, every check. Missing history is loaded first, in one run."""
    from recs_platform.automation.plan import plan
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    company, days = company_named(name), days_between(("--date", date), ("--to", to) if to else None)
    steps = plan(company, pipeline_of(company), open_warehouse(), days)
    return carry_out(steps, as_json=as_json)


def backfill(
    names: Annotated[list[str], typer.Option("--company", "-c", help="A company; may be given several times.")],
    first: Annotated[str, typer.Option("--from", help="First day.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
    resume: Annotated[bool, typer.Option("--resume", help="Skip the days that the broken-off one has made.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a rectangle of companies x days again: each company's logs in one run, then day by day."""
    from recs_platform.automation.backfill import backfill_steps
    from recs_platform.automation.instance import instance
    from recs_platform.strategies.catalogue import company_named

    days = days_between(("--from", first), ("--to", last))
    steps = backfill_steps([company_named(name) for name in names], days, instance(), resume=resume)
    if not steps and not as_json:
        say("Nothing is left to do.")
    return carry_out(steps, as_json=as_json)


def days_between(first: tuple[str, str], last: tuple[str, str] | None) -> Days:
    """The days that a user named, each as an option and its value."""
    from recs_platform.warehouse.slices import Days

    begin = day_of(first[1], first[0])
    end = day_of(last[1], last[0]) if last else begin
    if end < begin:
        raise ConfigError(f"the last day, {end}, is before the first, {begin}.")
    return Days(begin, end)


def carry_out(steps: list[Step], *, as_json: bool) -> int:
    """Run steps, several companies at once, and report them; returns the exit code."""
    from recs_platform.automation.instance import instance
    from recs_platform.cli.progress import exit_code, run_side_by_side, run_steps, tell_errors
    from recs_platform.definitions import build_defs

    if len({step.company for step in steps}) > 1:
        ended = run_side_by_side(steps, quiet=as_json)
    else:
        with instance() as dagster:
            ended = run_steps(build_defs(), dagster, steps, quiet=as_json)
    if as_json:
        print_json([run.to_json() for run in ended])
        tell_errors(ended)
    return exit_code(ended)

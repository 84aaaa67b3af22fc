"""`recs backfill`: make what is missing of companies' days, or all of it again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.company import CompaniesArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, error_console, print_table, say
from recs_platform.cli.run import carry_out, days_between
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.automation.backfill import Backfill
    from recs_platform.automation.sequence import Ended
    from recs_platform.companies.model import Company
    from recs_platform.warehouse.slices import Days


def register(app: typer.Typer) -> None:
    app.command("backfill", cls=CompanyCommand)(backfill)


def backfill(
    names: CompaniesArgument,
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day.")],
    again: Annotated[bool, typer.Option("--again", help="Make the days that are there, too.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make days of one company or several: those that are missing, or failed.

    Broken off, the same command goes on where it stopped. Nothing is published.
    """
    from recs_platform.automation.backfill import backfill as planned_backfill
    from recs_platform.automation.instance import instance
    from recs_platform.cli.progress import exit_code
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.strategies.catalogue import load_companies
    from recs_platform.warehouse.environment import open_warehouse

    days = days_between(("--from", first), ("--to", last))
    companies = load_companies().among(names)
    if not companies:
        return tell_broken(companies)
    begun, chosen = time.perf_counter(), list(companies.values())
    with instance() as dagster:
        planned = planned_backfill(chosen, days, dagster, open_warehouse(), opened_database(), again=again)
    if not planned.steps and not as_json:
        say("Nothing is left to do; --again makes what is there again.")
    ended = carry_out(list(planned.steps), as_json=as_json)
    if planned.steps and not as_json:
        _tell_summary(planned, ended, days, time.perf_counter() - begun)
    for company in companies.values():
        _tell_unpublished(company, days)
    return exit_code(ended) or tell_broken(companies)


def _tell_summary(planned: Backfill, ended: Sequence[Ended], days: Days, seconds: float) -> None:
    """Of each company: days that were made, were there before and are left; why, and how long its runs took."""
    rows = []
    for company, there in planned.skipped.items():
        runs = [run for run in ended if run.outcome.step.company == company]
        made = {run.outcome.step for run in runs if run.outcome.success}
        steps = [step for step in planned.steps if step.company == company]
        left = {day for step in steps if step not in made for day in step.days if day in days}
        errors = [error for run in runs if not run.outcome.success for error in run.outcome.summary.errors]
        took = f"{sum(run.seconds for run in runs):.1f} s"
        rows.append((company, len(days) - there - len(left), there, len(left), took, errors[0] if errors else ""))
    print_table("Backfill", ["company", "made", "there before", "left", "took", "why"], rows)
    say(f"{counted(len(ended), 'run')} in {seconds:.1f} s.")


def _tell_unpublished(company: Company, days: Days) -> None:
    """A backfill makes tables and changes nothing of what is live; where that leaves a day unpublished, say so."""
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.publication.proposal import unpublished_day
    from recs_platform.publication.stage import outlet_of
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    pipeline, warehouse = pipeline_of(company), open_warehouse()
    for product in pipeline.products.values():
        outlet = outlet_of(pipeline, product.name, company, warehouse, opened_database())
        if day := unpublished_day(outlet, days):
            command = f"recs publish {company.name}{product.option} --date {day}"
            made = f"{outlet.name}: the {product.content} of {day} were made and are not live. To publish them: "
            say(made, (command, "bold"), out=error_console)

"""`recs demo`: the whole platform on small simulated worlds, through real Dagster runs."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import date, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.output import JsonOption, Part, print_json, print_table, say
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.automation.sequence import Ended
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.slices import Days

BACKTESTED = "holley"
_MOST_COMPANIES = 4
"""Processes begin to load before it is known how many companies there are; there are no more than cores anyway."""
_NEXT: tuple[Part, ...] = (
    *("Next: ", ("recs status", "bold"), ", ", ("recs why concord C0000001", "bold"), ", "),
    *(("recs evaluate concord", "bold"), ", ", ("recs report campaign holley", "bold"), ", "),
    ('recs query holley "SELECT reason, COUNT(*) AS n FROM rejected_rows GROUP BY reason"', "bold"),
    *(", or ", ("make ui", "bold"), "."),
)
HISTORY_DAYS = 92
"""Days before the first of the two: with it they fill the longest look-back window."""


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(as_json: JsonOption = False) -> int:
    """Simulate four companies and make two days of each, with every check."""
    begun = time.perf_counter()
    if not as_json:
        say(("recs demo", "bold"), ": four simulated companies, three months of history, two days each.")
    from recs_platform.cli.side_by_side import company_processes

    with company_processes(_MOST_COMPANIES) as processes:
        from recs_platform.automation.plan import last_day_that_is_over, plan
        from recs_platform.cli.progress import exit_code, run_side_by_side, tell_errors
        from recs_platform.strategies.catalogue import built_in_companies, load_companies, pipeline_of
        from recs_platform.warehouse.environment import open_warehouse

        warehouse, steps = open_warehouse(), []
        companies = sorted(built_in_companies(), key=_most_work_first)
        for company in companies:
            pipeline = pipeline_of(company)
            days = _two_days(company, pipeline)
            planned = plan(company, pipeline, warehouse, days, newest=last_day_that_is_over()).steps
            history = list(takewhile(lambda step: step.history, planned))
            steps += [*history, *_for_the_backtest(company, pipeline, days.last), *planned[len(history) :]]
        ended = run_side_by_side(steps, quiet=as_json, processes=processes)
    if as_json:
        print_json([run.to_json() for run in ended])
        tell_errors(ended)
    else:
        _summarize(ended, time.perf_counter() - begun)
        for company in companies:
            _tell_story(company, ended)
        if exit_code(ended) == 0:
            say(*_NEXT)
    return exit_code(ended) or tell_broken(load_companies())


def _two_days(company: Company, pipeline: Pipeline) -> Days:
    """Two days in a row, on the last of which what is weekly is made, too."""
    from recs_platform.companies.weeks import newest_weekly_day
    from recs_platform.warehouse.slices import Days

    last = company.start_date + timedelta(days=HISTORY_DAYS + 1)
    if pipeline.weekly:
        last = newest_weekly_day(company, last)
    return Days(last - timedelta(days=1), last)


def _most_work_first(company: Company) -> tuple[bool, int, str]:
    """So that no core is left with it at the end: who trains a model, then who has many customers."""
    customers = company.simulation.customers if company.simulation else 0
    return company.strategy.model is None, -customers, company.name


def _summarize(ended: list[Ended], seconds: float) -> None:
    by_company: dict[str, list[Ended]] = defaultdict(list)
    for run in ended:
        by_company[run.outcome.step.company].append(run)
    rows = []
    for company, runs in by_company.items():
        done = [run.outcome.summary for run in runs]
        rows.append(
            (
                company,
                max(summary.assets for summary in done),
                sum(summary.rows for summary in done),
                sum(summary.checks_passed for summary in done),
                sum(summary.checks_warned for summary in done),
                sum(summary.checks_failed for summary in done),
                sum(run.seconds for run in runs),
            )
        )
    titles = ("company", "tables", "rows", "checks passed", "checks warned", "checks failed", "seconds")
    print_table("", titles, rows, right=1)
    failed = [run for run in ended if not run.outcome.success]
    if failed:
        say((f"{counted(len(failed), 'run')} failed.", "red"), " What is wrong stands above.")
        return
    say(f"Done in {seconds:.0f} s.")


def _for_the_backtest(company: Company, pipeline: Pipeline, last: date) -> list[Step]:
    """The day whose recommendations the last day's backtest judges, without publishing it; one company shows it."""
    from recs_platform.automation.plan import Step
    from recs_platform.declarations.product import RECOMMENDATIONS
    from recs_platform.warehouse.slices import Days

    looks_back: int | None = getattr(company.parameters, "backtest_days", None)
    if company.name != BACKTESTED or looks_back is None:
        return []
    day = last - timedelta(days=looks_back)
    published = next(n for n, s in enumerate(pipeline.stages) if s.product and s.product.name == RECOMMENDATIONS)
    tables = frozenset(table.spec.name for stage in pipeline.stages[:published] for table in stage.tables)
    return [Step(company.name, company.strategy.name, Days.one(day), history=False, tables=tables)]


def _tell_story(company: Company, ended: list[Ended]) -> None:
    from recs_platform.campaign.story import campaign_story
    from recs_platform.publication.live_line import live_line
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    days = [
        run.outcome.step.days.last for run in ended if run.outcome.step.company == company.name and run.outcome.success
    ]
    if not days:
        return
    pipeline, warehouse, day = pipeline_of(company), open_warehouse(), max(days)
    say((company.name, "bold"), f", {day}")
    told = company.strategy.story(company, pipeline, warehouse, day) if company.strategy.story else ()
    live = live_line(company, pipeline, warehouse)
    for line in (*told, *([live] if live else []), *campaign_story(company, pipeline, warehouse, day)):
        say(f"  {line}")

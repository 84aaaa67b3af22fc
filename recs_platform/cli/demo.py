"""`recs demo`: the whole platform on small simulated worlds, through real Dagster runs."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import typer

from recs_platform.cli.output import JsonOption, console, print_json, print_table

if TYPE_CHECKING:
    from recs_platform.automation.launch import Step
    from recs_platform.cli.progress import Ended
    from recs_platform.companies.model import Company

BUILT_IN = ("metro", "holley", "acme", "concord")
"""Those with the most work first, so that no core is left with it at the end."""
BACKTESTED = "holley"
_NEXT = (
    "Next: [bold]recs status[/], [bold]recs report campaign holley[/], [bold]recs publications holley[/], "
    '[bold]recs query "SELECT reason, COUNT(*) AS n FROM rejected_rows GROUP BY reason" --company holley[/], '
    "or [bold]make ui[/]."
)
HISTORY_DAYS = 92
"""Days before the first of the two: with it they fill the longest look-back window."""


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(as_json: JsonOption = False) -> int:
    """Simulate the built-in companies and run two consecutive days of each, with every check."""
    begun = time.perf_counter()
    if not as_json:
        console.print("[bold]recs demo[/]: four simulated companies, three months of history, two days each.")
    from recs_platform.cli.side_by_side import company_processes

    with company_processes(len(BUILT_IN)) as processes:
        from recs_platform.automation.launch import plan
        from recs_platform.cli.progress import exit_code, run_side_by_side, tell_errors
        from recs_platform.companies.loader import load_companies
        from recs_platform.pipeline.catalogue import pipelines
        from recs_platform.resources import open_warehouse
        from recs_platform.warehouse.slices import Days

        known, warehouse = load_companies(), open_warehouse()
        companies = [known[name] for name in BUILT_IN]
        steps = []
        for company in companies:
            pipeline, first = pipelines()[company.strategy], company.start_date + timedelta(days=HISTORY_DAYS)
            both = plan(company, pipeline, warehouse, Days(first, first + timedelta(days=1)))
            steps += [*both[:-2], *_for_the_backtest(company, first + timedelta(days=1)), *both[-2:]]
        ended = run_side_by_side(steps, quiet=as_json, processes=processes)
    if as_json:
        print_json([run.to_json() for run in ended])
        tell_errors(ended)
    else:
        _summarize(ended, time.perf_counter() - begun)
        for company in companies:
            _tell_story(company, ended)
        if exit_code(ended) == 0:
            console.print(_NEXT, soft_wrap=True)
    return exit_code(ended)


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
    titles = ("company", "tables", "rows", "passed", "warned", "failed", "seconds")
    print_table("", titles, rows, right=1)
    failed = [run for run in ended if not run.outcome.success]
    if failed:
        console.print(f"[red]{len(failed)} runs failed.[/] What is wrong stands above.")
        return
    console.print(f"Done in {seconds:.0f} s.")


def _for_the_backtest(company: Company, last: date) -> list[Step]:
    """The day whose recommendations the last day's backtest judges, without publishing it; one company shows it."""
    from recs_platform.automation.launch import Step
    from recs_platform.pipeline.catalogue import pipelines
    from recs_platform.sources.stage import NAME as SOURCES
    from recs_platform.warehouse.slices import Days

    if company.name != BACKTESTED:
        return []
    day = last - timedelta(days=getattr(company.parameters, "backtest_days", 0))
    made_of = [stage for stage in pipelines()[company.strategy].stages if stage.name in (SOURCES, company.strategy)]
    tables = frozenset(table.spec.name for stage in made_of for table in stage.tables)
    return [Step(company.name, company.strategy, Days.one(day), history=False, tables=tables)]


def _tell_story(company: Company, ended: list[Ended]) -> None:
    from recs_platform.cli.campaign_story import campaign_story
    from recs_platform.cli.fitment_story import fitment_story
    from recs_platform.cli.live_line import live_line
    from recs_platform.cli.offer_story import offer_story
    from recs_platform.pipeline.catalogue import pipelines
    from recs_platform.resources import open_warehouse

    days = [
        run.outcome.step.days.last for run in ended if run.outcome.step.company == company.name and run.outcome.success
    ]
    if not days:
        return
    pipeline, warehouse, day = pipelines()[company.strategy], open_warehouse(), max(days)
    lines = list(campaign_story(company, pipeline, warehouse, day))
    stories = {"vehicle_fitment": fitment_story, "offer_ranking": offer_story}
    if company.strategy in stories:
        story = stories[company.strategy](company, pipeline, warehouse, day)
        lines = [*story, live_line(company, pipeline, warehouse), *lines]
    console.print(f"[bold]{company.name}[/], {day}")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True, highlight=False)

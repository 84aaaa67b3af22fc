"""`recs status`: how all companies are, and of one what is there and what is missing, failed, empty or stale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.company import AnyCompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, print_json, print_table, say, styled

if TYPE_CHECKING:
    from recs_platform.automation.overview import CompanyState
    from recs_platform.automation.platform_overview import CompanyOverview
    from recs_platform.companies.known_companies import Companies
    from recs_platform.companies.model import Company
    from recs_platform.warehouse.protocol import Warehouse

_COUNTED = ("missing", "failed", "empty", "stale")
_TITLES = ("company", "newest day", *_COUNTED, "last run", "ended")


def register(app: typer.Typer) -> None:
    app.command("status", cls=CompanyCommand)(status)


def status(
    name: AnyCompanyArgument = None,
    timings: Annotated[
        bool,
        typer.Option(
            "--timings", help="Of one company: which tables are made anew every day and why, and what took how long."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Show how all companies are: a line for each, the worst first.

    Of one company, show table by table what is missing, failed, empty or stale.
    """
    from recs_platform.errors import ConfigError
    from recs_platform.strategies.catalogue import load_companies
    from recs_platform.warehouse.environment import existing_warehouse

    companies = load_companies()
    if timings and not name:
        raise ConfigError("Say of which company: recs status COMPANY --timings")
    if name and timings:
        return _timings(companies[name], existing_warehouse(), as_json)
    if name:
        return _of_one(companies[name], existing_warehouse(), as_json)
    return _of_all(companies, existing_warehouse(), as_json)


def _of_all(companies: Companies, warehouse: Warehouse, as_json: bool) -> int:
    from recs_platform.automation.platform_overview import platform_overview
    from recs_platform.automation.platform_overview_words import TITLES, in_a_sentence
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.strategies.catalogue import pipelines

    lines = platform_overview(companies, pipelines(), warehouse, opened_database(), datetime.now(UTC))
    if as_json:
        print_json([line.to_json() for line in lines])
        return tell_broken(companies)
    print_table("", TITLES, [_with_colour(line) for line in lines])
    say(in_a_sentence(lines))
    for line in lines:
        _tell_why(line)
    return tell_broken(companies)


def _of_one(company: Company, warehouse: Warehouse, as_json: bool) -> int:
    from recs_platform.automation.overview import company_status
    from recs_platform.strategies.catalogue import pipeline_of

    state = company_status(company, pipeline_of(company), warehouse)
    if as_json:
        print_json([state.to_json()])
        return 0
    print_table("", _TITLES, [_row(state)])
    _tell(state)
    _tell_checks(state)
    columns = ("table", "kind", "days", "newest day", "rows", "state", "why")
    rows = [(t.table, t.kind, t.days, t.newest, t.rows, t.state, t.why) for t in state.tables]
    print_table(company.name, columns, rows)
    return 0


def _timings(company: Company, warehouse: Warehouse, as_json: bool) -> int:
    from recs_platform.automation.day_costs import day_costs
    from recs_platform.automation.instance import instance
    from recs_platform.strategies.catalogue import pipeline_of

    with instance() as dagster:
        costs = day_costs(company, pipeline_of(company), warehouse, dagster)
    if as_json:
        print_json([cost.to_json() for cost in costs])
        return 0
    columns = ("table", "s", "newest day", "incremental", "why")
    rows = [
        (
            cost.table,
            None if cost.seconds is None else f"{cost.seconds:.2f}",
            cost.newest,
            "yes" if cost.incremental else "no",
            cost.last if cost.incremental else cost.why_not,
        )
        for cost in costs
    ]
    print_table(company.name, columns, rows)
    incremental = sum(cost.incremental for cost in costs)
    carried = sum(cost.last.startswith("carried") for cost in costs)
    say(
        f"{incremental} of {len(costs)} tables take over the rows of the day before where nothing that they are made "
        f"of has changed; on their newest day {carried} did."
    )
    return 0


_COLOURS = {"broken": "red", "failing": "red", "late": "yellow", "held back": "yellow", "ok": "green"}


def _with_colour(line: CompanyOverview) -> list[object]:
    from recs_platform.automation.platform_overview_words import cells

    company, health, *others = cells(line)
    return [company, styled((health, _COLOURS.get(health, ""))), *(text.replace(", ", "\n") for text in others)]


def _tell_why(line: CompanyOverview) -> None:
    """What its line does not say. What is wrong with a file is told at the end, as an error."""
    if line.state:
        _tell(line.state)
    told = line.state and (line.state.message or line.state.missing_days)
    if line.why and line.health != "broken" and not told:
        say(line.why if line.why.startswith(f"{line.company}: ") else f"{line.company}: {line.why}")


def _row(one: CompanyState) -> tuple[object, ...]:
    return (
        one.company,
        one.newest,
        *(one.count(state) for state in _COUNTED),
        one.last_run.partition(" (")[0],
        one.ended_at,
    )


def _tell(one: CompanyState) -> None:
    """What a table of numbers does not say."""
    from recs_platform.pipeline.coverage import in_words, missing_in_words
    from recs_platform.pipeline.left_out import not_provided_in_words

    if one.message:
        named = one.message.startswith(one.company)
        say((one.message if named else f"{one.company}: {one.message}", "red"))
    if one.missing_days:
        make = f"recs run {one.company} --date {one.missing_days[-1]}"
        say(
            (f"{one.company}: {missing_in_words(one.missing_days)}. ", "yellow"),
            "Make what is missing: ",
            (make, "bold"),
        )
    if one.lost_days:
        say(f"{one.company}: lost for good, as its file says: {in_words(one.lost_days)}.")
    if one.not_provided:
        say(f"{one.company}: {not_provided_in_words(one.not_provided)}; what is made of it is left out.")


def _tell_checks(one: CompanyState) -> None:
    checks = [
        f"{count} {what}" for count, what in ((one.checks_warned, "warned"), (one.checks_failed, "failed")) if count
    ]
    if checks:
        say(f"{one.company}: checks of the last run: {', '.join(checks)}.")

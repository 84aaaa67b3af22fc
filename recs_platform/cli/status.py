"""`recs status`: what is there, and what is missing, failed, empty or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.company import AnyCompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, print_json, print_table, say

if TYPE_CHECKING:
    from recs_platform.automation.overview import CompanyState

_COUNTED = ("missing", "failed", "empty", "stale")
_TITLES = ("company", "newest day", *_COUNTED, "last run", "ended")


def register(app: typer.Typer) -> None:
    app.command("status", cls=CompanyCommand)(status)


def status(
    name: AnyCompanyArgument = None,
    as_json: JsonOption = False,
) -> int:
    """Show what is there, and what is missing, failed, empty or stale.

    Of all companies, or table by table of one.
    """
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
    print_table("", _TITLES, [_row(one) for one in states])
    for one in states:
        _tell(one)
    if name:
        columns = ("table", "kind", "days", "newest day", "rows", "state", "why")
        print_table(
            name, columns, [(t.table, t.kind, t.days, t.newest, t.rows, t.state, t.why) for t in states[0].tables]
        )
    return 0 if name else tell_broken(companies)


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
    checks = [
        f"{count} {what}" for count, what in ((one.checks_warned, "warned"), (one.checks_failed, "failed")) if count
    ]
    if checks:
        say(f"{one.company}: checks of the last run: {', '.join(checks)}.")

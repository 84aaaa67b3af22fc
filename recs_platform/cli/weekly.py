"""`recs weekly`: make what a company makes once a week, for a week that somebody names."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of
from recs_platform.cli.run import OnlyOption, make_days
from recs_platform.errors import ConfigError


def register(app: typer.Typer) -> None:
    app.command("weekly", cls=CompanyCommand)(weekly)


def weekly(
    name: CompanyArgument,
    week: Annotated[str, typer.Option(metavar="DAY", help="Any day of the week, such as 2025-12-03.")],
    only: OnlyOption = False,
    as_json: JsonOption = False,
) -> int:
    """Make and publish the weekly tables of a week.

    They are made of the last day before the week, which is made first where it is missing.
    """
    from recs_platform.companies.weeks import day_for_week_of
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.slices import Days

    company, day = company_named(name), day_of(week, "--week")
    parts = pipeline_of(company).weekly
    if not parts:
        raise ConfigError(
            f"{name} makes nothing weekly: all of {company.strategy} is made every day. "
            f"`recs run {name} --date {day}` makes a day."
        )
    return make_days(company, Days.one(day_for_week_of(company, day)), parts=parts, only=only, as_json=as_json)

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

    They are made of the last day before the week, which is made first where it is missing, and again where its last run
    did not end well: it may have ended before what is daily was published.
    """
    from recs_platform.companies.weeks import day_for_week_of
    from recs_platform.pipeline.due import parts_due
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.platform_db.job_log import ended_well
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.slices import Days

    company, day = company_named(name), day_of(week, "--week")
    pipeline = pipeline_of(company)
    if not pipeline.weekly:
        raise ConfigError(
            f"{name} makes nothing weekly: all of {company.strategy} is made every day. "
            f"`recs run {name} --date {day}` makes a day."
        )
    made_of = day_for_week_of(company, day)
    unsure = not ended_well(opened_database(), company.name, made_of)
    parts = pipeline.weekly | (parts_due(pipeline, company, made_of) if unsure else frozenset())
    return make_days(company, Days.one(made_of), parts=parts, only=only, as_json=as_json)

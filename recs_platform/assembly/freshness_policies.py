"""What Dagster's UI shows of the deadlines of products. Not here: the deadlines (automation/freshness.py)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg

from recs_platform.automation.freshness import WEEK, deadline_on, local_date
from recs_platform.companies.model import Company
from recs_platform.companies.mornings import day_made_at, scheduled_on
from recs_platform.pipeline.due import newest_due
from recs_platform.pipeline.pipeline import Pipeline

_A_DAY_AT_MOST = timedelta(hours=22)
"""Two ticks of a daily cron are that far apart at least, also when clocks change."""


def policy_of(companies: Collection[Company], pipeline: Pipeline, product: str) -> dg.FreshnessPolicy:
    """What Dagster's UI shows of a product. It knows no partitions: an asset is fresh when that of any company was made
    since the day was over. So it goes by the last of all deadlines; the look at deadlines goes by each company's own.
    """
    sunday = date(2025, 1, 12)
    asset = pipeline.products[product].asset
    due = {company.name: newest_due(pipeline, company, asset, sunday) for company in companies}
    mornings = [(company, _morning_of(company, due[company.name])) for company in companies]
    last, morning = max(mornings, key=lambda one: (deadline_on(one[0], product, one[1]), one[0].name))
    at, local = deadline_on(last, product, morning), last.deadline(product)
    over = datetime.combine(due[last.name] + timedelta(days=1), time(), UTC)
    weekday = str(local_date(last, at).isoweekday() % WEEK) if asset in pipeline.weekly else "*"
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{local.minute} {local.hour} * * {weekday}",
        lower_bound_delta=min(max(at - over, timedelta(hours=1)), _A_DAY_AT_MOST),
        timezone=last.timezone,
    )


def _morning_of(company: Company, day: date) -> date:
    """The date of the company's calendar on which its schedule makes a day."""
    near = (day + timedelta(days=after) for after in range(3))
    return next(morning for morning in near if day_made_at(scheduled_on(company, morning)) == day)

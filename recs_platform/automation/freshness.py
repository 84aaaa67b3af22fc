"""Deadlines of products: which day of a product must be live by now, and which is not.

A day is due on the morning on which its company's schedule makes it, by the time that the company's file gives, or its
strategy. Nothing is due of a company whose schedule is off, or was turned on after that morning's run; of a day before
its first or after its last, of one that is lost, or on which the product is not made.

Not here: telling anybody (looks/freshness.py), and what Dagster shows (assembly/freshness_policies.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.companies.model import Company
from recs_platform.companies.mornings import RUNS_AT, day_made_at, local_moment, scheduled_on
from recs_platform.pipeline.due import is_due
from recs_platform.pipeline.left_out import left_out
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.warehouse.protocol import Tables

WEEK = 7
_MONTHS = 92
"""Days: of older ones nobody asks whether they are the newest."""

LiveDays = Mapping[tuple[str, str], date]
"""The day that is live, by company and product."""


@dataclass(frozen=True)
class Due:
    """A day of a product, and when it must be live."""

    product: str
    day: date
    at: datetime


@dataclass(frozen=True)
class Missed:
    """A day of a product that is not live, though its deadline is over."""

    due: Due
    live: date | None
    """The day that is live instead."""
    made: bool
    """Whether the day's rows are there: then publishing them failed, or waits for a person."""


def newest_deadline(company: Company, pipeline: Pipeline, product: str, now: datetime, since: datetime) -> Due | None:
    """The newest deadline that is over; None where nothing is due. `since` is when the company's schedule was turned
    on."""
    today = local_date(company, now)
    for back in range(-1, WEEK + 3):
        morning = today - timedelta(days=back)
        ran, at = scheduled_on(company, morning), deadline_on(company, product, morning)
        if at > now:
            continue
        day = day_made_at(ran)
        if is_due(pipeline, company, pipeline.products[product].asset, day):
            return Due(product, day, at) if since <= ran and _is_expected(company, day) else None
    return None


def newest_day_due(
    company: Company, pipeline: Pipeline, product: str, moment: datetime, empty: Collection[date] = ()
) -> Due | None:
    """The newest day of a product that a company has and whose deadline is over, whether its schedule is on or not.
    Days that are `empty` have nothing to go live. None where there is none in the last months of the company."""
    mornings_end = local_date(company, moment) + timedelta(days=1)
    if company.end_date is not None:
        mornings_end = min(mornings_end, company.end_date + timedelta(days=2))
    for back in range(_MONTHS):
        morning = mornings_end - timedelta(days=back)
        day, at = day_made_at(scheduled_on(company, morning)), deadline_on(company, product, morning)
        due = is_due(pipeline, company, pipeline.products[product].asset, day)
        if at <= moment and due and _is_expected(company, day) and day not in empty:
            return Due(product, day, at)
    return None


def deadline_on(company: Company, product: str, morning: date) -> datetime:
    """When the product must be live that the schedule makes on a date of the company's calendar. A time before the
    schedule's is one of the next morning."""
    at = company.deadline(product)
    return local_moment(company, morning if at > RUNS_AT else morning + timedelta(days=1), at)


def is_missed(due: Due, live: date | None, empty_days: Collection[date]) -> bool:
    """Whether a day is not live that is due. One that has no rows has nothing to go live."""
    return (live is None or live < due.day) and due.day not in empty_days


def missed_by(
    company: Company,
    pipeline: Pipeline,
    warehouse: Tables,
    live: LiveDays,
    now: datetime,
    since: datetime,
    *,
    known: Collection[tuple[str, date]] = (),
) -> Iterator[Missed]:
    """What a company's products have missed of their newest deadlines, but for what is known to be missed: products and
    days. Only of the others the warehouse is asked."""
    for product in pipeline.products.values():
        due = newest_deadline(company, pipeline, product.name, now, since)
        live_day = live.get((company.name, product.name))
        if due is None or (due.product, due.day) in known or not is_missed(due, live_day, ()):
            continue
        if product.of.name in left_out(pipeline, company):
            continue
        slices = {one.day: one for one in warehouse.slices(pipeline.ref(product.of.name, company))}
        empty_days = {day for day, one in slices.items() if one.empty}
        if is_missed(due, live_day, empty_days):
            yield Missed(due, live_day, made=due.day in slices)


def live_days(database: Engine) -> LiveDays:
    query = select(Publication.company, Publication.product, Publication.as_of).where(
        Publication.status == PublicationStatus.LIVE
    )
    with Session(database) as session:
        return {(company, product): day for company, product, day in session.execute(query)}


def local_date(company: Company, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(company.timezone)).date()


def _is_expected(company: Company, day: date) -> bool:
    return company.has_day(day) and day not in company.lost_days

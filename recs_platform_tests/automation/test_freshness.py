"""Deadlines: which day of a product must be live, by a plain reference, across time zones and changes of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dagster._core.definitions.freshness import CronFreshnessPolicy
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.assembly.freshness_policies import policy_of
from recs_platform.automation.freshness import Due, is_missed, newest_deadline
from recs_platform.automation.scheduled import newest_due
from recs_platform.companies.model import Company
from recs_platform.companies.weeks import day_for_week_of
from recs_platform.strategies.catalogue import STRATEGIES, company_named, pipelines
from recs_platform_tests.strategies.regulars import weekly_company, weekly_pipeline

ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "Australia/Lord_Howe"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PRODUCT = "recommendations"


def company(zone: str = "UTC", **changes: object) -> Company:
    return company_named("acme").model_copy(update={"timezone": zone, "start_date": date(2024, 12, 1), **changes})


def deadline(of: Company, now: datetime, since: datetime = LONG_AGO) -> Due | None:
    return newest_deadline(of, pipelines()["vehicle_fitment"], PRODUCT, now, since)


@settings(max_examples=150)
@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 30]),
    now=st.datetimes(datetime(2025, 1, 1), datetime(2025, 12, 31)),
)
def test_the_newest_deadline_that_is_over(zone: str, hour: int, minute: int, now: datetime) -> None:
    """Every morning at six of the company's clocks a schedule makes the last UTC day that is over; the deadline is the
    next time that those clocks show its hour."""
    at, here, moment = time(hour, minute), ZoneInfo(zone), now.replace(tzinfo=UTC)
    acme = company(zone, deadlines={PRODUCT: at})
    deadlines = {}
    for back in range(-2, 6):
        morning = moment.date() - timedelta(days=back)
        ran = datetime.combine(morning, time(6), here)
        until = datetime.combine(morning + timedelta(days=0 if at > time(6) else 1), at, here)
        deadlines[until.astimezone(UTC)] = ran.astimezone(UTC).date() - timedelta(days=1)
    over = max(one for one in deadlines if one <= moment)
    assert deadline(acme, moment) == Due(PRODUCT, deadlines[over], over)


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_is_due_once_also_when_clocks_change(zone: str) -> None:
    """Looked at every half hour of a year: days follow each other, and each deadline is at nine of the clocks there."""
    acme, seen = company(zone), []
    for number in range(2 * 24 * 366):
        due = deadline(acme, datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * number))
        assert due is not None
        if not seen or due != seen[-1]:
            seen.append(due)
    days = [due.day for due in seen]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert {due.at.astimezone(ZoneInfo(zone)).time() for due in seen} == {time(9)}


def test_what_nobody_waits_for() -> None:
    nine = datetime(2025, 3, 4, 9, tzinfo=UTC)
    day = date(2025, 3, 3)
    assert deadline(company(), nine) == Due(PRODUCT, day, nine)
    assert deadline(company(), nine - timedelta(seconds=1)) == Due(
        PRODUCT, day - timedelta(days=1), nine - timedelta(days=1)
    )
    for nothing in (
        company(start_date=date(2025, 3, 4)),
        company(end_date=date(2025, 3, 2)),
        company(lost_days=(day,)),
    ):
        assert deadline(nothing, nine) is None
    # Its schedule was turned on at seven, after that morning's run.
    assert deadline(company(), nine, nine - timedelta(hours=2)) is None
    assert deadline(company(), nine, nine - timedelta(hours=3)) is not None


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
def test_a_weekly_product_is_due_on_the_morning_of_its_weekday_and_on_no_other(zone: str) -> None:
    shop, here, monday = weekly_company(timezone=zone, start_date="2025-01-01"), ZoneInfo(zone), date(2025, 3, 3)
    at_nine = datetime.combine(monday, time(9), here)
    due = Due("allocation", day_for_week_of(shop, monday), at_nine.astimezone(UTC))
    for hours in (0, 1, 24, 6 * 24, 7 * 24 - 1):
        now = (at_nine + timedelta(hours=hours)).astimezone(UTC)
        assert newest_deadline(shop, weekly_pipeline(), "allocation", now, LONG_AGO) == due
    before = newest_deadline(shop, weekly_pipeline(), "allocation", due.at - timedelta(seconds=1), LONG_AGO)
    assert before is not None
    assert before.at == due.at - timedelta(days=7)


@given(live=st.none() | st.integers(0, 9), due=st.integers(0, 9), empty=st.sets(st.integers(0, 9)))
def test_a_day_is_missed_unless_it_or_a_later_one_is_live(live: int | None, due: int, empty: set[int]) -> None:
    def day(number: int) -> date:
        return date(2025, 3, 1) + timedelta(days=number)

    missed = is_missed(
        Due(PRODUCT, day(due), LONG_AGO), None if live is None else day(live), {day(number) for number in empty}
    )
    assert missed is (due not in empty and (live is None or live < due))


def test_the_newest_day_of_a_company_is_its_schedules() -> None:
    six = datetime(2025, 3, 4, 6, tzinfo=ZoneInfo("America/Los_Angeles"))
    there = company("America/Los_Angeles")
    assert newest_due(there, six.astimezone(UTC)) == date(2025, 3, 3)
    assert newest_due(there, six.astimezone(UTC) - timedelta(seconds=1)) == date(2025, 3, 2)


def test_the_ui_goes_by_the_last_deadline_of_all() -> None:
    companies = [
        company("Europe/Berlin"),
        company("America/Los_Angeles", deadlines={PRODUCT: time(7, 30)}),
        company("Asia/Kolkata"),
    ]
    policy = policy_of(companies, pipelines()["vehicle_fitment"], PRODUCT)
    assert isinstance(policy, CronFreshnessPolicy)
    assert (policy.deadline_cron, policy.timezone) == ("30 7 * * *", "America/Los_Angeles")
    assert policy.lower_bound_delta == timedelta(hours=15, minutes=30)
    weekly = policy_of([weekly_company(), weekly_company(weekly_day="wednesday")], weekly_pipeline(), "allocation")
    assert isinstance(weekly, CronFreshnessPolicy)
    assert weekly.deadline_cron == "0 9 * * 3"


def test_a_strategy_publishes_what_its_record_says() -> None:
    """The record is for who does not see the stages; both say the same."""
    for name, pipeline in pipelines().items():
        assert sorted(STRATEGIES[name].publishes) == sorted(pipeline.products)

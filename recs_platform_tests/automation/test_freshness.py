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
from recs_platform.declarations.cadence import Cadence
from recs_platform.strategies.catalogue import STRATEGIES, company_named, pipelines

ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland", "Australia/Lord_Howe"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
PRODUCT = "recommendations"


def company(zone: str = "UTC", **changes: object) -> Company:
    return company_named("acme").model_copy(update={"timezone": zone, "start_date": date(2024, 12, 1), **changes})


def weekly(weekday: str) -> Company:
    record = company_named("acme").strategy
    changed = type(record)(**{**vars(record), "cadence": Cadence(weekday)})  # type: ignore[arg-type]
    return company(strategy=changed)


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
    assert newest_deadline(acme, PRODUCT, moment, LONG_AGO) == Due(PRODUCT, deadlines[over], over)


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_is_due_once_also_when_clocks_change(zone: str) -> None:
    """Looked at every half hour of a year: days follow each other, and each deadline is at nine of the clocks there."""
    acme, seen = company(zone), []
    for number in range(2 * 24 * 366):
        due = newest_deadline(
            acme, PRODUCT, datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * number), LONG_AGO
        )
        assert due is not None
        if not seen or due != seen[-1]:
            seen.append(due)
    days = [due.day for due in seen]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert {due.at.astimezone(ZoneInfo(zone)).time() for due in seen} == {time(9)}


def test_what_nobody_waits_for() -> None:
    nine = datetime(2025, 3, 4, 9, tzinfo=UTC)
    day = date(2025, 3, 3)
    assert newest_deadline(company(), PRODUCT, nine, LONG_AGO) == Due(PRODUCT, day, nine)
    assert newest_deadline(company(), PRODUCT, nine - timedelta(seconds=1), LONG_AGO) == Due(
        PRODUCT, day - timedelta(days=1), nine - timedelta(days=1)
    )
    for nothing in (
        company(start_date=date(2025, 3, 4)),
        company(end_date=date(2025, 3, 2)),
        company(lost_days=(day,)),
    ):
        assert newest_deadline(nothing, PRODUCT, nine, LONG_AGO) is None
    # Its schedule was turned on at seven, after that morning's run.
    assert newest_deadline(company(), PRODUCT, nine, nine - timedelta(hours=2)) is None
    assert newest_deadline(company(), PRODUCT, nine, nine - timedelta(hours=3)) is not None


def test_between_two_weekly_days_the_last_one_counts() -> None:
    monday = date(2025, 3, 3)
    for after in range(1, 8):
        now = datetime.combine(monday + timedelta(days=after), time(12), UTC)
        due = newest_deadline(weekly("monday"), PRODUCT, now, LONG_AGO)
        assert due is not None
        assert (due.day, due.at) == (monday, datetime(2025, 3, 4, 9, tzinfo=UTC))


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
    policy = policy_of(companies, companies[0].strategy, PRODUCT)
    assert isinstance(policy, CronFreshnessPolicy)
    assert (policy.deadline_cron, policy.timezone) == ("30 7 * * *", "America/Los_Angeles")
    assert policy.lower_bound_delta == timedelta(hours=15, minutes=30)
    weekly_policy = policy_of([weekly("sunday")], weekly("sunday").strategy, PRODUCT)
    assert isinstance(weekly_policy, CronFreshnessPolicy)
    assert weekly_policy.deadline_cron == "0 9 * * 1"


def test_a_strategy_publishes_what_its_record_says() -> None:
    """The record is for who does not see the stages; both say the same."""
    for name, pipeline in pipelines().items():
        assert sorted(STRATEGIES[name].publishes) == sorted(pipeline.products)

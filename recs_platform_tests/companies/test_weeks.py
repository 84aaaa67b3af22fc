"""Of which day weekly tables are made: the one that the company's schedule makes on its weekday, in its time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.companies.weeks import day_for_week_of, is_weekly_day, newest_weekly_day
from recs_platform.models.settings import WEEKDAYS, Weekday
from recs_platform.strategies.catalogue import company_named
from recs_platform_tests.strategies.regulars import weekly_company

ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland"]


@given(
    zone=st.sampled_from(ZONES),
    weekday=st.sampled_from(WEEKDAYS),
    day=st.dates(date(2024, 1, 1), date(2026, 12, 31)),
)
def test_a_week_is_made_of_the_day_that_its_first_morning_makes(zone: str, weekday: Weekday, day: date) -> None:
    company, made_of = weekly_company(timezone=zone, weekly_day=weekday), []
    for back in range(-9, 16):
        morning = day - timedelta(days=back)
        if f"{morning:%A}".lower() == weekday:
            six = datetime.combine(morning, time(6), ZoneInfo(zone))
            made_of.append((morning, six.astimezone(UTC).date() - timedelta(days=1)))
    begins, of_week = max(one for one in made_of if one[0] <= day)
    assert day_for_week_of(company, day) == of_week
    assert newest_weekly_day(company, day) == max(made for _, made in made_of if made <= day)
    assert is_weekly_day(company, day) == (day in {made for _, made in made_of})
    assert begins <= day < begins + timedelta(days=7)


def test_on_a_monday_sunday_is_over_and_far_in_the_east_it_is_not() -> None:
    wednesday = date(2025, 12, 3)
    assert day_for_week_of(weekly_company(timezone="Europe/Berlin"), wednesday) == date(2025, 11, 30)
    assert day_for_week_of(weekly_company(timezone="Pacific/Auckland"), wednesday) == date(2025, 11, 29)


def test_a_company_of_which_nothing_is_weekly_has_no_week() -> None:
    with pytest.raises(TypeError, match="acme has no weekday: nothing of vehicle_fitment is weekly"):
        is_weekly_day(company_named("acme"), date(2025, 12, 3))

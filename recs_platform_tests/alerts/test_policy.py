"""Who is told, where and when: of a company's file and of the settings."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.alerts.finding import Severity
from recs_platform.alerts.policy import Policy, QuietHours, policy_of
from recs_platform.companies.model import Company
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import KNOWN
from recs_platform_tests.companies.shop import SHOP

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(20), time(7), "Europe/Berlin")


def company(**alerts: object) -> Company:
    return Company.model_validate({**SHOP, "timezone": "Europe/Berlin", "alerts": alerts}, context=KNOWN)


def test_what_the_file_says() -> None:
    policy = policy_of(
        company(
            channel="#shop",
            email=["a@shop.example", "b@shop.example"],
            webhook=True,
            quiet_hours="20:00-07:00",
            escalate={"channel": "#on-call", "after": "4h"},
        )
    )
    assert policy == Policy(
        ("slack:#shop", "mail:a@shop.example", "mail:b@shop.example", "webhook"),
        ("slack:#on-call",),
        timedelta(hours=4),
        NIGHT,
    )


def test_who_names_nobody_is_told_of_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy_of(None) == policy_of(company()) == Policy(("log",))
    monkeypatch.setenv("RECS_SLACK_CHANNEL", "#recs")
    settings.cache_clear()
    assert policy_of(None) == policy_of(company()) == Policy(("slack:#recs",))
    assert policy_of(company(email="a@shop.example")).places == ("mail:a@shop.example",)


def test_errors_are_told_one_level_up_at_once_or_later() -> None:
    at_once = policy_of(company(channel="#shop", escalate={"channel": "#on-call"}))
    assert at_once.told_at_once(Severity.ERROR) == ("slack:#shop", "slack:#on-call")
    assert at_once.told_at_once(Severity.WARN) == ("slack:#shop",)
    later = policy_of(company(channel="#shop", escalate={"channel": "#on-call", "after": "1d"}))
    assert later.told_at_once(Severity.ERROR) == ("slack:#shop",)
    assert (later.told_later(Severity.ERROR), later.told_later(Severity.WARN)) == (("slack:#on-call",), ())
    assert later.ever_told(Severity.ERROR) == at_once.ever_told(Severity.ERROR)


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-03-02 19:59", None),
        ("2026-03-02 20:00", "2026-03-03 07:00"),
        ("2026-03-03 06:59", "2026-03-03 07:00"),
        ("2026-03-03 07:00", None),
        # Clocks go forward in the night before 29 March, and back in that before 25 October.
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_quiet_hours_over_midnight(now: str, over: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(UTC)
    expected = datetime.fromisoformat(over).replace(tzinfo=BERLIN).astimezone(UTC) if over else None
    assert NIGHT.over(moment) == expected


def test_the_night_in_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    def lasts(day: int, month: int) -> timedelta:
        begin = datetime(2026, month, day, 20, tzinfo=BERLIN).astimezone(UTC)
        over = NIGHT.over(begin)
        assert over is not None
        return over - begin

    assert [lasts(2, 3), lasts(28, 3), lasts(24, 10)] == [timedelta(hours=hours) for hours in (11, 10, 12)]


@given(
    begin=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
)
def test_quiet_hours_end_within_a_day_and_a_change_of_clocks(
    begin: time, end: time, zone: str, moment: datetime
) -> None:
    begin, end = begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    quiet = QuietHours(begin, end, zone)
    over = quiet.over(moment) if begin != end else None
    if over is None:
        return
    assert moment < over <= moment + timedelta(hours=25)
    after = over.astimezone(ZoneInfo(zone))
    assert after.time() == end or after.time() > end, "but where clocks leave that time out"

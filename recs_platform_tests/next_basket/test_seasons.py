"""Weekdays and seasons, planted and found."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.next_basket.log import BasketLog, read_log
from recs_platform.next_basket.seasons import PRIOR, season_lift, weekday_lift

DAYS = 500
FISH, ICE, RICE = range(3)


def log_until(days: int) -> BasketLog:
    """Rice every day, fish on every seventh, ice in the hundred days from day 100 on and again a year later."""
    bought = [
        (day, item)
        for day in range(days)
        for item in ("fish", "ice", "rice")
        if item == "rice" or (item == "fish" and day % 7 == 4) or (item == "ice" and 100 <= day % 364 < 200)
    ]
    return read_log(
        pa.table(
            {
                "customer_id": ["a"] * len(bought),
                "order_id": [str(day) for day, _ in bought],
                "item_id": [item for _, item in bought],
                "day": pa.array([day for day, _ in bought], pa.int32()).cast(pa.date32()),
            }
        ),
        day="day",
    )


def test_what_is_bought_on_a_weekday() -> None:
    friday, saturday = (weekday_lift(log_until(DAYS), np.array([day] * 3), np.arange(3)) for day in (700 + 4, 700 + 5))
    assert friday[FISH] > 3 > 1 > saturday[FISH]
    assert saturday[RICE] == pytest.approx(1, abs=0.2)


def test_a_weekday_by_hand() -> None:
    log = log_until(14)
    lift = weekday_lift(log, np.array([4]), np.array([FISH]))
    usual = 4 / 16
    assert lift[0] == pytest.approx((2 + PRIOR * usual) / (2 + PRIOR) / usual)


def test_what_is_bought_at_this_time_of_the_year() -> None:
    log = log_until(DAYS)
    summer, winter = (season_lift(log, np.array([day] * 3), np.arange(3)) for day in (497, 420))
    assert summer[ICE] > 1.5
    assert winter[ICE] < 1
    # Where no ice is bought, rice is a larger share of what is.
    assert 1 < winter[RICE] < 1.3


@pytest.mark.parametrize(("days", "is_known"), [(300, False), (385, False), (392, True)])
def test_without_a_whole_season_of_last_year_nothing_is_said(days: int, is_known: bool) -> None:
    """The 28 days before the same day of last year are in the log from day 392 on, by weeks."""
    lift = season_lift(log_until(days), np.array([days]), np.array([RICE]))
    assert np.isfinite(lift).tolist() == [is_known]

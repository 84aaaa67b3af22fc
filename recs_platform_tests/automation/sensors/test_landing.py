"""A company's feeds come after the schedule had its morning: its run is asked for, once for what has come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation import plan
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import PARTITION, RANGE_END, RANGE_START
from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.automation.scheduled import newest_due
from recs_platform.automation.sensors import landing
from recs_platform.automation.sensors.landed_days import Feeds, days_that_landed, taken_together
from recs_platform.sources import arrivals
from recs_platform.sources.arrivals import Arrival
from recs_platform_tests.automation.sensors.lifts import FEEDS, Ticks, day, deliver, lifts, turn_on
from recs_platform_tests.promises.platform import Platform

SENSOR = "measurement_landing"
CLOCK = datetime(2025, 12, 1, tzinfo=UTC)


@given(
    missing=st.lists(st.integers(0, 30), unique=True, max_size=10).map(sorted),
    came=st.dictionaries(st.integers(0, 30), st.none() | st.integers(0, 5)),
    failed=st.dictionaries(st.integers(0, 30), st.integers(0, 5)),
)
def test_the_first_days_that_have_come_and_did_not_fail_on_it(
    missing: list[int], came: dict[int, int | None], failed: dict[int, int]
) -> None:
    """`came` and `failed` are hours; a source that gives no time has come at None."""
    asked: list[date] = []

    def feeds(one: date) -> Feeds:
        asked.append(one)
        number = (one - day(0)).days
        if number not in came:
            return Feeds("events")
        at = came[number]
        return Feeds(None, f"m{number}", None if at is None else CLOCK + timedelta(hours=at))

    def failed_at(one: date) -> datetime | None:
        at = failed.get((one - day(0)).days)
        return None if at is None else CLOCK + timedelta(hours=at)

    expected: list[date] = []
    for number in missing[:7]:
        at = came.get(number)
        if number not in came or (at is not None and number in failed and failed[number] >= at):
            break
        expected.append(day(number))
    landed = days_that_landed([day(number) for number in missing], feeds, failed_at)
    assert list(landed.days) == expected
    assert bool(landed.why) != bool(expected)
    assert len(asked) <= min(len(missing), 7, len(expected) + 1)


@given(
    arrivals_of=st.dictionaries(
        st.sampled_from("abcd"), st.none() | st.builds(Arrival, st.sampled_from("xyz"), st.none() | st.just(CLOCK))
    ),
    may_lack=st.lists(st.sampled_from("abcd"), unique=True),
)
def test_a_day_is_there_when_all_that_it_needs_is(arrivals_of: dict[str, Arrival | None], may_lack: list[str]) -> None:
    there = taken_together(arrivals_of, may_lack)
    needed = [name for name in arrivals_of if name not in may_lack]
    whole = all(arrivals_of[name] for name in needed) and any(arrivals_of.values())
    assert (there.lacking is None) is bool(whole)
    if whole:
        changed = {name: came and Arrival(came.mark + "!", came.at) for name, came in arrivals_of.items()}
        assert taken_together(changed, may_lack).mark != there.mark


class Morning:
    """A company that began three days ago, after its schedule had its turn today."""

    def __init__(self, home: Path, **changes: object) -> None:
        self.home, self.now = home, datetime.now(UTC)
        first = self.now.date() - timedelta(days=3)
        self.company = lifts(home, start_date=str(first), **changes)
        due = newest_due(self.company, self.now - timedelta(minutes=15))
        assert due is not None
        self.due = due
        self.platform = Platform(home, [self.company])
        self.ticks = Ticks(self.platform, SENSOR)
        turn_on(self.platform.instance, "lifts")

    def fails(self, day: date) -> None:
        """A run of a day that has failed just now, of what a rerun does not cure."""
        instance, job = self.platform.instance, self.platform.definitions.resolve_job_def("measurement_daily")
        run = instance.create_run_for_job(job, tags={COMPANY_TAG: "lifts", PARTITION: f"lifts|{day}", **NEVER_AGAIN})
        instance.report_run_failed(run, "nothing had come")


@pytest.fixture
def morning(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Morning:
    monkeypatch.setattr(arrivals, "SETTLED_AFTER", timedelta())
    return Morning(own_home)


def test_what_has_come_is_run_once(morning: Morning) -> None:
    ticks, due = morning.ticks, morning.due
    assert (ticks.asks(), ticks.said) == ([], f"lifts: waits for treatments of {due}")
    deliver(morning.home, [due])
    (morning.home / "lifts" / "events" / f"{due}.csv").unlink()
    assert (ticks.asks(), ticks.said) == ([], f"lifts: waits for events of {due}")
    # The schedule's run did not find it.
    morning.fails(due)
    deliver(morning.home, [due])
    history, whole = ticks.asks()
    assert (history.tags[RANGE_START], history.tags[RANGE_END]) == (
        f"lifts|{morning.company.start_date}",
        f"lifts|{due - timedelta(days=1)}",
    )
    assert whole.partition_key == f"lifts|{due}"
    # A second tick, or one after the cursor was lost, asks for the same, which the daemon has started.
    assert [request.run_key for request in Ticks(morning.platform, SENSOR).asks()] == [history.run_key, whole.run_key]
    ticks.queue(history)
    assert (ticks.asks(), ticks.said) == ([], "lifts: a run is under way")


def test_what_failed_waits_for_something_new(morning: Morning) -> None:
    ticks, due = morning.ticks, morning.due
    deliver(morning.home, [due])
    first = [request.run_key for request in ticks.asks()]
    morning.fails(due)
    assert (ticks.asks(), ticks.said) == ([], f"lifts: {due} failed, and nothing new has come since")
    deliver(morning.home, [due], opens=0.5)
    again = [request.run_key for request in ticks.asks()]
    assert len(again) == len(first) == 2
    assert not set(again) & set(first)


def test_while_a_feed_is_waited_for_the_warehouse_is_asked_once_an_hour(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[date] = []

    def missing_days(*given: Any) -> tuple[date, ...]:
        asked.append(given[-1])
        return plan.missing_days(*given)

    monkeypatch.setattr(landing, "missing_days", missing_days)
    for _ in range(3):
        assert morning.ticks.asks() == []
        assert morning.ticks.said == f"lifts: waits for treatments of {morning.due}"
    assert len(asked) in (1, 2)  # the hour may turn in between
    deliver(morning.home, [morning.due])
    assert len(morning.ticks.asks()) == 2


def test_a_file_that_is_still_growing_is_waited_for(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(morning.home, [morning.due])
    monkeypatch.setattr(arrivals, "SETTLED_AFTER", timedelta(minutes=2))
    assert morning.ticks.asks() == []
    assert morning.ticks.said == f"lifts: waits for treatments of {morning.due}"


def test_companies_whose_schedule_is_off_or_that_have_ended_are_left_alone(own_home: Path) -> None:
    ended = lifts(own_home, "over", end_date=str(day(3)))
    waiting = lifts(own_home, "off")
    platform = Platform(own_home, [ended, waiting])
    ticks = Ticks(platform, SENSOR)
    assert (ticks.asks(), ticks.said) == ([], "no company's schedule is on")
    turn_on(platform.instance, "over")
    assert (ticks.asks(), ticks.said) == ([], "over: nothing is missing")


def test_a_database_that_is_away_keeps_no_other_waiting(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_AFTER", timedelta())
    monkeypatch.setenv("AWAY_URL", "postgresql+psycopg://jane:pa55word@127.0.0.1:1/shop")
    first = datetime.now(UTC).date() - timedelta(days=3)
    sql = {"connector": "sql", "url_env": "AWAY_URL", "query": "SELECT * FROM events WHERE day = :as_of"}
    files = {feed: {"connector": "files", "path": f"b/{feed}/{{date}}.csv"} for feed in FEEDS}
    away = lifts(own_home, "a", start_date=str(first), sources={**files, "events": sql})
    here = lifts(own_home, "b", start_date=str(first))
    due = newest_due(here, datetime.now(UTC) - timedelta(minutes=15))
    assert due is not None
    deliver(own_home, [due], company="b")
    platform = Platform(own_home, [away, here])
    turn_on(platform.instance, "a", "b")
    ticks = Ticks(platform, SENSOR)
    assert [request.tags[COMPANY_TAG] for request in ticks.asks()] == ["b", "b"]
    ticks.queue(dg.RunRequest("busy", tags={COMPANY_TAG: "b"}))
    assert ticks.asks() == []
    assert "a: cannot tell: a: source table events: its rows cannot be counted" in ticks.said
    assert "pa55word" not in ticks.said

"""Opens and clicks of three days come after all: exactly those days are loaded again, and exactly what shows them is
made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.automation.jobs import COMPANY_TAG, LATE_TAG
from recs_platform.automation.journal import PARTITION
from recs_platform.automation.sensors import late_feeds
from recs_platform.automation.sensors.late import LOADS
from recs_platform.automation.sensors.late_steps import Load, campaign_tables, steps_to_load, steps_to_make_again
from recs_platform.pipeline.affected import affected_logs
from recs_platform.schemas.table import Kind
from recs_platform.sources import arrivals
from recs_platform.strategies.catalogue import company_named as built_in
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.sensors.lifts import FEEDS, Ticks, day, deliver, lifts, turn_on
from recs_platform_tests.promises.platform import Platform

SENSOR = "measurement_late_data"
LATE = [day(5), day(6), day(8)]
BEFORE, SHOWING = day(4), [day(7), day(11)]
"""The days whose snapshots were made."""
WITHOUT_OPENS = 0.0
LOGS_OF_OPENS = {"landed_interactions", "interactions", "rejected_rows", "source_counts"}


@pytest.mark.slow
def test_days_that_come_late_and_what_shows_them_are_made_again_and_nothing_else(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Files of this minute are as good as files of yesterday.
    monkeypatch.setattr(late_feeds, "SETTLED_AFTER", timedelta())
    monkeypatch.setattr(arrivals, "SETTLED_AFTER", timedelta())
    company = lifts(own_home, end_date=str(day(11)))
    days = [day(number) for number in range(12)]
    deliver(own_home, days)
    deliver(own_home, LATE, opens=WITHOUT_OPENS)
    platform = Platform(own_home, [company])
    specs = platform.pipeline("lifts").specs
    logs = [name for name in platform.all_tables("lifts") if specs[name].kind is Kind.LOG]
    platform.succeeded(platform.load_days("lifts", Days(days[0], days[-1]), only=logs))
    snapshots = [name for name in platform.all_tables("lifts") if name not in logs]
    for one in (BEFORE, *SHOWING):
        platform.succeeded(platform.run_day("lifts", one, only=snapshots))
    assert {row["day"] for row in platform.rows("lifts", "campaign_days", Days.one(day(11))) if row["lagging"]} == set(
        LATE
    )
    ticks = Ticks(platform, SENSOR)
    assert (ticks.asks(), ticks.said) == ([], "no company's schedule is on")
    turn_on(platform.instance, "lifts")
    assert (ticks.asks(), ticks.said) == ([], "lifts: nothing is late")

    ticks.cursor = None
    deliver(own_home, LATE)
    loads = ticks.asks()
    assert [str(request.run_key).split(" late ")[0] for request in loads] == [
        f"lifts history {day(5)} to {day(6)}",
        f"lifts history {day(8)}",
    ]
    lost = Ticks(platform, SENSOR)
    assert [request.run_key for request in lost.asks()] == [request.run_key for request in loads]
    ticks.queue(loads[0])
    assert (ticks.asks(), ticks.said) == ([], "lifts: a run is under way")
    for run in platform.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.NOT_STARTED])):
        platform.instance.delete_run(run.run_id)
    loaded = [materialized(platform, platform.succeeded(ticks.run(request))) for request in loads]
    assert {table: days for one in loaded for table, days in one.items()}.keys() == LOGS_OF_OPENS
    assert sorted({one for of_run in loaded for days in of_run.values() for one in days}) == LATE

    again = Ticks(platform, SENSOR).asks()
    assert [request.partition_key for request in again] == [f"lifts|{one}" for one in SHOWING]
    made = [materialized(platform, platform.succeeded(ticks.run(request))) for request in again]
    shown = campaign_tables(platform.pipeline("lifts"), {"interactions"})
    assert {table for of_run in made for table in of_run} == shown
    assert "treatment_allocation" not in shown
    assert "campaign_days" in shown

    for cursor in (ticks.cursor, None):
        ticks.cursor = cursor
        assert (ticks.asks(), ticks.said) == ([], "lifts: nothing is late")
    rows = platform.rows("lifts", "campaign_days", Days.one(day(11)))
    assert not any(row["lagging"] for row in rows)
    # Of the newest two days orders may still come.
    assert [row["day"] for row in rows if row["provisional"]] == [day(10), day(11)]
    assert {
        row["event_date"]: row["landed"]
        for row in platform.rows("lifts", "source_counts")
        if row["source_table"] == "interactions"
    } == dict.fromkeys(days, 48)


def materialized(platform: Platform, run: dg.ExecuteInProcessResult) -> Mapping[str, set[date]]:
    """The partitions of tables that a run made, by Dagster's own events."""
    made: dict[str, set[date]] = {}
    for event in run.all_events:
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            key = event.step_materialization_data.materialization
            made.setdefault(key.asset_key.path[-1], set()).add(date.fromisoformat(str(key.partition).split("|")[1]))
    return made


def test_a_database_is_asked_for_its_newest_days(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it has forgotten stays loaded."""
    monkeypatch.setenv("ORDERS_URL", f"sqlite:///{tmp_path / 'orders.db'}")
    orders = sqlite3.connect(tmp_path / "orders.db", isolation_level=None)
    orders.execute("CREATE TABLE orders (id TEXT, day TEXT)")
    sql = {"connector": "sql", "url_env": "ORDERS_URL", "query": "SELECT id FROM orders WHERE day = :as_of"}
    files = {feed: {"connector": "files", "path": f"lifts/{feed}/{{date}}.csv"} for feed in FEEDS}
    company = lifts(own_home, end_date=str(day(11)), sources={**files, "events": sql})
    platform = Platform(own_home, [company])
    turn_on(platform.instance, "lifts")
    days = Days(day(0), day(9))
    counts = [{"event_date": day(8), "source_table": "events", "landed": 2, "rejected": 0, "merged": 0, "kept": 2}]
    for table, rows in (("landed_events", []), ("source_counts", counts)):
        ref = platform.ref("lifts", table)
        platform.lake.replace(Subject(table, "lifts", ref, days), ref.spec.arrow_table(rows).to_reader())
    assert Ticks(platform, SENSOR).asks() == []
    for number in (1, 6):
        orders.execute("INSERT INTO orders VALUES (?, ?)", (str(number), str(day(number))))
    (load,) = Ticks(platform, SENSOR).asks()
    assert str(load.run_key).startswith(f"lifts history {day(6)} late ")
    assert {key.path[-1] for key in load.asset_selection or ()} == {"landed_events", "source_counts"}


def test_a_run_under_the_tag_that_is_for_no_days_is_no_load(own_home: Path) -> None:
    """Somebody has started one by hand."""
    platform = Platform(own_home, [lifts(own_home, end_date=str(day(11)))])
    turn_on(platform.instance, "lifts")
    for tags in ({}, {COMPANY_TAG: "lifts"}, {PARTITION: "lifts"}, {PARTITION: f"lifts|{day(5)}"}):
        tagged = {LATE_TAG: LOADS, **tags}
        platform.instance.add_run(dg.DagsterRun("by_hand", tags=tagged, status=dg.DagsterRunStatus.SUCCESS))
    ticks = Ticks(platform, SENSOR)
    assert (ticks.asks(), ticks.said) == ([], "lifts: nothing is late")


@settings(max_examples=30)
@given(
    spans=st.dictionaries(st.sampled_from("abc"), st.sets(st.integers(0, 30), max_size=6), max_size=3),
)
def test_a_run_makes_only_what_is_affected_and_all_of_it_once(spans: dict[str, set[int]]) -> None:
    affected = {table: {day(number) for number in numbers} for table, numbers in spans.items()}
    steps = list(steps_to_load(built_in("acme"), affected))
    made = [(table, one) for step in steps for table in step.tables or () for one in step.days]
    assert sorted(made) == sorted((table, one) for table, days in affected.items() for one in days)
    assert [step.days.first for step in steps] == sorted(step.days.first for step in steps)
    assert all(step.history for step in steps)


@settings(max_examples=30)
@given(changed=st.sets(st.integers(0, 40), min_size=1, max_size=4), made=st.sets(st.integers(0, 60)))
def test_logs_follow_as_far_as_they_look_back(changed: set[int], made: set[int]) -> None:
    """A plain reference: opens and clicks are judged by the messages of the days before them."""
    company = built_in("acme")
    pipeline, back = pipelines()["vehicle_fitment"], company.parameters.interaction_window_days
    logs = {name: {day(number) for number in made} for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG}
    late_messages = {day(number) for number in changed & made}
    found = affected_logs(pipeline, company, {"landed_treatments": late_messages}, logs)
    expected = {one for one in logs["interactions"] if any(0 <= (one - sent).days < back for sent in late_messages)}
    assert found.get("landed_interactions", frozenset()) == expected
    assert found.get("interactions", frozenset()) == expected
    assert found.get("treatments", frozenset()) == late_messages
    assert found.get("source_counts", frozenset()) == expected | late_messages
    assert not found.keys() & {"landed_events", "events", "deliveries"}


@settings(max_examples=30)
@given(
    loads=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 9)), max_size=4),
    made=st.dictionaries(st.integers(0, 30), st.integers(0, 9), max_size=12),
)
def test_snapshots_follow_what_they_show_and_are_older_than(
    loads: list[tuple[int, int, int]], made: dict[int, int]
) -> None:
    company = built_in("acme").model_copy(
        update={"parameters": built_in("acme").parameters.model_copy(update={"campaign_window_days": 8})}
    )
    pipeline, clock = pipelines()["vehicle_fitment"], datetime(2025, 12, 1, tzinfo=UTC)
    runs = [
        Load(
            f"run{number}",
            Days(day(first), day(first + more)),
            frozenset({"interactions"}),
            clock + timedelta(hours=at),
        )
        for number, (first, more, at) in enumerate(loads)
    ]
    tables = campaign_tables(pipeline, {"interactions"})
    assert tables
    slices = {table: {day(number): clock + timedelta(hours=at) for number, at in made.items()} for table in tables}
    expected = {
        day(number)
        for number, at in made.items()
        if any(first <= number < first + more + 8 and at < ended for first, more, ended in loads)
    }
    steps = [step for step, _ in steps_to_make_again(pipeline, company, runs, slices)]
    assert [step.days.first for step in steps] == sorted(expected)
    assert all(step.tables == tables and not step.history for step in steps)


def test_what_was_proposed_stays_as_it_was() -> None:
    """In every strategy: nothing that is published is made again, nor what is made of it."""
    for pipeline in pipelines().values():
        shown = campaign_tables(pipeline, {name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG})
        published = {product.of.name for product in pipeline.products.values()}
        assert shown
        assert not any(pipeline.made_of(table) & published for table in shown)
        assert shown.isdisjoint(pipeline.products)

"""Interactions that arrive late: a few every day, all of one afternoon; and some with messages that nobody sent."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from recs_platform.simulation.world import WorldSpec
from recs_platform_tests.simulation.worlds import FEEDS, FIRST, SPECS, Landed, world_of

DAY = timedelta(days=1)


def instants(table: pa.Table) -> list[datetime]:
    return [row["happened_at"] for row in table.to_pylist()]


@pytest.mark.parametrize("name", list(SPECS))
def test_on_the_day_of_the_outage_everything_after_noon_arrives_a_day_late(name: str) -> None:
    spec = SPECS[name]
    world = world_of(spec)
    campaigns = world.truth(spec)["campaigns"]
    outage = date.fromisoformat(campaigns["outage_date"])
    assert 60 <= (outage - FIRST).days < 67
    assert outage.weekday() in campaigns["weekdays"]
    happened = world.feed(spec, "interactions", outage)
    arriving = world.feed(spec, "interactions", outage + DAY).late
    assert arriving is not None
    noon = datetime(outage.year, outage.month, outage.day, 12)
    assert [at for at in instants(happened.table) if at >= noon] == []
    after_noon = [at for at in instants(arriving) if at >= noon]
    assert len(after_noon) > 30
    assert len(arriving) == happened.truth["late"]["interactions_that_arrive_late"]
    usual = world.feed(spec, "interactions", outage - 7 * DAY)
    assert len(usual.table) > 5 * usual.truth["late"]["interactions_that_arrive_late"]


def test_the_outage_in_the_files(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    world = worlds["concord"]
    outage = world.truth["campaigns"]["outage_date"]
    late = f"""SELECT count(*) FILTER (filename LIKE '%/late-%'), count(*) FROM {world.files("interactions", outage)}
        WHERE happened_at >= DATE '{outage}' + INTERVAL 12 HOUR"""
    counts = duck.sql(late).fetchone()
    assert counts is not None
    assert counts[0] == counts[1] > 30


@pytest.mark.parametrize(("age", "there"), [(23, False), (30, True), (37, True)])
def test_messages_that_were_never_sent_once_none_can_be_older_than_the_feeds(age: int, there: bool) -> None:
    spec = WorldSpec("large", "offer_ranking", 12, 20_000, FIRST, FEEDS)
    day = FIRST + age * DAY
    feed = world_of(spec).feed(spec, "interactions", day)
    sent = set(world_of(spec).feed(spec, "treatments", day).table["send_id"].to_pylist())
    strangers = [row for row in feed.table.to_pylist() if row["send_id"] not in sent]
    assert len(feed.table) > 500
    assert len(strangers) == feed.truth["rejected"]["interactions"].get("send_id is unknown", 0)
    assert bool(strangers) == there
    assert len({row["send_id"] for row in strangers}) == len(strangers)

"""What shops say of recommendations is kept once, whatever they send, and what makes no sense is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from recs_platform.platform_db.serving_tables import ServedReaction
from recs_platform.serving.answer_log import SpooledAnswerLog
from recs_platform.serving.answers import FeedbackKept
from recs_platform.serving.service import Service
from recs_platform_tests.serving.made_up import NOW, client, made_up

pytestmark = pytest.mark.anyio
EVENT = {
    "event_id": "e1",
    "request_id": "abc123",
    "customer_id": "c1",
    "item_id": "i1",
    "reaction": "clicked",
    "happened_at": "2025-09-03T09:30:00+02:00",
}


@pytest.fixture
def service(platform_db: Engine, tmp_path: Path) -> Service:
    found, _ = made_up()
    found.answers = SpooledAnswerLog(platform_db, tmp_path / "answers", lambda _: True, clock=lambda: NOW)
    return found


def kept(database: Engine) -> list[Any]:
    columns = ServedReaction.__table__.columns
    with database.connect() as connection:
        return list(connection.execute(select(*columns).order_by(columns.event_id)))


async def test_it_is_kept_when_it_is_answered_and_counts_once(service: Service, platform_db: Engine) -> None:
    body = {"company": "concord", "events": [EVENT, {**EVENT, "event_id": "e2"}, EVENT]}
    async with client(service) as asking:
        first, second = [await asking.post("/feedback", json=body) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.json()["received"], first.json()["new"], second.json()["new"]) == (3, 2, 0)
    FeedbackKept.model_validate(first.json())
    rows = kept(platform_db)
    assert [row.event_id for row in rows] == ["e1", "e2"]
    assert (rows[0].answer_id, rows[0].reaction, rows[0].company) == ("abc123", "clicked", "concord")
    assert (rows[0].happened_at, rows[0].received_at) == (datetime(2025, 9, 3, 7, 30, tzinfo=UTC), NOW)


async def test_event_ids_are_each_shops_own(service: Service, platform_db: Engine) -> None:
    async with client(service) as asking:
        for name in ("concord", "metro"):
            answer = await asking.post("/feedback", json={"company": name, "events": [EVENT]})
            assert answer.json()["new"] == 1
    assert len(kept(platform_db)) == 2


async def test_an_answer_or_customer_that_nobody_knows_is_kept(service: Service, platform_db: Engine) -> None:
    """The answer may still be on its way, and it is told by a check where it never comes."""
    events = [{**EVENT, "request_id": None, "customer_id": "nobody ☃/x"}, {**EVENT, "event_id": "e2"}]
    async with client(service) as asking:
        assert (await asking.post("/feedback", json={"company": "concord", "events": events})).status_code == 202
    assert [(row.customer_id, row.answer_id) for row in kept(platform_db)] == [("nobody ☃/x", None), ("c1", "abc123")]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"happened_at": "2025-09-03T08:05:01Z"}, "It has not happened yet."),
        ({"happened_at": "2025-08-04T07:59:59Z"}, "It happened more than 30 days ago."),
        ({"happened_at": "2025-09-03T08:00:00"}, "timezone"),
        ({"reaction": "liked"}, "'shown', 'clicked' or 'bought'"),
        ({"event_id": "e" * 101}, "at most 100"),
        ({"event_id": "e\x00"}, "NUL"),
        ({"item_id": ""}, "at least 1"),
        ({"request_id": "no such thing"}, "match pattern"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
async def test_what_makes_no_sense_is_told_and_nothing_of_it_is_kept(
    service: Service, platform_db: Engine, changes: dict[str, Any], problem: str
) -> None:
    events = [{**EVENT, "event_id": "fine"}, {**EVENT, **changes}]
    async with client(service) as asking:
        answer = await asking.post("/feedback", json={"company": "concord", "events": events})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].startswith("body.events.1.")
    assert problem in error["problem"]
    assert kept(platform_db) == []


@pytest.mark.parametrize(
    "happened_at", ["2025-09-03T08:05:00Z", "2025-08-04T08:00:00Z"], ids=["a fast clock", "30 days"]
)
async def test_clocks_differ_and_shops_are_late(service: Service, happened_at: str) -> None:
    body = {"company": "concord", "events": [{**EVENT, "happened_at": happened_at}]}
    async with client(service) as asking:
        assert (await asking.post("/feedback", json=body)).status_code == 202


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_batch_has_a_limit(service: Service, count: int) -> None:
    body = {"company": "concord", "events": [{**EVENT, "event_id": str(n)} for n in range(count)]}
    async with client(service) as asking:
        assert (await asking.post("/feedback", json=body)).status_code == 422


async def test_a_whole_batch_is_kept(service: Service, platform_db: Engine) -> None:
    body = {"company": "concord", "events": [{**EVENT, "event_id": str(n)} for n in range(1000)]}
    async with client(service) as asking:
        assert (await asking.post("/feedback", json=body)).json()["new"] == 1000
    assert len(kept(platform_db)) == 1000

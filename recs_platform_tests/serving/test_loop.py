"""The whole loop with real processes: served, killed, kept, landed with the day, counted."""

from __future__ import annotations

import json
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.serving_tables import Reaction, ServedAnswer
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.serving.running import serve
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.sources.connectors.test_service import DAY, at, keep_answer, keep_reaction

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
@takes_seconds
def made(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Terminal:
    """A day of acme that was published, after a customer was served one item, which was clicked and bought."""
    folder = tmp_path_factory.mktemp("loop")
    small_companies(folder)
    (folder / ".recs").mkdir()
    shutil.copy(migrated_file, folder / ".recs" / "platform.db")
    terminal = Terminal(folder)
    with terminal.inside():
        database = opened_database()
        items = json.dumps([{"item_id": "P-1", "rank": 1}, {"item_id": "P-2", "rank": 2}])
        keep_answer(database, "abc1", at(10, 9), company="acme", items=items)
        for number, reaction in enumerate((Reaction.SHOWN, Reaction.CLICKED, Reaction.BOUGHT)):
            keep_reaction(
                database, f"e{number}", at(10, 10, number), company="acme", item_id="P-1", answer_id="abc1",
                reaction=reaction,
            )  # fmt: skip
        keep_reaction(database, "tomorrow", at(11, 0), company="acme", item_id="P-2", answer_id="abc1")
    ended = terminal.recs("run", "acme", "--date", str(DAY))
    assert ended.code == 0, ended.told
    return terminal


def test_it_lands_with_the_day_and_is_counted(made: Terminal) -> None:
    with made.inside():
        company = company_named("acme")
        ref = pipeline_of(company).ref("recommendation_outcomes", company)
        with open_warehouse().read(ref, Days.one(DAY)) as reader:
            rows = reader.read_all().select(["rank", "version", "served", "shown", "clicked", "bought"]).to_pylist()
    assert sorted(map(tuple, (row.values() for row in rows))) == [(1, 3, 1, 1, 1, 1), (2, 3, 1, 0, 0, 0)]


def test_a_killed_service_loses_no_answer_and_the_next_one_ships_it(made: Terminal) -> None:
    with made.inside():
        with serve(made) as first:
            examples = _customers(made)
            told = [first.get(f"/recommendations/acme/{customer}").json() for customer in examples]
            now = first.post("/recommend", {"company": "acme", "customer_id": examples[0]}).json()
            first.end(signal.SIGKILL)
        with serve(made) as second:
            event = {
                "event_id": "after",
                "request_id": now["request_id"],
                "customer_id": examples[0],
                "item_id": now["items"][0]["item_id"],
                "reaction": "clicked",
                "happened_at": datetime.now(UTC).isoformat(),
            }
            kept = second.post("/feedback", {"company": "acme", "events": [event]})
            assert (kept.status_code, kept.json()["new"]) == (202, 1)
            assert second.end() == 0
        columns = ServedAnswer.__table__.columns
        with opened_database().connect() as connection:
            rows = {row.id: json.loads(row.items) for row in connection.execute(select(*columns))}
    assert {one["request_id"] for one in (*told, now)} <= rows.keys()
    assert [item["rank"] for item in rows[now["request_id"]]] == [1, 2, 3, 4]
    assert list((made.folder / ".recs" / "answers").glob("*.jsonl")) == []


def _customers(made: Terminal) -> list[str]:
    company = company_named("acme")
    with open_warehouse().read(pipeline_of(company).ref("vehicle_recommendations", company), Days.one(DAY)) as reader:
        customers = sorted(set(reader.read_all()["customer_id"].to_pylist()))
    return [str(customer) for customer in customers[:5]]

"""What was recommended reaches the database once, whoever is killed and whatever is away meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, select, text

from recs_platform.platform_db.serving_tables import ServedAnswer
from recs_platform.serving.answer_log import SpooledAnswerLog
from recs_platform.serving.protocols import Recommended
from recs_platform.serving.spool import Spool, taken
from recs_platform_tests.serving.made_up import NOW, ROWS, client, made_up


def answer(number: int, rows: list[dict[str, Any]] | None = None, company: str = "concord") -> Recommended:
    rows = ROWS if rows is None else rows
    return Recommended(f"r{number}", company, "recommendations", 3, "c1", NOW, orjson.dumps(rows))


def log_of(database: Engine, folder: Path, **other: Any) -> SpooledAnswerLog:
    return SpooledAnswerLog(database, folder, other.pop("keeps", lambda _: True), clock=lambda: NOW, **other)


def kept(database: Engine) -> list[Any]:
    columns = ServedAnswer.__table__.columns
    with database.connect() as connection:
        return list(connection.execute(select(*columns).order_by(columns.id)))


def test_an_answer_is_kept_with_places_arms_and_chances(platform_db: Engine, tmp_path: Path) -> None:
    log = log_of(platform_db, tmp_path)
    rows = [
        {"rank": 1, "item_id": "i1", "version": "v4", "propensity": 0.25, "reason": "because"},
        {"rank": 2, "offer_id": "f1", "item_id": "i2"},
    ]
    log.served(answer(1, rows))
    assert log.ship()
    (row,) = kept(platform_db)
    assert (row.id, row.company, row.product, row.version, row.customer_id) == (
        "r1",
        "concord",
        "recommendations",
        3,
        "c1",
    )
    assert (row.answered_at, row.received_at) == (NOW, NOW)
    assert json.loads(row.items) == [
        {"item_id": "i1", "rank": 1, "arm": "v4", "propensity": 0.25},
        {"item_id": "f1", "rank": 2},
    ]
    assert list(tmp_path.glob("*.jsonl")) == []


def test_parts_side_by_side_are_four_items(platform_db: Engine, tmp_path: Path) -> None:
    log = log_of(platform_db, tmp_path)
    log.served(answer(1, [{f"rec_part_{n}": f"p{n}" for n in range(1, 5)}]))
    log.ship()
    assert [item["item_id"] for item in json.loads(kept(platform_db)[0].items)] == ["p1", "p2", "p3", "p4"]


def test_what_is_shipped_twice_is_kept_once(platform_db: Engine, tmp_path: Path) -> None:
    log = log_of(platform_db, tmp_path)
    for number in range(1_200):
        log.served(answer(number))
    log.spool.close()
    (path,) = log.spool.waiting()
    before = path.read_bytes()
    assert log.ship()
    # Killed between the commit and the deletion of the file.
    path.write_bytes(before)
    assert log.ship()
    assert len(kept(platform_db)) == log.shipped == 1_200


def test_a_company_can_switch_it_off(platform_db: Engine, tmp_path: Path) -> None:
    log = log_of(platform_db, tmp_path, keeps=lambda name: name != "concord")
    log.served(answer(1))
    log.served(answer(2, company="metro"))
    log.ship()
    assert [row.id for row in kept(platform_db)] == ["r2"]


def test_answers_wait_while_the_database_is_away(platform_db: Engine, tmp_path: Path) -> None:
    with platform_db.begin() as connection:
        connection.execute(text("ALTER TABLE served_answers RENAME TO elsewhere"))
    log = log_of(platform_db, tmp_path)
    for number in range(3):
        log.served(answer(number))
        assert not log.ship()
    with platform_db.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO served_answers"))
    assert log.ship()
    assert [row.id for row in kept(platform_db)] == ["r0", "r1", "r2"]


def test_the_disk_is_not_filled(platform_db: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = log_of(platform_db, tmp_path, most_bytes=2_000)
    for number in range(100):
        log.served(answer(number))
        if number == 3:
            log.spool.close()
            list(log.spool.waiting())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2_000
    assert 0 < log.spool.kept < 20
    assert log.spool.kept + log.spool.lost == 100
    assert len([one for one in caplog.records if "answers are not kept" in one.message]) == 1
    assert log.ship()
    log.served(answer(100))
    assert log.ship()
    assert "r100" in {row.id for row in kept(platform_db)}
    assert len(kept(platform_db)) == log.spool.kept


def test_a_folder_that_cannot_be_written_fails_no_request(
    platform_db: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    log = log_of(platform_db, tmp_path / "file")
    log.served(answer(1))
    log.served(answer(2))
    assert log.spool.lost == 2
    assert [one.message for one in caplog.records] == ["answers are not kept: File exists"]


def test_a_line_that_was_broken_off_keeps_no_other(platform_db: Engine, tmp_path: Path) -> None:
    log = log_of(platform_db, tmp_path)
    log.served(answer(1))
    log.spool.append(b'{"id": "r2", "rows": [{"ra\n')
    log.spool.append(b'"neither an answer"\n')
    log.served(answer(3))
    assert log.ship()
    assert [row.id for row in kept(platform_db)] == ["r1", "r3"]


def test_a_file_that_somebody_writes_to_is_his(tmp_path: Path) -> None:
    one, other = Spool(tmp_path, 10_000), Spool(tmp_path, 10_000)
    one.append(b"1\n")
    (path,) = other.waiting()
    with taken(path) as content:
        assert content is None
    one.close()
    with taken(path) as content, taken(path) as again:
        assert (content, again) == (b"1\n", None)
    path.unlink()
    with taken(path) as content:
        assert content is None


_SERVING = """
import sys, time
from pathlib import Path
from recs_platform.serving.spool import Spool
spool = Spool(Path(sys.argv[1]), 2**30)
number = 0
while True:
    spool.append(b'{"n": %d, "x": "%s"}\\n' % (number, b"x" * 3000))
    print(number, flush=True)  # it was answered
    number += 1
"""


def test_killed_while_it_answers_it_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _SERVING, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(500):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    answered = 500 + len(process.stdout.read().splitlines())
    process.stdout.close()
    (path,) = Spool(tmp_path, 10_000).waiting()
    with taken(path) as content:
        assert content is not None
        # A kill may fall into the middle of a write: what stands there then is no line, and was not answered.
        found = [json.loads(line)["n"] for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
    assert found[:answered] == list(range(answered))
    assert len(found) <= answered + 1


@pytest.mark.anyio
async def test_every_answer_of_the_service_is_kept(platform_db: Engine, tmp_path: Path) -> None:
    service, _ = made_up()
    service.answers = log = log_of(platform_db, tmp_path, ship_seconds=0.01)
    await log.start()
    async with client(service) as asking:
        told = [
            (await asking.get("/recommendations/concord/c1")).json(),
            (await asking.get("/recommendations/metro/c1?limit=2")).json(),
            (await asking.post("/recommend", json={"company": "concord", "customer_id": "c1", "top_n": 1})).json(),
            (await asking.get("/recommendations/concord/nobody")).json(),
        ]
    await log.stop()
    rows = {row.id: json.loads(row.items) for row in kept(platform_db)}
    assert {one["request_id"]: len(one["items"]) for one in told[:3]} == {
        id_: len(items) for id_, items in rows.items()
    }

"""A real `recs serve` with real stores, under requests at a constant rate from another process, while what it stands on
is killed, stopped and changed: every answer is looked at."""

from __future__ import annotations

import json
import re
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from recs_platform.models.model import Model
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.serving_tables import ServedAnswer
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.publication.market import NAME
from recs_platform_tests.serving.live_market import CUSTOMERS, LiveMarket
from recs_platform_tests.serving.load import Answered, loading
from recs_platform_tests.serving.models.worlds import base_raw, constant, feature_rows, lying, version
from recs_platform_tests.serving.models.worlds import house as open_house
from recs_platform_tests.serving.raw import connected, get, read
from recs_platform_tests.serving.running import Running, serve, serve_made_up
from recs_platform_tests.serving.test_ending import wait_until_ready
from recs_platform_tests.serving_store.stored import stored
from recs_platform_tests.stores.postgres_server import PostgresServer
from recs_platform_tests.stores.redis_server import RedisServer

pytestmark = pytest.mark.slow


@pytest.fixture
def market(tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer) -> Iterator[LiveMarket]:
    """With servers of its own."""
    terminal = Terminal(tmp_path, {"RECS_DATABASE_URL": postgres_server.url, "RECS_REDIS_URL": redis_server.url})
    yield LiveMarket(terminal)
    opened_database(postgres_server.url).dispose()


def well(answers: Sequence[Answered]) -> Sequence[Answered]:
    """Those answers, none of which is anything but an answer."""
    wrong = [answer for answer in answers if (answer.status, answer.error) != (200, "")]
    assert not wrong, f"{len(wrong)} of {len(answers)}: {wrong[:3]}"
    return answers


def sources(answers: Sequence[Answered]) -> set[str]:
    """Who answered; all of them must be lists."""
    return {answer.told["served_from"] for answer in well(answers)}


def answered_by(source: str) -> Callable[[Answered], bool]:
    """Until it does: on a busy machine Redis may be slow for a moment, and the database answers for it."""
    return lambda answer: answer.status == 200 and answer.told["served_from"] == source


def fallbacks(running: Running) -> dict[str, float]:
    told = running.get("/metrics").text
    return {
        reason: float(count)
        for reason, count in re.findall(r'recs_service_fallbacks_total\{reason="(\w+)"\} (\S+)', told)
    }


def test_either_store_may_go_and_both_may_come_back(
    market: LiveMarket, redis_server: RedisServer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    market.publish()
    with serve(market.terminal) as running:
        wait_until_ready(running.url)
        with loading(tmp_path, running.port, market.requests) as load:
            well(load.next(100, answered_by("redis")))

            redis_server.kill()
            load.next(300, answered_by("database"))
            counted = fallbacks(running)
            assert counted["failed"] >= 1
            assert counted["down"] >= 100
            redis_server.start()
            load.next(100, answered_by("redis"))
            redis = RedisStore(redis_server.url)
            served = redis.served(NAME, "recommendations")
            assert served is not None
            assert (len(stored(redis, served)), served.version) == (CUSTOMERS, 1)
            assert sources(load.answers) == {"redis", "database"}, "nobody noticed"

            before = len(load.answers)
            postgres_server.stop()
            assert sources(load.next(300)) == {"redis"}
            postgres_server.start()
            well(load.next(100, answered_by("redis")))
            redis_server.kill()
            load.next(300, answered_by("database"))
            assert sources(load.answers[before:]) == {"redis", "database"}, "nor did they the second time"

            alone = time.monotonic()
            postgres_server.stop()
            load.next(200, lambda answer: answer.status == 503)
            postgres_server.start()
            redis_server.start()
            load.next(100, answered_by("redis"))
            wait_until_ready(running.url)
            healthy = well(load.next(100, answered_by("redis")))
        refused = [answer for answer in load.answers if answer.status != 200]
        assert {(answer.status, answer.retry_after, answer.error) for answer in refused} == {(503, "1", "")}
        assert all(alone < answer.at + answer.took and answer.at < healthy[0].at for answer in refused)
        assert all(market.is_whole(answer) for answer in load.answers if answer.status == 200)
        assert running.end() == 0
        assert "Traceback" not in running.log


def test_a_database_that_hangs_fails_no_list_that_redis_has_and_does_not_hold_up_the_end(
    market: LiveMarket, redis_server: RedisServer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    market.publish()
    with serve(market.terminal) as running:
        wait_until_ready(running.url)
        with loading(tmp_path, running.port, market.requests) as load:
            load.next(100)
            postgres_server.stall()
            assert sources(load.next(600)) == {"redis"}
            redis_server.stall()
            load.next(400, lambda answer: answer.status == 503)
            assert running.get("/health/live").status_code == 200
            redis_server.go_on()
            load.next(300, answered_by("redis"))
        refused = [answer for answer in load.answers if answer.status != 200]
        assert {(answer.status, answer.retry_after, answer.error) for answer in refused} == {(503, "1", "")}
        assert running.end() == 0
        postgres_server.go_on()
        assert "Traceback" not in running.log


SWAPS = 20
BAD: dict[int, Callable[[int], Model]] = {
    5: lying,
    11: constant,
    17: lambda _: trained(linear).candidate,  # other features
}
ROWS = feature_rows(OFFERS.features, 3, seed=11)


def test_publications_and_models_change_and_no_answer_is_of_two(
    market: LiveMarket, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Lists are published and rolled back, and twenty models become active of which three must not serve."""
    market.publish()
    with market.terminal.inside():
        house = open_house(opened_database(), tmp_path)
        digests = {1: house.keep(version(1), NAME).digest}
    body = json.dumps({"company": NAME, "rows": ROWS.to_pylist()})
    scores = [("score", ("POST", "/score", body))] * CUSTOMERS
    mixed = [one for pair in zip(market.requests, scores, strict=True) for one in pair]
    with serve(market.terminal) as running:
        wait_until_ready(running.url)
        with loading(tmp_path, running.port, mixed) as load:
            for number in range(2, SWAPS + 2):
                with market.terminal.inside():
                    bad = number in BAD
                    digests[number] = house.keep(BAD.get(number, version)(number), NAME, active=not bad).digest
                    if bad:
                        house.activate(number, NAME)
                if number % 4 == 0:
                    market.publish()
                elif number % 4 == 2:
                    market.roll_back(max(market.shown) - 1) if len(market.shown) > 1 else market.publish()
                until(running, number)
                load.next(40)
                # However busy the machine is: each is seen before the next comes.
                load.next(1, partial(is_of, "list", max(market.shown)))
                if not bad:
                    load.next(1, partial(is_of, "score", number))
        answers = well(load.answers)
        assert running.end() == 0
        assert "Traceback" not in running.log
    lists, scored = ([answer for answer in answers if answer.name == name] for name in ("list", "score"))
    assert {answer.told["version"] for answer in lists} == set(market.shown)
    assert all(market.is_whole(answer) for answer in lists)
    assert {answer.told["version"] for answer in scored} == set(digests) - set(BAD)
    base = base_raw(ROWS)
    for answer in scored:
        told = answer.told
        assert told["digest"] == digests[told["version"]]
        raw = np.array([one["raw"] for one in told["scores"]])
        assert np.abs(raw - base - 100.0 * told["version"]).max() < 1e-6


def is_of(name: str, version: int, answer: Answered) -> bool:
    return answer.name == name and answer.status == 200 and answer.told["version"] == version


def until(running: Running, number: int) -> None:
    """The service serves a version of the model, or says why it does not."""
    deadline = time.monotonic() + 60
    while True:
        (told,) = [one for one in running.get("/models").json()["models"] if one["company"] == NAME]
        found = told["refused" if number in BAD else "served"]
        if found is not None and found["version"] == number:
            return
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def test_whoever_is_killed_every_answer_is_kept_once(
    market: LiveMarket, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Twice without a warning, while answers are on their way to the database; then it is told to end."""
    market.publish()
    got: list[Answered] = []
    lost = 0
    for _ in range(2):
        with serve(market.terminal) as running:
            wait_until_ready(running.url)
            with loading(tmp_path, running.port, market.requests) as load:
                load.next(500)
                running.process.kill()
                load.next(1, lambda answer: bool(answer.error))
            got += well([answer for answer in load.answers if not answer.error])
            lost += sum(answer.error == "ConnectionResetError" for answer in load.answers)
    with serve(market.terminal, "--drain", "4") as running:
        wait_until_ready(running.url)
        with loading(tmp_path, running.port, market.requests) as load:
            load.next(300)
            running.process.send_signal(signal.SIGTERM)
            during = load.next(50)
            assert running.wait() == 0
            load.next(1, lambda answer: bool(answer.error))
        assert not [answer for answer in during if answer.error], "it answers while it ends"
        assert {answer.error for answer in load.answers} == {"", "ConnectionRefusedError"}, (
            "who was accepted is answered"
        )
        got += well([answer for answer in load.answers if not answer.error])
    with opened_database(postgres_server.url).connect() as connection:
        rows = connection.execute(select(*ServedAnswer.__table__.columns)).all()
    kept = {row.id: (row.customer_id, row.version, [item["item_id"] for item in json.loads(row.items)]) for row in rows}
    told = [(answer.told["request_id"], answer.told) for answer in got]
    wanted = {
        id_: (one["customer_id"], one["version"], [item["offer_id"] for item in one["items"]]) for id_, one in told
    }
    assert len(wanted) == len(got)
    assert {id_: kept.get(id_) for id_ in wanted} == wanted
    assert len(kept) <= len(wanted) + lost, "and nothing that nobody asked for"
    assert list((tmp_path / ".recs" / "answers").iterdir()) == []


def test_those_who_are_silent_slow_or_do_not_read_hold_up_nobody(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2_500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
    asked = [("list", ("GET", "/recommendations/acme/c1", ""))]
    with serve_made_up(tmp_path) as running, ExitStack() as held:
        wait_until_ready(running.url)
        with loading(tmp_path, running.port, asked) as load:
            idle = [held.enter_context(connected(running.port)) for _ in range(1_000)]
            for talking in idle[:500]:
                talking.sendall(get())
                assert read(talking)
            deaf = [held.enter_context(connected(running.port)) for _ in range(5)]
            for talking in deaf:
                talking.setblocking(False)
                with suppress(BlockingIOError):
                    while True:
                        talking.sendall(get() * 100)
            slow = [held.enter_context(connected(running.port)) for _ in range(20)]
            body = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
            for number in range(100):
                for half, talking in enumerate(slow):
                    with suppress(ConnectionError):  # they are told so when it takes too long
                        talking.sendall((body if half % 2 else get("/x" * 100))[number : number + 1] or b"x")
                load.next(4)
        lists = [[item["item_id"] for item in answer.told["items"]] for answer in well(load.answers)]
        assert len(lists) >= 400
        assert all(items == ["i1", "i2", "i3"] for items in lists)
        for talking in idle[:500]:
            talking.sendall(get())
            assert read(talking), "they are still listened to"
        assert running.process.poll() is None
        assert "Traceback" not in running.log

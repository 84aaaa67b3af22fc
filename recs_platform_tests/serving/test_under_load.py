"""A real `recs serve` with real stores, under requests at a constant rate from another process, while what it stands on
is killed, stopped and changed: every answer is looked at."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from recs_platform.platform_db.engine import opened_database
from recs_platform.serving_store.content import digest_of
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.publication.market import NAME
from recs_platform_tests.serving.live_market import CUSTOMERS, LiveMarket
from recs_platform_tests.serving.load import Answered, loading
from recs_platform_tests.serving.running import Running, serve
from recs_platform_tests.serving.test_ending import wait_until_ready
from recs_platform_tests.stores.postgres_server import PostgresServer
from recs_platform_tests.stores.redis_server import RedisServer

pytestmark = pytest.mark.slow


@pytest.fixture
def market(tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer) -> Iterator[LiveMarket]:
    """With servers of its own."""
    terminal = Terminal(tmp_path, {"RECS_DATABASE_URL": postgres_server.url, "RECS_REDIS_URL": redis_server.url})
    yield LiveMarket(terminal)
    opened_database(postgres_server.url).dispose()


def sources(answers: Sequence[Answered]) -> set[str]:
    """Who answered; all of them must be lists."""
    assert {(answer.status, answer.error) for answer in answers} == {(200, "")}, Counter(map(str, answers))
    return {answer.told["served_from"] for answer in answers}


def answered_by(source: str) -> object:
    return lambda answer: answer.status == 200 and answer.told["served_from"] == source


def fallbacks(running: Running) -> dict[str, float]:
    told = httpx.get(f"{running.url}/metrics").text
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
            assert sources(load.next(100)) == {"redis"}

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
            assert (digest_of(redis.lists(served)).customers, served.version) == (CUSTOMERS, 1)
            assert sources(load.answers) == {"redis", "database"}, "nobody noticed"

            before = len(load.answers)
            postgres_server.stop()
            assert sources(load.next(300)) == {"redis"}
            postgres_server.start()
            assert sources(load.next(100)) == {"redis"}
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
            well = load.next(100)
            assert sources(well) == {"redis"}
        refused = [answer for answer in load.answers if answer.status != 200]
        assert {(answer.status, answer.retry_after, answer.error) for answer in refused} == {(503, "1", "")}
        assert all(alone < answer.at + answer.took and answer.at < well[0].at for answer in refused)
        assert all(market.is_whole(answer) for answer in load.answers if answer.status == 200)
        assert running.end() == 0
        assert "Traceback" not in running.log

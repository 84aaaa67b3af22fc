"""Redis follows the platform database: a publication reaches it, does not wait for it, and is made up for later."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, QueuePool

from recs_platform.errors import PlatformError, StorageError, UnavailableError
from recs_platform.platform_db.engine import opened_database
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.serving_store.environment import open_stores
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform.settings import settings
from recs_platform_tests.publication.faulty_store import FaultyStore
from recs_platform_tests.publication.serving import assert_tidy, assert_whole, with_redis
from recs_platform_tests.publication.shop import COMPANY, NOON, PICKS, day, lake_in, make_live, outlet_of
from recs_platform_tests.serving_store.stored import draft, lists
from recs_platform_tests.stores.redis_server import RedisServer

_DAY = 86_400


@pytest.fixture
def serving(outlet: Outlet, redis_url: str) -> Outlet:
    return with_redis(outlet, redis_url)


@pytest.fixture
def mortal(tmp_path: Path, redis_server: RedisServer) -> Outlet:
    """With a Redis of the test's own."""
    database = opened_database(f"sqlite:///{tmp_path / 'platform.db'}")
    return with_redis(outlet_of(lake_in(tmp_path), database, PICKS), redis_server.url)


def versions(outlet: Outlet) -> list[int | None]:
    """What the database and Redis serve, which is whole."""
    return [assert_whole(store, outlet.product.name) for store in outlet.stores]


def in_line(outlet: Outlet) -> int:
    live = reconcile(outlet)
    assert live is not None
    verify(outlet, live)
    assert versions(outlet) == [live.version, live.version]
    return live.version


def test_publications_and_rollbacks_reach_redis(serving: Outlet, redis_url: str) -> None:
    for offset in range(3):
        make_live(serving, day(offset), rows=offset + 2)
        assert versions(serving) == [offset + 1, offset + 1]
    rollback(serving, 2, by="ann", at=NOON)
    assert versions(serving) == [4, 4]
    assert in_line(serving) == 4
    assert_tidy(serving, redis_url)


def test_what_is_served_expires_a_day_after_the_next_is_due_and_lives_on_while_it_is_looked_after(
    tmp_path: Path, platform_db: Engine, redis_url: str
) -> None:
    outlet = replace(with_redis(outlet_of(lake_in(tmp_path), platform_db, PICKS), redis_url), life_days=7)
    make_live(outlet, day(0))
    with redis.Redis.from_url(redis_url) as server:
        keys = server.keys(f"recs:{COMPANY}:*")
        assert len(keys) == 3
        assert all(8 * _DAY - 60 < server.ttl(key) <= 8 * _DAY for key in keys)
        for key in keys:
            server.expire(key, 100)
        reconcile(outlet)
        assert all(8 * _DAY - 60 < server.ttl(key) <= 8 * _DAY for key in keys)


def test_a_redis_that_is_down_does_not_stop_a_publication(
    mortal: Outlet, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    make_live(mortal, day(0))
    redis_server.kill()
    with caplog.at_level(logging.WARNING):
        made = make_live(mortal, day(1), rows=5)
    assert made.version == 2
    assert assert_whole(mortal.stores[0], PICKS.name) == 2
    assert (
        "shop: version 2 is live in shop.live_picks, but is not what customers are served by Redis (Redis does not "
        "answer"
    ) in caplog.text
    assert (
        "The platform database answers meanwhile. Fix that, then bring it in line: recs publications shop\n"
    ) in caplog.text
    with pytest.raises(UnavailableError, match="Redis does not answer"):
        verify(mortal, made)
    redis_server.start()
    with pytest.raises(StorageError, match=r"Redis serves nothing, not version 2\. Bring it in line: recs publica"):
        verify(mortal, made)
    assert in_line(mortal) == 2


def test_an_emptied_redis_is_filled_again(serving: Outlet, redis_url: str) -> None:
    make_live(serving, day(0))
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
    publications(serving)
    assert versions(serving) == [1, 1]


@pytest.mark.parametrize("other", [1, 9], ids=["older", "unknown newer"])
def test_a_redis_that_serves_another_version_is_corrected(serving: Outlet, redis_url: str, other: int) -> None:
    make_live(serving, day(0))
    make_live(serving, day(1))
    wrong = RedisStore(redis_url)
    wrong.swap(wrong.load(draft(other, serving.product.name), lists(["c0"], other)))
    with pytest.raises(StorageError, match=f"Redis serves version {other} of .*, not version 2"):
        verify(serving, publications_without_stores(serving))
    assert in_line(serving) == 2
    assert_tidy(serving, redis_url)


def publications_without_stores(outlet: Outlet):  # type: ignore[no-untyped-def]
    """The live version, with nothing brought in line."""
    from recs_platform.publication.inventory import listed

    return listed(outlet.database, COMPANY, outlet.product.name)[0]


def test_junk_under_our_names_is_replaced(serving: Outlet, redis_url: str) -> None:
    make_live(serving, day(0))
    with redis.Redis.from_url(redis_url) as server:
        live = server.get(f"recs:{COMPANY}:{serving.product.name}:live")
        server.hset(live, "=", b"\xff not JSON")
    assert in_line(serving) == 1


@pytest.mark.parametrize("step", ["load", "midway", "swap"])
@pytest.mark.parametrize("what", ["publication", "rollback"])
def test_a_redis_that_fails_at_a_step_goes_on_serving_what_it_did(
    serving: Outlet, platform_db: Engine, redis_url: str, step: str, what: str
) -> None:
    make_live(serving, day(0), rows=3)
    if what == "rollback":
        make_live(serving, day(1), rows=5)
    database, real = serving.stores
    before = real.served(COMPANY, serving.product.name)
    faulty = FaultyStore(real, fails_at=step)
    serving = replace(serving, stores=(database, faulty))
    made = make_live(serving, day(1), rows=5) if what == "publication" else rollback(serving, 1, by="ann", at=NOON)
    assert before is not None
    assert versions(serving) == [made.version, before.version]
    assert isinstance(platform_db.pool, QueuePool)
    assert platform_db.pool.checkedout() == 0
    faulty.fails_at = None
    assert in_line(serving) == made.version
    assert_tidy(serving, redis_url)


def test_a_redis_that_is_full_is_told_and_keeps_what_it_serves(
    mortal: Outlet, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    make_live(mortal, day(0))
    with redis.Redis.from_url(redis_server.url) as server:
        server.config_set("maxmemory", 1)
        with caplog.at_level(logging.WARNING):
            make_live(mortal, day(1), rows=5)
        assert "Redis does not do as it is asked" in caplog.text
        assert versions(mortal) == [2, 1]
        server.config_set("maxmemory", 0)
    assert in_line(mortal) == 2


def test_a_redis_that_holds_other_lists_than_it_was_sent_is_noticed(serving: Outlet, redis_url: str) -> None:
    made = make_live(serving, day(0))
    with redis.Redis.from_url(redis_url) as server:
        live = server.get(f"recs:{COMPANY}:{serving.product.name}:live")
        server.hset(live, "c" if serving.product is not PICKS else "cc1", b"[]")
    with pytest.raises(PlatformError, match=r"Redis holds . lists? of version 1, which are not"):
        verify(serving, made)


def test_a_wrong_password_is_told_without_it(
    mortal: Outlet, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.Redis.from_url(redis_server.url) as server:
        server.config_set("requirepass", "sesame")
    wrong = with_redis(mortal, redis_server.url.replace("//", "//:open-says-me@"))
    with caplog.at_level(logging.WARNING):
        make_live(wrong, day(0))
    assert "is not what customers are served by Redis" in caplog.text
    assert "open-says-me" not in caplog.text


def test_the_environment_says_which_stores_there_are(
    platform_db: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [store.name for store in open_stores(platform_db)] == ["the platform database"]
    monkeypatch.setenv("RECS_REDIS_URL", redis_url)
    settings.cache_clear()
    assert [store.name for store in open_stores(platform_db)] == ["the platform database", "Redis"]

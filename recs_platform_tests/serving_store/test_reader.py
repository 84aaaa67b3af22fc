"""What the service reads: Redis first, and the database whenever Redis fails or serves something else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from recs_platform.errors import UnavailableError
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.serving_tables import ServedVersion
from recs_platform.serving_store import database_reader
from recs_platform.serving_store.protocol import Source
from recs_platform.serving_store.reader import ended
from recs_platform.serving_store.redis_keys import Names
from recs_platform_tests.conftest import new_database
from recs_platform_tests.serving_store.reading import QUICK, Both, read, until
from recs_platform_tests.serving_store.stored import COMPANY, ODD, PRODUCT, draft, lists, put, said, stored
from recs_platform_tests.stores.postgres_server import PostgresServer
from recs_platform_tests.stores.redis_server import RedisServer

ON_BOTH = pytest.mark.parametrize("both", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with a database."""
    monkeypatch.setattr(database_reader, "_SECONDS", 20.0)


@pytest.fixture
def both(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Iterator[Both]:
    kind = getattr(request, "param", "sqlite")
    with new_database(tmp_path, request.getfixturevalue("postgres_url") if kind == "postgres" else None) as url:
        made = Both(url, redis_url)
        yield made
        opened_database(url).dispose()


@pytest.fixture
def mortal(redis_server: RedisServer, tmp_path: Path) -> Both:
    """With a Redis of the test's own."""
    return Both(f"sqlite:///{tmp_path / 'platform.db'}", redis_server.url)


@ON_BOTH
def test_redis_answers_and_the_answer_is_that_of_the_database(both: Both) -> None:
    served = both.put(1, *ODD)

    async def reads() -> None:
        async with both.reader() as reader, both.reader(redis=False) as plain:
            for customer in (*ODD, "nobody"):
                answer, other = await read(reader, customer), await read(plain, customer)
                assert said(answer) == said(other) == (1 if customer in ODD else None)
                if answer and other:
                    assert (answer.source, other.source) == (Source.REDIS, Source.DATABASE)
                    assert (answer.content, answer.served) == (other.content, other.served) == (answer.content, served)
            assert await reader.served(COMPANY, PRODUCT) == served == await plain.served(COMPANY, PRODUCT)
            assert reader.counts == {"redis": len(ODD) + 2}
            assert plain.counts == {"database": len(ODD) + 2}

    asyncio.run(reads())


@ON_BOTH
def test_a_product_that_was_never_published_has_no_answer(both: Both) -> None:
    async def reads() -> None:
        async with both.reader() as reader, both.reader(redis=False) as plain:
            for each in (reader, plain):
                assert await read(each) is None
                assert await each.served(COMPANY, PRODUCT) is None
                assert await each.examples(COMPANY, PRODUCT, 3) == []

    asyncio.run(reads())


@ON_BOTH
def test_a_new_version_is_answered_at_once(both: Both) -> None:
    both.put(1)

    async def reads() -> None:
        # The database is not looked up again within this test.
        async with both.reader(replace(QUICK, watch=1_000)) as reader, both.reader(redis=False) as plain:
            assert [said(await read(each)) for each in (reader, plain)] == [1, 1]
            for version in (2, 3):
                both.put(version, "ann")
                assert [said(await read(each)) for each in (reader, plain)] == [version, version]
                assert await read(reader, "bob") is None
            assert reader.counts == {"redis": 5}

    asyncio.run(reads())


@ON_BOTH
def test_examples_are_customers_with_a_list(both: Both) -> None:
    both.put(1, *ODD, "ann")

    async def reads() -> None:
        async with both.reader() as reader:
            some = await reader.examples(COMPANY, PRODUCT, 5)
            assert len(some) == 5
            assert set(await reader.examples(COMPANY, PRODUCT, 100)) == {"ann", *ODD} - {"", "x" * 10_000, "é" * 999}

    asyncio.run(reads())


def test_the_database_answers_what_redis_does_not_hold_and_redis_is_filled_again(both: Both) -> None:
    many = [f"c{n}" for n in range(350)]
    served = put(both.database, 1, many)

    async def reads() -> None:
        async with both.reader() as reader:
            answer = await read(reader, "c7")
            assert answer is not None
            assert answer.source is Source.DATABASE
            assert reader.counts == {"database": 1, "fallback:missing": 1}
            await until(lambda: reader.counts["refill"])
            answer = await read(reader, "c7")
            assert answer is not None
            assert (answer.source, answer.served) == (Source.REDIS, served)

    asyncio.run(reads())
    assert both.redis.served(COMPANY, PRODUCT) == served
    assert len(stored(both.redis, served)) == len(many)


@pytest.mark.parametrize("other", [1, 3], ids=["older", "unknown newer"])
def test_redis_that_holds_another_version_than_the_database_is_corrected(both: Both, other: int) -> None:
    put(both.redis, other)
    put(both.database, 2)

    async def reads() -> None:
        async with both.reader() as reader:
            answer = await read(reader)
            assert (said(answer), answer and answer.source) == (2, Source.DATABASE)
            assert reader.counts == {"database": 1, "fallback:other": 1}
            await until(lambda: reader.counts["refill"])
            answer = await read(reader)
            assert (said(answer), answer and answer.source) == (2, Source.REDIS)

    asyncio.run(reads())


@pytest.mark.parametrize("written", [b"", b"\xff\xfe", b"<script>alert(1)</script>", b'{"rank": 1}', b"[{", b"null"])
def test_what_somebody_else_wrote_into_redis_is_not_sent_on(both: Both, written: bytes) -> None:
    served = both.put(1)
    names = Names(COMPANY, PRODUCT)
    with redis.Redis.from_url(both.redis_url) as server:
        server.hset(server.get(names.live), b"cann", written)

    async def reads() -> None:
        async with both.reader() as reader:
            answer = await read(reader)
            assert (said(answer), answer and answer.source) == (1, Source.DATABASE)
            await until(lambda: reader.counts["refill"])
            answer = await read(reader)
            assert (said(answer), answer and answer.source) == (1, Source.REDIS)

    asyncio.run(reads())
    assert both.redis.served(COMPANY, PRODUCT) == served


@pytest.mark.parametrize("pointer", [b"", b"\xff\xfe", b"nothing", b"recs:other:recommendations:live", b"x" * 100_000])
def test_a_pointer_that_somebody_else_wrote_leads_nowhere(both: Both, pointer: bytes) -> None:
    both.put(1)
    with redis.Redis.from_url(both.redis_url) as server:
        server.set(Names(COMPANY, PRODUCT).live, pointer)

    async def reads() -> None:
        async with both.reader() as reader:
            answer = await read(reader)
            assert (said(answer), answer and answer.source) == (1, Source.DATABASE)

    asyncio.run(reads())


@pytest.mark.parametrize("key", ["live", "hash"])
def test_keys_of_another_kind_cost_no_answer(both: Both, key: str) -> None:
    both.put(1)
    with redis.Redis.from_url(both.redis_url) as server:
        name = Names(COMPANY, PRODUCT).live if key == "live" else server.get(Names(COMPANY, PRODUCT).live)
        server.delete(name)
        server.rpush(name, b"x")

    async def reads() -> None:
        async with both.reader() as reader:
            for _ in range(3):
                answer = await read(reader)
                assert (said(answer), answer and answer.source) == (1, Source.DATABASE)

    asyncio.run(reads())


def test_redis_that_holds_the_same_number_of_another_lake_is_corrected(both: Both) -> None:
    served = put(both.database, 1, ["ann"])
    put(both.redis, 1, ["bob"])

    async def reads() -> None:
        async with both.reader() as reader:
            assert await read(reader, "bob") is None
            await until(lambda: reader.counts["refill"])

    asyncio.run(reads())
    assert both.redis.served(COMPANY, PRODUCT) == served


def test_a_version_that_only_the_database_has_is_answered_within_a_watch(both: Both) -> None:
    """Redis failed while it was published, so it still says the version before."""
    both.put(1)

    async def reads() -> None:
        async with both.reader() as reader:
            assert said(await read(reader)) == 1
            put(both.database, 2)
            seen = []
            while not seen or seen[-1] != 2:
                seen.append(said(await read(reader)))
                await asyncio.sleep(0.01)
            await until(lambda: reader.counts["refill"])

    asyncio.run(reads())
    served = both.redis.served(COMPANY, PRODUCT)
    assert served is not None
    assert served.version == 2


def test_what_nobody_serves_any_more_is_not_answered_from_redis(both: Both) -> None:
    both.put(1)
    with Session(opened_database(both.database_url)) as session, session.begin():
        session.execute(delete(ServedVersion))

    async def reads() -> None:
        async with both.reader() as reader:
            assert await read(reader) is None

    asyncio.run(reads())


def test_redis_killed_in_the_middle_of_reads_fails_none_and_is_filled_again(
    mortal: Both, redis_server: RedisServer
) -> None:
    served = mortal.put(1, *(f"c{n}" for n in range(300)))
    answered: list[Source] = []

    async def reads() -> None:
        async with mortal.reader() as reader:
            done = False

            async def ask_on() -> None:
                while not done:
                    answer = await read(reader, f"c{len(answered) % 300}")
                    assert answer is not None
                    assert said(answer) == 1
                    answered.append(answer.source)
                    await asyncio.sleep(0.001)

            asking = [asyncio.create_task(ask_on()) for _ in range(10)]
            await until(lambda: len(answered) > 100)
            redis_server.kill()
            killed = len(answered)
            await until(lambda: answered[killed:].count(Source.DATABASE) > 200)
            assert reader.counts["fallback:failed"] <= 10 + 1, "those that were on their way, and nobody after them"
            assert reader.counts["fallback:down"] > 100
            redis_server.start()
            await until(lambda: reader.counts["refill"])
            filled = len(answered)
            await until(lambda: answered[filled:].count(Source.REDIS) > 100)
            for task in asking:
                assert not task.done(), "no read has failed"
            # Redis's client may swallow the cancellation of who waits for it.
            done = True
            await asyncio.gather(*asking)
            assert reader.counts["redis"] + reader.counts["database"] == len(answered)

    asyncio.run(reads())
    assert mortal.redis.served(COMPANY, PRODUCT) == served
    assert len(stored(mortal.redis, served)) == 300


def test_a_task_that_forgets_that_it_was_cancelled_is_cancelled_again() -> None:
    async def forgetful() -> None:
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def ends() -> None:
        task = asyncio.create_task(forgetful())
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await ended([task])
        assert task.cancelled()

    asyncio.run(ends())


def test_redis_that_hangs_costs_one_timeout_and_no_more(mortal: Both, redis_server: RedisServer) -> None:
    mortal.put(1)

    async def reads() -> None:
        async with mortal.reader(replace(QUICK, redis=0.25)) as reader:
            while not reader.counts["redis"]:
                assert said(await read(reader)) == 1
                await asyncio.sleep(0.01)
            redis_server.stall()
            before = reader.counts.copy()
            try:
                for _ in range(20):
                    assert said(await read(reader)) == 1
                assert reader.counts["fallback:failed"] - before["fallback:failed"] == 1
                assert reader.counts["fallback:down"] - before["fallback:down"] == 19
            finally:
                redis_server.go_on()
            while reader.counts["redis"] == before["redis"]:
                assert said(await read(reader)) == 1
                await asyncio.sleep(0.01)

    asyncio.run(reads())


def test_redis_answers_while_the_database_is_down(both: Both, tmp_path: Path) -> None:
    both.put(1)

    async def reads() -> None:
        async with both.reader() as reader:
            for file in list(tmp_path.glob("state/*")):
                file.unlink()
            await reader._database.close()
            assert said(await read(reader)) == 1
        async with both.reader() as fresh:
            assert said(await read(fresh)) == 1, "one that starts now"

    asyncio.run(reads())


def test_a_redis_that_is_only_slow_answers_while_the_database_is_down(mortal: Both, redis_server: RedisServer) -> None:
    mortal.put(1)

    async def reads() -> None:
        async with mortal.reader(replace(QUICK, redis=0.05, watch=1_000)) as reader:
            Path(mortal.database_url.removeprefix("sqlite:///")).unlink()
            await reader._database.close()
            with redis.Redis.from_url(redis_server.url) as server:
                server.client_pause(500, all=True)
            assert said(await read(reader)) == 1
            assert reader.counts["fallback:failed"] == 1, "not within the time of those who have a database"

    asyncio.run(reads())


@pytest.mark.slow
@pytest.mark.parametrize("both", ["postgres"], indirect=True)
def test_connections_that_the_database_has_closed_fail_no_read(both: Both) -> None:
    """As after its restart: those that were not used since look like any other."""
    both.put(1)

    async def reads() -> None:
        async with both.reader(replace(QUICK, watch=1_000), redis=False) as reader:
            assert [said(answer) for answer in await asyncio.gather(*[read(reader) for _ in range(8)])] == [1] * 8
            with opened_database(both.database_url).connect() as others:
                ours = "datname = current_database() AND pid <> pg_backend_pid()"
                closed = others.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"))
                assert len(closed.all()) >= 8
            assert [said(answer) for answer in await asyncio.gather(*[read(reader) for _ in range(8)])] == [1] * 8

    asyncio.run(reads())


@pytest.mark.slow
def test_a_database_that_hangs_is_not_waited_for_and_redis_may_take_its_time(
    postgres_server: PostgresServer, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Both(postgres_server.url, redis_server.url)
    hanging.put(1)

    async def reads() -> None:
        async with hanging.reader(redis=False) as plain, hanging.reader(replace(QUICK, probe=1_000)) as reader:
            assert [said(await read(each)) for each in (plain, reader)] == [1, 1]
            postgres_server.stall()
            with monkeypatch.context() as impatient:
                impatient.setattr(database_reader, "_SECONDS", 0.2)
                began = time.monotonic()
                failed = await asyncio.gather(*[read(plain) for _ in range(20)], return_exceptions=True)
                assert {type(one) for one in failed} == {UnavailableError}
                assert time.monotonic() - began < 9, "the driver alone takes ten seconds"
                reader._answers = False  # Redis was slow once
                assert said(await read(reader)) == 1
                redis_server.kill()
                with pytest.raises(UnavailableError):
                    await read(reader)
            postgres_server.go_on()
            await until(lambda: not plain._database._ask._going)  # type: ignore[attr-defined]
            assert said(await read(plain)) == 1

    asyncio.run(reads())


def test_a_reader_that_nobody_answers_does_not_start(mortal: Both, redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.kill()
    (tmp_path / "platform.db").unlink()

    async def reads() -> None:
        with pytest.raises(UnavailableError, match="platform database"):
            async with mortal.reader():
                pass

    asyncio.run(reads())


def test_of_two_services_one_fills_redis(both: Both) -> None:
    put(both.database, 1, [f"c{n}" for n in range(500)])

    async def reads() -> None:
        async with both.reader() as one, both.reader() as two:
            await asyncio.gather(read(one), read(two))
            await until(lambda: one.counts["refill"] + two.counts["refill"])
            await asyncio.sleep(0.1)
            assert one.counts["refill"] + two.counts["refill"] == 1

    asyncio.run(reads())


def test_a_publisher_that_swaps_during_a_refill_wins(both: Both) -> None:
    """The refill ends after it, and must not bring the older version back."""
    put(both.database, 1)

    async def reads() -> None:
        async with both.reader(replace(QUICK, refill_after=0.0)) as reader:
            database = reader._database
            some = database.some

            async def slow(*given):  # type: ignore[no-untyped-def]
                found = await some(*given)
                if not both.redis.served(COMPANY, PRODUCT):
                    # As a publisher that cannot reach the service.
                    both.redis.swap(both.redis.load(draft(2), lists(["ann"], 2)))
                return found

            database.some = slow  # type: ignore[method-assign]
            await read(reader)
            await until(lambda: reader.counts["refill_left_to_others"])

    asyncio.run(reads())
    served = both.redis.served(COMPANY, PRODUCT)
    assert served is not None
    assert served.version == 2


@ON_BOTH
def test_readers_during_swaps_see_whole_versions_one_after_the_other(both: Both) -> None:
    both.put(1)

    async def reads() -> None:
        async with both.reader() as reader, both.reader(redis=False) as plain:
            versions: dict[int, list[int]] = {0: [], 1: []}
            done = False

            async def ask_on(number: int) -> None:
                while not done:
                    for customer in ("ann", "bob"):
                        versions[number].append(said(await read((reader, plain)[number], customer)))
                    await asyncio.sleep(0)

            asking = [asyncio.create_task(ask_on(number)) for number in (0, 1)]
            await until(lambda: all(versions.values()))
            for version in range(2, 12):
                await asyncio.to_thread(both.put, version)
                if version == 6:
                    await until(lambda: all(seen[-1] == 6 for seen in versions.values()))
            await until(lambda: all(seen[-1] == 11 for seen in versions.values()))
            done = True
            await asyncio.gather(*asking)
            for seen in versions.values():
                assert seen == sorted(seen), "no way back to an older one"
                assert len(set(seen)) > 2
            assert reader.counts["fallback:failed"] == 0

    asyncio.run(reads())

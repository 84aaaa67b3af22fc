"""What the service reads: Redis first, and the platform database whenever Redis does not answer in time, or serves
something else than the database does.

Redis is asked in tens of milliseconds or not at all: once it has failed, nobody asks it until it answers again in the
background. What the database serves is looked up every second, and at once when Redis tells of something else. So an
answer is of what is live, at most a second after it went live, and always wholly of one version.

Not here: how either is read (`database_reader.py`, `redis_reader.py`), and filling Redis again (`refill.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from recs_platform.errors import PlatformError
from recs_platform.serving_store.database_reader import DatabaseReader
from recs_platform.serving_store.database_reader import Found as Truth
from recs_platform.serving_store.protocol import EVERYBODY, Answer, Served, Source, customer_key
from recs_platform.serving_store.redis_reader import Found, RedisReader
from recs_platform.serving_store.refill import refill

_CANCEL_SECONDS = 0.2
_log = logging.getLogger(__name__)

Product: TypeAlias = tuple[str, str]
"""A company and what it publishes."""


@dataclass(frozen=True)
class Patience:
    """In seconds."""

    redis: float = 0.05
    """For an answer of Redis."""
    last: float = 1.0
    """For the same when the database does not answer either."""
    watch: float = 1.0
    """Between two looks at what the database serves."""
    probe: float = 0.2
    """Before Redis is tried again after it failed; twice as long each time it fails again."""
    longest_probe: float = 5.0
    refill_after: float = 2.0
    """A publisher that is about to swap comes first."""
    refill_again: float = 30.0
    """Between two attempts at a product: a Redis that forgets it at once is not filled without end."""


_PATIENCE = Patience()


class ServiceReader:
    def __init__(self, database: DatabaseReader, redis: RedisReader | None, patience: Patience = _PATIENCE) -> None:
        self._database, self._redis, self._patience = database, redis, patience
        self._known: dict[Product, Served] = {}
        self._answers = True
        """Whether Redis did when it was last asked."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._refills: dict[Product, float] = {}
        """Not to be tried again before this time of the loop; for ever while one is at work."""
        self._spoiled: set[Product] = set()
        """What somebody else wrote into, by the look of it."""
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Counter[str]:
        return self._counts

    async def start(self) -> None:
        try:
            self._known = dict(await self._database.live())
        except PlatformError:
            if self._redis is None or not await self._redis.answers():
                raise
        self._in_background(self._watch())

    async def close(self) -> None:
        await ended(self._tasks)
        await self._database.close()
        if self._redis is not None:
            await self._redis.close()

    async def served(self, company: str, product: str) -> Served | None:
        found = await self._read((company, product), customer_key(EVERYBODY))
        return found[0] if found else None

    async def customer(self, company: str, product: str, customer: str) -> Answer | None:
        found = await self._read((company, product), customer_key(customer))
        if found is None:
            return None
        served, content, source = found
        return None if content is None else Answer(served, content, source)

    async def examples(self, company: str, product: str, count: int) -> Sequence[str]:
        truth = await self._database.read(company, product, b"")
        lists = await self._database.some(truth.id, None, count + 1) if truth else []
        # The name of everybody is no customer's, and a hash names nobody that could be asked for.
        return [key.decode() for key, _ in lists if key and not key.startswith(b"\xff")][:count]

    async def _read(self, product: Product, key: bytes) -> tuple[Served, bytes | None, Source] | None:
        found = await self._from_redis(product, key) if self._redis else None
        if found is not None and found.served is not None and found.served == self._known.get(product):
            self._counts[Source.REDIS] += 1
            return found.served, found.content, Source.REDIS
        try:
            truth = await self._database.read(*product, key)
        except PlatformError:
            found = found or await self._from_redis_at_last(product, key)
            if found is None or found.served is None:
                raise
            # Nobody can say that something else is live.
            self._counts[Source.REDIS] += 1
            return found.served, found.content, Source.REDIS
        if truth is None:
            self._known.pop(product, None)
            return None
        self._known[product] = truth.served
        if found is not None and found.served == truth.served:
            self._counts[Source.REDIS] += 1
            return found.served, found.content, Source.REDIS
        if self._redis is not None and self._answers:
            self._fall_back("other" if found else "missing")
            self._refill_soon(product)
        self._counts[Source.DATABASE] += 1
        return truth.served, truth.content, Source.DATABASE

    async def _from_redis(self, product: Product, key: bytes) -> Found | None:
        assert self._redis is not None  # noqa: S101  (who calls has looked)
        if not self._answers:
            self._fall_back("down")
            return None
        try:
            found = await self._redis.read(*product, key)
        except PlatformError as error:
            self._fall_back("failed")
            if self._answers:
                self._answers = False
                _log.warning("%s The platform database answers meanwhile.", error)
                self._in_background(self._probe())
            return None
        if found is not None and found.content is not None and not _is_list(found.content):
            self._spoiled.add(product)
            return Found(found.load, None, None)
        return found

    async def _from_redis_at_last(self, product: Product, key: bytes) -> Found | None:
        """Redis may be only slow, which nobody needs to wait for who has a database."""
        if self._redis is None:
            return None
        with suppress(PlatformError):
            return await self._redis.read(*product, key, seconds=self._patience.last)
        return None

    def _fall_back(self, reason: str) -> None:
        self._counts[f"fallback:{reason}"] += 1

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._patience.watch)
            # A database that does not answer says so to who asks it for a list.
            with suppress(PlatformError):
                self._known = dict(await self._database.live())

    async def _probe(self) -> None:
        assert self._redis is not None  # noqa: S101
        seconds = self._patience.probe
        while not self._answers:
            await asyncio.sleep(seconds)
            self._answers = await self._redis.answers()
            seconds = min(seconds * 2, self._patience.longest_probe)
        _log.warning("Redis answers again.")

    def _refill_soon(self, product: Product) -> None:
        if self._refills.get(product, 0.0) <= asyncio.get_running_loop().time():
            self._refills[product] = float("inf")
            self._in_background(self._refill(product))

    async def _refill(self, product: Product) -> None:
        assert self._redis is not None  # noqa: S101
        try:
            await asyncio.sleep(self._patience.refill_after)
            truth, found = await self._database.read(*product, b""), await self._redis.read(*product, b"")
            spoiled = product in self._spoiled
            if truth is not None and (spoiled or found is None or found.served != truth.served):
                filled = await refill(self._database, self._redis, truth, found.load if found else "")
                self._counts["refill" if filled else "refill_left_to_others"] += 1
                self._spoiled.discard(product)
                _log.warning("%s: %s", " ".join(product), _what_became(truth, filled=filled))
        except PlatformError as error:
            self._counts["refill_failed"] += 1
            _log.warning("%s: Redis is not filled: %s", " ".join(product), error)
        finally:
            self._refills[product] = asyncio.get_running_loop().time() + self._patience.refill_again

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancelled until they end: now and then the client of Redis forgets that it was cancelled, and goes on."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_SECONDS)


def _is_list(content: bytes) -> bool:
    """By its ends: lists are sent as they are, and not read on the way."""
    return content.startswith(b"[") and content.endswith(b"]")


def _what_became(truth: Truth, *, filled: bool) -> str:
    version = truth.served.version
    return f"Redis holds version {version} again." if filled else f"somebody else brings Redis to version {version}."

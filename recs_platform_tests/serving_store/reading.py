"""A database, Redis before it, and the service's reader of both, for tests that let one of them fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from recs_platform.platform_db.engine import opened_database
from recs_platform.serving_store.database_reader import DatabaseReader
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import Answer, Served
from recs_platform.serving_store.reader import Patience, ServiceReader
from recs_platform.serving_store.redis_reader import RedisReader
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform_tests.serving_store.stored import COMPANY, PRODUCT, put

QUICK = Patience(redis=20.0, last=20.0, watch=0.05, probe=0.02, longest_probe=0.1, refill_after=0.02, refill_again=0.1)
"""Quick to look again, and in no hurry with a Redis that is only slow: a test says so where that is not to be."""
_DEADLINE = 60.0


@dataclass
class Both:
    """Both stores, and their URLs."""

    database_url: str
    redis_url: str

    def __post_init__(self) -> None:
        self.database = DatabaseStore(opened_database(self.database_url))
        self.redis = RedisStore(self.redis_url)

    def put(self, version: int, *customers: str) -> Served:
        """As a publisher does: loaded into both, then swapped to."""
        served = put(self.database, version, customers or ("ann", "bob"))
        with self.database.lists(served) as chunks:
            self.redis.swap(self.redis.load(served.draft, chunks))
        return served

    @asynccontextmanager
    async def reader(self, patience: Patience = QUICK, *, redis: bool = True) -> AsyncIterator[ServiceReader]:
        of_redis = RedisReader(self.redis_url, patience.redis) if redis else None
        reader = ServiceReader(DatabaseReader(self.database_url), of_redis, patience)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.close()


async def read(reader: ServiceReader, customer: str = "ann") -> Answer | None:
    return await reader.customer(COMPANY, PRODUCT, customer)


async def until(done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not done():
        assert time.monotonic() < deadline, "it never comes about"
        await asyncio.sleep(0.01)

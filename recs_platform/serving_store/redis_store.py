"""Redis as a serving store: a copy of what the platform database serves, for who asks often.

Nothing that it holds is found there alone, so it may be emptied or lost at any time. Not here: how a version stands in
it (`redis_keys.py`), and the service's own way to read (`redis_reader.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from recs_platform.errors import PlatformError, StorageError, UnavailableError
from recs_platform.serving_store.content import Digest
from recs_platform.serving_store.protocol import Answer, Chunk, Served, Source, customer_key
from recs_platform.serving_store.redis_keys import SAYS, Names, field_of, finish, key_of, swap, writes

_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 20.0
"""Publishers wait longer than the service: what they ask for is more."""
_FIELDS_AT_ONCE = 5_000


class RedisStore:
    name = "Redis"

    def __init__(self, url: str) -> None:
        self._redis = _client(url)
        self._loads: dict[Served, str] = {}
        """What was loaded here and is not live yet."""

    def load(self, draft: Served, lists: Iterable[Chunk]) -> Served:
        names, digest = Names(draft.company, draft.product), Digest()
        load = names.new_load(draft.version)
        with explained():
            for chunk in lists:
                digest.add(chunk)
                for commands in writes(names, load, chunk):
                    pipeline = self._redis.pipeline(transaction=True)
                    for command in commands:
                        pipeline.execute_command(*command)
                    pipeline.execute()
            loaded = draft.filled(digest.customers, str(digest))
            if not self._redis.execute_command(*finish(load, loaded)):
                raise StorageError(f"Redis lost some of the {loaded.customers} lists while they were loaded.")
        self._loads[loaded] = load
        return loaded

    def swap(self, served: Served) -> None:
        with explained():
            load = self._loads.pop(served, None) or self._live(served)
            if not (load and self._redis.execute_command(*swap(load, served))):
                raise StorageError(f"Redis does not hold version {served.version}; it serves what it did before.")

    def served(self, company: str, product: str) -> Served | None:
        with explained():
            live = self._redis.get(Names(company, product).live)
            return read_served(self._redis.hget(_text(live), SAYS)) if live else None

    def customer(self, company: str, product: str, customer: str) -> Answer | None:
        with explained():
            live = self._redis.get(Names(company, product).live)
            if not live:
                return None
            says, content = self._redis.hmget(_text(live), [SAYS, field_of(customer_key(customer))])
        served = read_served(says)
        return None if served is None or content is None else Answer(served, content, Source.REDIS)

    @contextmanager
    def lists(self, served: Served) -> Iterator[Iterator[Chunk]]:
        yield self._read(served)

    def _read(self, served: Served) -> Iterator[Chunk]:
        with explained():
            load, cursor = self._live(served) or self._loads.get(served), 0
            if load is None:
                raise StorageError(f"Redis does not hold version {served.version} any more.")
            while True:
                cursor, found = self._redis.hscan(load, cursor, count=_FIELDS_AT_ONCE)
                yield [(key, content) for field, content in found.items() if (key := key_of(field)) is not None]
                if not cursor:
                    return

    def _live(self, served: Served) -> str | None:
        """The hash that is live, if it is this version."""
        live = self._redis.get(Names(served.company, served.product).live)
        return _text(live) if live and read_served(self._redis.hget(_text(live), SAYS)) == served else None


def read_served(text: bytes | None) -> Served | None:
    """None of what is not there, or what somebody else wrote."""
    try:
        return None if text is None else Served.from_json(text)
    except ValueError:
        return None


@contextmanager
def explained() -> Iterator[None]:
    """What goes wrong with Redis, as the platform says it. Its messages name host and port, never the password."""
    try:
        yield
    except redis.RedisError as error:
        raise platform_error(error) from None


def platform_error(error: redis.RedisError) -> PlatformError:
    may_recover = isinstance(error, redis.ConnectionError | redis.TimeoutError)
    if may_recover and not isinstance(error, redis.AuthenticationError):
        return UnavailableError(f"Redis does not answer ({error}); check RECS_REDIS_URL.")
    return StorageError(f"Redis does not do as it is asked ({error}); check RECS_REDIS_URL, its rights and its memory.")


def _text(name: bytes) -> str:
    """Of a key that somebody else wrote, as far as it can be read."""
    return name.decode(errors="replace")


@lru_cache(maxsize=8)
def _client(url: str) -> Any:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        # Once more for a connection that the server closed since; whatever is sent may be sent twice.
        retry=Retry(NoBackoff(), 1),
        decode_responses=False,
    )

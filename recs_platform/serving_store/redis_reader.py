"""How the service reads Redis: one round trip for what is live and a customer's list.

The list and what it is of are read from the hash that was live a moment ago, then which one is live. When that is
another one by now, it is read again from there. Not here: what is done when Redis fails (`reader.py`), and how a
version stands there (`redis_keys.py`).
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from recs_platform.errors import PlatformError
from recs_platform.serving_store.protocol import Served
from recs_platform.serving_store.redis_keys import SAYS, Command, Names, field_of
from recs_platform.serving_store.redis_store import platform_error, read_served

_MOST_CONNECTIONS = 1_000
_TRIES = 3
_LONGEST_SECONDS = 10.0
"""More than whoever asks waits for an answer: each says for how long."""
_NOWHERE = "recs:nothing"
"""A name that no hash has."""


class Found(NamedTuple):
    load: str
    """The name of the hash that is live."""
    served: Served | None
    """None when it is not there, or not whole."""
    content: bytes | None


class RedisReader:
    def __init__(self, url: str, seconds: float) -> None:
        self._seconds = seconds
        self._live: dict[tuple[str, str], str] = {}
        self._says: dict[bytes, Served | None] = {}
        self._client: Any = redis.asyncio.Redis.from_url(
            url,
            socket_connect_timeout=_LONGEST_SECONDS,
            socket_timeout=_LONGEST_SECONDS,
            retry=Retry(NoBackoff(), 0),
            max_connections=_MOST_CONNECTIONS,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def read(self, company: str, product: str, key: bytes, *, seconds: float | None = None) -> Found | None:
        """None where nothing is live. Raises a PlatformError when there is no answer in time."""
        names = Names(company, product)
        load = self._live.get((company, product), "")
        for _ in range(_TRIES):
            # In this order: a hash that is live after it was read was live then, too.
            (content, says), live = await self.ask(
                ("HMGET", load or _NOWHERE, field_of(key), SAYS), ("GET", names.live), seconds=seconds
            )
            if live is None:
                return None
            # Somebody else may have written there what is no text.
            name = live.decode(errors="replace")
            if name == load:
                return Found(load, self._served(says), content)
            load = self._live[company, product] = name
        return Found(load, None, None)

    async def ask(self, *commands: Command, seconds: float | None = None) -> list[Any]:
        """The answers to commands, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            async with asyncio.timeout(seconds or self._seconds):
                answers: list[Any] = await pipeline.execute()
        except TimeoutError:
            raise platform_error(redis.TimeoutError("no answer in time")) from None
        except redis.RedisError as error:
            raise platform_error(error) from None
        except OSError as error:
            raise platform_error(redis.ConnectionError(str(error))) from None
        return answers

    async def answers(self) -> bool:
        try:
            await self.ask(("PING",))
        except PlatformError:
            return False
        return True

    def _served(self, says: bytes | None) -> Served | None:
        """The same text as before, nearly always."""
        if says is None:
            return None
        if says not in self._says:
            self._says = {**dict(list(self._says.items())[-100:]), says: read_served(says)}
        return self._says[says]

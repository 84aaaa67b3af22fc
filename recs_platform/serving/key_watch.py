"""The keys in the memory of a service that runs, read again every few seconds: a new key is valid soon after it was
made, and a revoked one is not soon after that.

While the database does not answer, the keys that were read last hold.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import Engine

from recs_platform.errors import PlatformError
from recs_platform.serving.keys import KeyRing, known_keys

KEY_SECONDS = 2.0
_log = logging.getLogger(__name__)


class KeyWatch:
    def __init__(self, database: Engine, seconds: float = KEY_SECONDS) -> None:
        self._database, self._seconds = database, seconds
        self._task: asyncio.Task[None] | None = None
        self._failed = False
        self.ring = KeyRing(known_keys(database))

    async def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self.look()

    async def look(self) -> None:
        try:
            self.ring = KeyRing(await asyncio.to_thread(known_keys, self._database))
            self._failed = False
        except PlatformError:
            if not self._failed:
                _log.warning("the keys cannot be read again; those that were read last hold")
            self._failed = True

"""The keys in the memory of a service that runs, read again every few seconds: a new key is valid soon after it was
made, and a revoked one is not soon after that.

While the database does not answer, the keys that were read last hold.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Engine

from recs_platform.errors import PlatformError
from recs_platform.serving.keys import KeyRing, known_keys
from recs_platform.serving.watch import Watch

KEY_SECONDS = 2.0
_log = logging.getLogger(__name__)


class KeyWatch(Watch):
    def __init__(self, database: Engine, seconds: float = KEY_SECONDS) -> None:
        super().__init__(seconds)
        self._database = database
        self._failed = False
        self.ring = KeyRing(known_keys(database))

    async def look(self) -> None:
        try:
            self.ring = KeyRing(await asyncio.to_thread(known_keys, self._database))
            self._failed = False
        except PlatformError:
            if not self._failed:
                _log.warning("the keys cannot be read again; those that were read last hold")
            self._failed = True

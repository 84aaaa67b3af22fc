"""What looks at something again and again for as long as the service runs: a Watcher. A look that fails by a defect is
told in the log, and is no reason to look no more.

Not here: what is looked at (companies.py, key_watch.py, publications.py, models/holder.py).
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from contextlib import suppress

_log = logging.getLogger(__name__)


class Watch(ABC):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def look(self) -> None:
        """Once at everything."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._look_again_and_again())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _look_again_and_again(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                _log.exception("%s: a look has failed", type(self).__name__)
            await asyncio.sleep(self._seconds)

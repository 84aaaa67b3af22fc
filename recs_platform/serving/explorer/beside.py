"""Work that blocks, done beside the requests: a few at a time, and none longer than somebody waits for a page.

A thread cannot be stopped: what takes too long is not waited for any more, and holds its place until it ends. So a lake
that hangs takes the places and no more. Not here: the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TypeVar

Found = TypeVar("Found")


class NotNowError(Exception):
    """In words that follow what is not available."""


class Beside:
    def __init__(self, name: str, *, at_once: int, waiting: int, seconds: float) -> None:
        self._name, self._most, self._seconds = name, at_once + waiting, seconds
        self._going, self._turn = 0, asyncio.Semaphore(at_once)

    async def ask(self, work: Callable[[], Found]) -> Found:
        """A NotNowError when too many ask or it takes too long; whatever the work raises."""
        if self._going >= self._most:
            raise NotNowError("too many ask at the same time; ask again in a moment")
        self._going, begun = self._going + 1, False
        try:
            async with asyncio.timeout(self._seconds):
                await self._turn.acquire()
                begun = True
                return await self._begun(work)
        except TimeoutError:
            raise NotNowError(f"it took longer than {self._seconds:g} seconds; ask again in a moment") from None
        finally:
            if not begun:
                self._going -= 1

    def _begun(self, work: Callable[[], Found]) -> asyncio.Future[Found]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Found] = loop.create_future()

        def end(tell: Callable[[], None]) -> None:
            self._going -= 1
            self._turn.release()
            if not found.done():
                tell()

        def do() -> None:
            tell: Callable[[], None]
            try:
                tell = partial(found.set_result, work())
            except Exception as error:
                tell = partial(found.set_exception, error)
            with suppress(RuntimeError):  # the service has ended meanwhile
                loop.call_soon_threadsafe(end, tell)

        # A daemon, so that a service can end while a lake hangs.
        Thread(target=do, name=f"explorer-{self._name}", daemon=True).start()
        return found

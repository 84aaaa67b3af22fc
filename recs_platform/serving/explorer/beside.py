"""Work that blocks, done beside the requests: a few at a time, and none longer than somebody waits for a page.

A thread cannot be stopped: what takes too long is not waited for any more, and holds its place until it ends. So a lake
that hangs takes the places and no more. Not here: the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


class NotNowError(Exception):
    """In words that follow what is not available."""


class Beside:
    def __init__(self, name: str, *, at_once: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"explorer-{name}")
        self._most, self._seconds, self._going = at_once + waiting, seconds, 0

    async def ask(self, work: Callable[[], Found]) -> Found:
        """A NotNowError when too many ask or it takes too long; whatever the work raises."""
        if self._going >= self._most:
            raise NotNowError("too many ask at the same time; ask again in a moment")
        loop, future = asyncio.get_running_loop(), self._threads.submit(work)
        self._going += 1
        future.add_done_callback(lambda _: self._ended(loop))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError:
            raise NotNowError(f"it took longer than {self._seconds:g} seconds; ask again in a moment") from None

    def _ended(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread that did the work."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._free)

    def _free(self) -> None:
        self._going -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

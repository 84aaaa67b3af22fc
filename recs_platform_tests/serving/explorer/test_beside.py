"""Work beside the requests: how much of it there may be, and how long somebody waits for it."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from recs_platform.serving.explorer.beside import Beside, NotNowError

pytestmark = pytest.mark.anyio


async def test_work_is_done_in_a_thread_of_its_own() -> None:
    beside = Beside("test", at_once=1, waiting=0, seconds=30)
    assert (await beside.ask(threading.current_thread)).name.startswith("explorer-test")
    assert (await beside.ask(threading.current_thread)).daemon, "a service ends while one hangs"
    with pytest.raises(ZeroDivisionError):
        await beside.ask(lambda: 1 // 0)


async def test_who_comes_when_all_places_are_taken_is_told_so_at_once_and_later_has_one() -> None:
    beside, may_end = Beside("test", at_once=1, waiting=1, seconds=30), threading.Event()
    taken = [asyncio.create_task(beside.ask(partial(may_end.wait, 30))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(NotNowError, match="too many ask"):
        await beside.ask(int)
    may_end.set()
    assert await asyncio.gather(*taken) == [True, True]
    assert await beside.ask(int) == 0


async def test_what_takes_too_long_is_not_waited_for_and_keeps_its_place_until_it_ends() -> None:
    beside, may_end = Beside("test", at_once=1, waiting=0, seconds=0.01), threading.Event()
    with pytest.raises(NotNowError, match=r"longer than 0\.01 seconds"):
        await beside.ask(partial(may_end.wait, 30))
    with pytest.raises(NotNowError, match="too many ask"):
        await beside.ask(int)
    may_end.set()
    async with asyncio.timeout(30):
        while True:
            try:
                assert await beside.ask(int) == 0
                break
            except NotNowError:
                await asyncio.sleep(0.01)


async def test_what_waits_too_long_for_its_turn_is_never_begun() -> None:
    beside, may_end, begun = Beside("test", at_once=1, waiting=1, seconds=0.05), threading.Event(), threading.Event()
    first = asyncio.create_task(beside.ask(partial(may_end.wait, 30)))
    await asyncio.sleep(0)
    for _ in range(2):  # who waited no longer has left the place to somebody else
        with pytest.raises(NotNowError, match="longer"):
            await beside.ask(begun.set)
    with pytest.raises(NotNowError, match="longer"):
        await first
    may_end.set()
    await asyncio.sleep(0.05)
    assert not begun.is_set()

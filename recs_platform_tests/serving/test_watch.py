"""A watch looks on after a look that fails, and ends when it is told to."""

from __future__ import annotations

import asyncio
import logging

import pytest

from recs_platform.serving.watch import Watch


class Looks(Watch):
    def __init__(self) -> None:
        super().__init__(seconds=0.001)
        self.looks = 0
        self.third = asyncio.Event()

    async def look(self) -> None:
        self.looks += 1
        if self.looks == 3:
            self.third.set()
        raise RuntimeError("a defect")


def test_a_look_that_fails_is_told_and_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    async def looked() -> tuple[int, int]:
        looks = Looks()
        await looks.start()
        await asyncio.wait_for(looks.third.wait(), 30)
        await looks.stop()
        then = looks.looks
        await asyncio.sleep(0.05)
        return then, looks.looks

    with caplog.at_level(logging.ERROR):
        then, after = asyncio.run(looked())
    assert then == after >= 3
    assert caplog.records[0].message == "Looks: a look has failed"
    assert "a defect" in caplog.text

"""Bodies of requests: whole and in time before anything is begun, and all together never larger than there is room for.

Not here: who may send one (front.py), and what stands in it (json_route.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.types import Message, Receive, Scope

from recs_platform.serving.limits import Limits
from recs_platform.serving.problems import BUSY, SLOW_CLIENT, TOO_LARGE, Problem

_DRAIN_SECONDS, _DRAIN_TIMES = 1.0, 8
"""What is left of a body that is not taken is read for a while: a client that still sends reads no answer."""
_CLOSE = {"Connection": "close"}


class Bodies:
    def __init__(self, limits: Limits) -> None:
        self._limits, self._held = limits, 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive) -> AsyncIterator[Receive]:
        """All of a body; it counts until the request is answered."""
        body = bytearray()
        try:
            await self._read(body, scope, receive)
            yield of_body(bytes(body), receive)
        finally:
            self._held -= len(body)

    async def _read(self, body: bytearray, scope: Scope, receive: Receive) -> None:
        most = self._limits.body_of(scope["path"])
        said = int(next((value for name, value in scope["headers"] if name == b"content-length"), b"0"))
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while said <= most and len(body) <= most and self._held <= self._limits.bodies_bytes:
                    message = await receive()
                    body += (piece := message.get("body", b""))
                    self._held += len(piece)
                    if message["type"] != "http.request" or not message.get("more_body"):
                        break
        except TimeoutError:
            raise Problem(SLOW_CLIENT, headers=_CLOSE) from None
        if max(len(body), said) > most:
            problem = Problem(TOO_LARGE, f"Send less than {most >> 20} MiB, in several requests.", headers=_CLOSE)
        elif self._held > self._limits.bodies_bytes:
            problem = Problem(BUSY, headers=_CLOSE)
        else:
            return
        self._held -= len(body)
        body.clear()
        await _drain(receive, most)
        raise problem


async def _drain(receive: Receive, most: int) -> None:
    left = most * _DRAIN_TIMES
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def of_body(body: bytes, receive: Receive) -> Receive:
    """A body that has arrived; after it, whatever the client does."""
    waiting = True

    async def received() -> Message:
        nonlocal waiting
        if not waiting:
            return await receive()
        waiting = False
        return {"type": "http.request", "body": body, "more_body": False}

    return received

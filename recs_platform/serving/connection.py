"""A connection: uvicorn's on httptools, with an end to its patience, and problem documents for what is no request.

uvicorn waits for ever for the first byte and for the last header, and takes headers of any length. Not here: bodies
(front.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from recs_platform.serving.asked import new_request_id
from recs_platform.serving.limits import Limits
from recs_platform.serving.problems import (
    BAD_REQUEST,
    BUSY,
    LONG_HEADERS,
    MEDIA_TYPE,
    SLOW_CLIENT,
    Kind,
    Problem,
    document,
)


class Connection(HttpToolsProtocol):
    """One is made for each client that connects; `of` says with which limits."""

    limits = Limits()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience: asyncio.TimerHandle | None = None
        self._begun = False
        """Whether a request has begun whose headers are not complete."""
        self._arrived = 0
        """Bytes of such a request, after those that it began with."""
        self._wrong = BAD_REQUEST
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(BUSY)
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self._refused:
            return
        if self._begun:
            self._arrived += len(data)
        super().data_received(data)
        if self._arrived > self.limits.header_bytes:
            self._refuse(LONG_HEADERS)
        elif not self._answering and self.timeout_keep_alive_task is None:
            self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        self._wait()

    def on_headers_complete(self) -> None:
        self._begun, self._arrived = False, 0
        self._calm()
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > self.limits.header_bytes:
            self._wrong = LONG_HEADERS
            raise ValueError("headers of this length are not read")
        super().on_headers_complete()

    def send_400_response(self, _msg: str) -> None:
        self._refuse(self._wrong)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing is to come any more. What a client has not read by now, it does not read."""
        self.transport.abort()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._patience is None and not self.transport.is_closing():
            self._patience = self.loop.call_later(self.limits.header_seconds, self._no_patience)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _no_patience(self) -> None:
        self._patience = None
        if self._begun:
            self._refuse(SLOW_CLIENT)
        elif not self._answering:
            self.transport.close()

    def _refuse(self, kind: Kind) -> None:
        """Answer what is no request, and close."""
        if self.transport.is_closing():
            return
        if self._answering and (self.pipeline or not self.cycle.more_body or self.cycle.response_started):
            # What came before is answered, and then nobody listens any more.
            self._refused = True
            self.cycle.keep_alive = False
            return
        if self._answering:
            # Its own body is wrong: nothing else is to be said to it.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = document(Problem(kind), new_request_id())
        more = b"retry-after: 1\r\n" if kind.status == 503 else b""
        head = b"content-type: %s\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[kind.status] + head % (MEDIA_TYPE.encode(), len(body), more) + body)
        self.transport.close()


def of(limits: Limits) -> Callable[..., Connection]:
    return type("Connection", (Connection,), {"limits": limits})

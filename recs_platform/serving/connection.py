"""A connection: uvicorn's on httptools, with an end to its patience, and problem documents for what is no request.

uvicorn waits for ever for the first byte and for the last header, takes headers of any length, and reads as many
requests as come without waiting for their answers. Not here: bodies (front.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
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

_PIECE = 4_096
"""Bytes that are parsed at once: of many small requests, the rest waits until these are answered."""


class _Flow(FlowControl):
    """Nothing more is read while requests wait for the answers before them."""

    def __init__(self, transport: asyncio.Transport, pipeline: Collection[object]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline
        self.held = b""
        """What was read, and is parsed after that."""

    def resume_reading(self) -> None:
        if not self._pipeline and not self.held:
            super().resume_reading()


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
        self.flow: _Flow = _Flow(transport, self.pipeline)
        if len(self.connections) > self.limits.connections:
            self._refuse(BUSY)
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        at, data, self.flow.held = 0, self.flow.held + data, b""
        while at < len(data) and not self.pipeline:
            if self.transport.is_closing() or self._refused:
                return
            self._parse(data[at : at + _PIECE])
            at += _PIECE
        self.flow.held = data[at:]
        if self.flow.held:
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.flow.held and not self.pipeline:
            # Not at once: this is still within the answer.
            self.loop.call_soon(self._go_on)
        elif not self.transport.is_closing():
            self.flow.resume_reading()

    def _go_on(self) -> None:
        self.data_received(b"")
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def _parse(self, data: bytes) -> None:
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

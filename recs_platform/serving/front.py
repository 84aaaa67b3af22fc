"""What every request goes through before a route and after it: its id, who may ask at all, its time, how many are
worked on at once, what headers the answer has, the log and the metrics.

It is a plain ASGI application before the framework's, since it stands in the way of every request. Not here: which
company somebody sees (access.py), bodies (bodies.py), and connections (connection.py).
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recs_platform.serving.asked import Asked, new_request_id, note
from recs_platform.serving.bodies import Bodies, of_body
from recs_platform.serving.logs import RequestLog
from recs_platform.serving.page_guard import refused
from recs_platform.serving.problems import (
    BAD_REQUEST,
    BUSY,
    DEFECT,
    FOREIGN_PAGE,
    UNAVAILABLE,
    Problem,
    problem_response,
)
from recs_platform.serving.service import Service

_log = logging.getLogger(__name__)
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_ALWAYS_ANSWERED = "/health/live"
_PAGE_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _PAGE_POLICY),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_NAMES = frozenset(name for name, _ in _HEADERS)


class Front:
    def __init__(self, app: ASGIApp, service: Service, log: RequestLog) -> None:
        self._app, self._service, self._log = app, service, log
        self._limits, self._at_once = service.limits, 0
        self._bodies = Bodies(service.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        asked = Asked(new_request_id(), scope["method"])
        note(scope, asked)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"] = list(message.get("headers", ()))
                own = {name for name, _ in headers} & _NAMES
                headers += [header for header in _HEADERS if header[0] not in own] if own else _HEADERS
                headers.append((b"x-request-id", asked.request_id.encode()))
                if self._service.ending:
                    headers.append((b"connection", b"close"))
            await send(message)

        try:
            await self._answer(scope, receive, sending)
        except Problem as problem:
            # Of an answer that has begun, the rest is missing: the server closes the connection.
            if not status:
                await problem_response(problem, asked.request_id)(scope, receive, sending)
        except Exception as error:
            _log.error("a defect", exc_info=error, extra={"request_id": asked.request_id})
            if not status:
                await problem_response(Problem(DEFECT), asked.request_id)(scope, receive, sending)
        finally:
            asked.route = getattr(scope.get("route"), "path_format", "")
            seconds = perf_counter() - started
            self._log.answered(asked, status, seconds)
            self._service.metrics.answered(asked, status, seconds)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        why = refused(scope, self._service.hosts)
        if why:
            raise Problem(FOREIGN_PAGE, why)
        if not (_is_utf8(scope["raw_path"]) and _is_utf8(scope["query_string"])):
            raise Problem(BAD_REQUEST)
        if scope["method"] in _WITHOUT_BODY:
            await self._answer_now(scope, receive, send)
        elif not self._is_known(scope):
            # Nobody holds memory here without a key. The route says what is wrong.
            await self._answer_now(scope, of_body(b"", receive), send)
        else:
            async with self._bodies.read(scope, receive) as received:
                await self._answer_now(scope, received, send)

    async def _answer_now(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._at_once >= self._limits.at_once and scope["path"] != _ALWAYS_ANSWERED:
            raise Problem(BUSY)
        self._at_once += 1
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                await self._app(scope, receive, send)
        except TimeoutError:
            raise Problem(UNAVAILABLE, "The answer took too long.") from None
        finally:
            self._at_once -= 1

    def _is_known(self, scope: Scope) -> bool:
        try:
            self._service.access.caller(Request(scope))
        except Problem:
            return False
        return True


def _is_utf8(address: bytes) -> bool:
    """Otherwise two customers could have the same address."""
    if b"%" not in address:
        return True
    try:
        unquote_to_bytes(address).decode()
    except UnicodeDecodeError:
        return False
    return True

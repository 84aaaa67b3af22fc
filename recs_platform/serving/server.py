"""The server around the application: sockets, signals, and an end at which everybody who asked is answered.

At SIGTERM (or Ctrl-C) the service says that it is not ready and goes on answering for a while, each answer with
`Connection: close`, so that clients and load balancers go elsewhere. Then it stops listening, answers what it
accepted, and ends with 0. A second signal ends the waiting; what has been asked is answered all the same.

Not here: what is answered (app.py).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from recs_platform.errors import ConfigError
from recs_platform.serving.app import make_app
from recs_platform.serving.connection import of
from recs_platform.serving.logs import RequestLog
from recs_platform.serving.service import Service

_BACKLOG = 2_048
_STEP_SECONDS = 0.05
_THREADS_SECONDS = 2.0
_log = logging.getLogger(__name__)


def listening(host: str, port: int) -> socket.socket:
    """A ConfigError says why nobody can listen there."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or "not a name").partition(" (")[0]
        raise ConfigError(f"--host {host} --port {port}: {reason}. Choose others, or end what listens there.") from None


def run(service: Service, at: socket.socket, told: Callable[[], None]) -> None:
    """Serve until a signal; `told` is called when requests are answered."""
    limits = service.limits
    config = uvicorn.Config(
        make_app(service, RequestLog()),
        http=of(limits),  # type: ignore[arg-type]  # a protocol's class, which the type does not foresee
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]  # it waits for parts of seconds as well
        timeout_graceful_shutdown=limits.end_seconds,  # type: ignore[arg-type]
    )
    _Server(config, service, told, at.dup()).run(sockets=[at])
    if service.failed:
        raise service.failed


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service, told: Callable[[], None], same: socket.socket) -> None:
        super().__init__(config)
        self._service, self._told = service, told
        self._same = same
        """The socket that it listens on, once more: what has connected there is not sent away by closing the other."""
        self._hurries = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._service.failed:
            self.should_exit = self._hurries = True
        else:
            self._told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _log.info("ending: not ready any more, and requests are answered")
        await self._until(lambda: self._hurries, self._service.limits.drain_seconds)
        for server in self.servers:
            server.close()
        await self._take_who_waits()
        # Whoever has just connected is about to ask.
        connections = self.server_state.connections
        await self._until(lambda: self._hurries or not connections, self._service.limits.linger_seconds)
        await super().shutdown(sockets)
        _log.info("ended")
        if not self._service.failed:
            _wait_for_no_thread()

    async def _take_who_waits(self) -> None:
        """Those to whom the system has said that they are connected, before this process looked at them."""
        waiting = []
        self._same.listen(0)
        self._same.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                waiting.append(self._same.accept()[0])
        self._same.close()
        for connected in waiting:
            connected.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connected)

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def _until(self, over: Callable[[], bool], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not over() and loop.time() < end:
            await asyncio.sleep(_STEP_SECONDS)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, but a signal is no reason to end with its number: it was obeyed."""
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        self._hurries = self.should_exit
        self.should_exit = True
        self._service.ending = True


def _wait_for_no_thread() -> None:
    """The process ends soon, also when a thread of it waits for a database that hangs: nobody is answered by it."""
    ending = threading.Timer(_THREADS_SECONDS, os._exit, (0,))
    ending.daemon = True
    ending.start()

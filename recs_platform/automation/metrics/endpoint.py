"""Metrics over HTTP, and as text. Whoever reaches the endpoint reads the names of companies and how they do, so it
listens on this machine alone unless somebody says otherwise.

There it answers those who name this machine, so that no page in somebody's browser reads it under a name of its own.

What is served is prometheus_client's own. Not here: what is told (collector.py).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, generate_latest, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from recs_platform.automation.metrics.collector import platform_registry
from recs_platform.errors import ConfigError
from recs_platform.serving.page_guard import LOOPBACK, name_in

_ONCE_SECONDS = 60.0
"""A person, or a script, waits for everything."""


def metrics_text() -> str:
    return generate_latest(platform_registry(patience=_ONCE_SECONDS)).decode()


class Connection(WSGIRequestHandler):
    """One that says nothing for a while is closed, so that nobody keeps threads busy by connecting."""

    timeout = 10.0

    def handle(self) -> None:
        with suppress(TimeoutError, ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Requests come every few seconds, and none of them is news."""


class Endpoint:
    """Listens from when it is made until it is closed."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry | None = None) -> None:
        try:
            family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            server: type[WSGIServer] = type("Server", (ThreadingWSGIServer,), {"address_family": family})
            served: Any = make_wsgi_app(registry or platform_registry())
            if ip_address(address[0]).is_loopback:
                served = _asked_by_name(served, LOOPBACK | {host.lower(), str(address[0])})
            self._server = make_server(str(address[0]), port, served, server, Connection)
        except (OSError, UnicodeError) as error:
            reason = (getattr(error, "strerror", None) or "not a name").partition(" (")[0]
            raise ConfigError(
                f"--host {host} --port {port}: {reason}. Choose others, or end what listens there."
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def wait(self) -> None:
        """Until it is closed, or somebody presses Ctrl-C."""
        self._thread.join()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _asked_by_name(served: Callable[..., Iterable[bytes]], names: frozenset[str]) -> Callable[..., Iterable[bytes]]:
    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if name_in(environ.get("HTTP_HOST", "")) in names:
            return served(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"This name is not this machine's. Ask 127.0.0.1, or listen elsewhere: recs metrics --host ADDRESS\n"]

    return guarded

"""Stands between a client and a store: counts requests, and lets some of them go wrong as networks and servers do."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from recs_platform_tests.stores.fixtures import Store

OVERLOADED = "the store is not asked, and 503 is the answer"
LOST = "the store does as it is asked, and 503 is the answer"
HUNG_UP = "the store does as it is asked, and the connection breaks off"
KINDS = (OVERLOADED, LOST, HUNG_UP)


@dataclass
class Fault:
    kind: str
    requests: str
    """A regular expression of method and path."""
    times: int = 1
    spared: int = 0
    """So many of these requests go well before."""
    kill: Callable[[], object] | None = None
    """Kills who asked, so that nobody is answered."""


@dataclass
class Proxy:
    store: Store
    requests: list[str] = field(default_factory=list)
    """Method and path of each, in order."""
    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault_of(self, request: str) -> Fault | None:
        """What goes wrong with a request; it is noted."""
        with self._lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault.times and re.search(fault.requests, request):
                    if fault.spared:
                        fault.spared -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def proxied(store: Store) -> Iterator[tuple[Proxy, Store]]:
    """A proxy, and the store as it is reached through it."""
    proxy = Proxy(store)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            fault = proxy.fault_of(f"{self.command} {unquote(self.path)}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind, kill = (fault.kind, fault.kill) if fault else (None, None)
            if kind == OVERLOADED:
                self._end(kill) if kill else self._answer(503, [], b"")
                return
            upstream = http.client.HTTPConnection(store.host, store.port)
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if kill:
                self._end(kill)
            elif kind == LOST:
                self._answer(503, [], b"")
            elif kind == HUNG_UP:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self._answer(answer.status, answer.getheaders(), content)

        def _end(self, kill: Callable[[], object]) -> None:
            kill()
            self.close_connection = True

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            length = next((v for k, v in headers if k.lower() == "content-length"), str(len(content)))
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

        def log_message(self, *_: object) -> None:
            """Nothing: `requests` has them."""

    server = ThreadingHTTPServer((store.host, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy, store.at(server.server_port)
    finally:
        server.shutdown()
        server.server_close()

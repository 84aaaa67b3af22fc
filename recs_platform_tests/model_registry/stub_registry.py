"""A registry on loopback that answers as a test says: to refuse, to hang and to lie."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

Answer: TypeAlias = tuple[int, dict[str, str], bytes | Iterable[bytes]]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class StubRegistry:
    port: int
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def stub_registry(answer: Callable[[Asked], Answer], certificate: str | None = None) -> Iterator[StubRegistry]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            stub.asked.append(asked)
            status, headers, content = answer(asked)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if isinstance(content, bytes):
                self.send_header("Content-Length", str(len(content)))
                content = [content] if self.command != "HEAD" else []
            else:
                self.send_header("Connection", "close")
            self.end_headers()
            try:
                for part in content:
                    self.wfile.write(part)
            except OSError:
                self.close_connection = True

        do_GET = do_PUT = do_POST = do_HEAD = _answer

        def log_message(self, *_: object) -> None:
            """Nothing: `asked` has them."""

    server = ThreadingHTTPServer(("0.0.0.0" if certificate else "127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    stub = StubRegistry(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()

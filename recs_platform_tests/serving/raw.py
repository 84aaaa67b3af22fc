"""HTTP by hand, over a socket: what clients send that no library would."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Of a problem."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(orjson.loads(self.body)["type"]).partition("#")[2]


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as talking:
        yield talking


def get(address: str = "/recommendations/acme/c1", *headers: str, host: str = "127.0.0.1") -> bytes:
    return "\r\n".join([f"GET {address} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode("latin-1")


def read(talking: socket.socket) -> Answered | None:
    """The next answer; None when the connection ended before one."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = _more(talking)
        if not more:
            assert not got, f"half an answer: {got!r}"
            return None
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers["content-length"]):
        more = _more(talking)
        assert more, f"half an answer: {got!r}"
        body += more
    assert len(body) == int(headers["content-length"]), "one answer at a time"
    return Answered(int(first.split()[1]), headers, body)


def ended(talking: socket.socket) -> bool:
    """Whether the server closes the connection without another word."""
    return _more(talking) == b""


def _more(talking: socket.socket) -> bytes:
    try:
        return talking.recv(65_536)
    except ConnectionError:
        return b""

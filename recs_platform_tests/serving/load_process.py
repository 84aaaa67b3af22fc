"""A client that asks at a constant rate, whatever the answers take (open loop), and writes down every answer.

`python -m recs_platform_tests.serving.load_process` reads one line of JSON (port, rate, requests by name, and the file
to write to) and asks until its input ends; then it waits for the answers that it has not got, and ends with 0. A
connection is used again as long as the server keeps it, and no request is sent twice. Not here: what a test makes of it
(load.py).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

_PATIENCE_SECONDS = 60.0
_NO_TIME = 0.002
_AT_ONCE = 200
"""Fewer than a service works on at once: one that stood still for a while is not asked everything at once after it."""


class _Talking(asyncio.Protocol):
    """A connection, on which one request is asked at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._answer: asyncio.Future[tuple[int, Mapping[str, str], bytes]] | None = None
        self.ended = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    async def ask(self, request: bytes) -> tuple[int, Mapping[str, str], bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await self._answer

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or self._answer is None or self._answer.done():
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers["content-length"])
        if len(body) < length:
            return
        self._got = body[length:]
        if headers.get("connection") == "close":
            self.end()
        self._answer.set_result((int(first.split()[1]), headers, body[:length]))

    def connection_lost(self, _: Exception | None) -> None:
        self.ended = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the connection ended before its answer"))

    def end(self) -> None:
        self.ended = True
        self._transport.close()


class _Client:
    def __init__(self, port: int, told: TextIO) -> None:
        self._port, self._told = port, told
        self._idle: list[_Talking] = []

    async def ask(self, name: str, request: bytes, due: float) -> None:
        said: dict[str, Any] = {"name": name, "at": due}
        try:
            talking = await self._connection()
            status, headers, body = await talking.ask(request)
            if not talking.ended:
                self._idle.append(talking)
            said |= {"status": status, "retry_after": headers.get("retry-after"), "body": body.decode()}
        except (OSError, TimeoutError) as error:
            said |= {"error": type(error).__name__}
        said["took"] = time.monotonic() - due
        self._told.write(f"{json.dumps(said)}\n")
        self._told.flush()

    async def _connection(self) -> _Talking:
        while self._idle:
            talking = self._idle.pop()
            if not talking.ended:
                return talking
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Talking, "127.0.0.1", self._port))[1]


async def _ask_on(given: Mapping[str, Any]) -> None:
    requests = [(name, _raw(*request)) for name, request in given["requests"]]
    loop, asked, done = asyncio.get_running_loop(), set(), asyncio.Event()
    loop.add_reader(sys.stdin, done.set)
    began, number = time.monotonic(), 0
    with Path(given["told"]).open("w") as told:
        client = _Client(given["port"], told)
        while not done.is_set():
            while (due := began + number / given["rate"]) <= time.monotonic():
                if len(asked) == _AT_ONCE:
                    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                    began += time.monotonic() - due
                    break
                task = loop.create_task(client.ask(*requests[number % len(requests)], due))
                asked.add(task)
                task.add_done_callback(asked.discard)
                number += 1
            await asyncio.sleep(max(_NO_TIME, due - time.monotonic()))
        await asyncio.gather(*asked)


def _raw(method: str, address: str, body: str) -> bytes:
    content = body.encode()
    head = [f"{method} {address} HTTP/1.1", "Host: 127.0.0.1"]
    if content:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content


if __name__ == "__main__":
    asyncio.run(_ask_on(json.loads(sys.stdin.readline())))

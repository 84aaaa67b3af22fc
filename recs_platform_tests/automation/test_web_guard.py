"""Which requests reach the UI: those of its own pages and of programs, not what another page makes a browser send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from recs_platform.automation.web_guard import OwnPagesOnly, refused

OWN = {"host": "localhost:3000"}
ELSEWHERE = "Pages of other sites may not act on the UI."
FOREIGN_NAME = "This name is not the UI's. Start it with `recs ui --allow-host NAME` if it should be."
BY_POST = "GraphQL is asked by POST here."


def request(method: str, headers: dict[str, str], query: str = "", kind: str = "http", path: str = "/graphql") -> Scope:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": kind, "method": method, "path": path, "query_string": query.encode(), "headers": encoded}


@pytest.mark.parametrize(
    "scope",
    [
        request("GET", OWN),
        request("GET", {"host": "127.0.0.1:3000"}),
        request("GET", {"host": "[::1]:3000"}),
        request("GET", {"host": "LOCALHOST"}),
        request("GET", {"host": "ui.shop.example"}),
        request("POST", OWN),
        request("POST", {**OWN, "origin": "http://localhost:3000", "sec-fetch-site": "same-origin"}),
        request("POST", {"host": "ui.shop.example", "origin": "https://ui.shop.example"}),
        request("GET", {**OWN, "origin": "http://localhost:3000"}, kind="websocket"),
        request("GET", OWN, "query=status%3Afailed", path="/runs"),
        # A link on another page opens the UI; it shows, and does nothing.
        request("GET", {**OWN, "sec-fetch-site": "cross-site"}),
    ],
)
def test_own_pages_and_programs_are_let_through(scope: Scope) -> None:
    assert refused(scope, {"localhost", "127.0.0.1", "::1", "ui.shop.example"}) is None


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        (request("GET", {}), FOREIGN_NAME),
        (request("GET", {"host": "evil.example:3000"}), FOREIGN_NAME),
        (request("GET", {"host": "localhost.evil.example"}), FOREIGN_NAME),
        (request("GET", {"host": "localhost@evil.example"}), FOREIGN_NAME),
        (request("GET", {"host": "evil.example/localhost"}), FOREIGN_NAME),
        (request("GET", {"host": "[localhost"}), FOREIGN_NAME),
        (request("GET", {"host": "evil.example", "origin": "http://evil.example"}, kind="websocket"), FOREIGN_NAME),
        (request("POST", {**OWN, "origin": "http://evil.example"}), ELSEWHERE),
        (request("POST", {**OWN, "origin": "null"}), ELSEWHERE),
        (request("POST", {**OWN, "origin": "http://localhost:8000"}), ELSEWHERE),
        (request("POST", {**OWN, "origin": "http://localhost:3000.evil.example"}), ELSEWHERE),
        (request("POST", {**OWN, "sec-fetch-site": "cross-site"}), ELSEWHERE),
        (request("POST", {**OWN, "sec-fetch-site": "same-site"}), ELSEWHERE),
        (request("DELETE", {**OWN, "sec-fetch-site": "cross-site"}), ELSEWHERE),
        (request("GET", {**OWN, "origin": "http://evil.example"}, kind="websocket"), ELSEWHERE),
        (request("GET", {**OWN, "sec-fetch-site": "cross-site"}, kind="websocket"), ELSEWHERE),
        (request("GET", OWN, "query=mutation%7Bx%7D"), BY_POST),
        (request("GET", OWN, "a=1&query=%7Bversion%7D"), BY_POST),
        (request("HEAD", OWN, "query=mutation%7Bx%7D"), BY_POST),
        (request("GET", OWN, "query=mutation%7Bx%7D", path="/prefix/graphql"), BY_POST),
        (request("GET", OWN, "query=mutation%7Bx%7D", path="/graphql/"), BY_POST),
    ],
)
def test_what_another_page_makes_a_browser_send_is_refused(scope: Scope, reason: str) -> None:
    assert refused(scope, {"localhost", "127.0.0.1", "::1"}) == reason


def answers(scope: Scope) -> tuple[list[Message], bool]:
    """What the guard sends back, and whether the application behind it was reached."""
    sent: list[Message] = []
    reached = False

    async def behind(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal reached
        reached = True

    async def receive() -> Any:
        return {"type": f"{scope['type']}.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(OwnPagesOnly(behind, ["10.0.0.7"])(scope, receive, send))
    return sent, reached


def test_what_is_refused_goes_no_further() -> None:
    assert answers(request("POST", {"host": "10.0.0.7:3000"})) == ([], True)
    assert answers({"type": "lifespan"}) == ([], True)
    sent, reached = answers(request("POST", {**OWN, "origin": "http://evil.example"}))
    assert (sent[0]["status"], sent[1]["body"], reached) == (403, f"{ELSEWHERE}\n".encode(), False)
    sent, reached = answers(request("GET", {**OWN, "origin": "http://evil.example"}, kind="websocket"))
    assert ([message["type"] for message in sent], reached) == (["websocket.close"], False)

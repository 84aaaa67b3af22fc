"""Whatever is wrong, the answer is a problem document that says what to fix, and nothing of what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import orjson
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from recs_platform.errors import StorageError, UnavailableError
from recs_platform.serving.app import make_app
from recs_platform.serving.json_route import JsonRoute
from recs_platform.serving.logs import RequestLog
from recs_platform.serving.problems import KINDS, PROBLEM_SCHEMA
from recs_platform.serving.service import Service
from recs_platform_tests.serving.made_up import Lists, client, made_up, with_limits

pytestmark = pytest.mark.anyio
SECRET = "jane.doe@example.com"
_JSON = {"Content-Type": "application/json"}


class Sums(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: float
    b: int = 0


def with_a_body(service: Service) -> FastAPI:
    """The service, and a route that takes JSON, and one with a defect."""
    router = APIRouter(route_class=JsonRoute)

    @router.post("/sums")
    async def sums(body: Sums) -> Response:
        return Response(orjson.dumps({"sum": body.a + body.b}), media_type="application/json")

    app = make_app(service, RequestLog(lambda _: None))
    app.include_router(router)

    async def defect(_: Request) -> Response:
        raise KeyError(SECRET)

    app.add_route("/defect", defect)
    return app


def asking(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


def check_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, object] = answer.json()
    assert PROBLEM_SCHEMA["required"] == list(told)[:5]
    assert told.keys() <= PROBLEM_SCHEMA["properties"].keys()
    assert told["type"] == f"docs/serving.md#{kind}"
    assert told["status"] == status
    assert str(told["detail"]).endswith((".", "?")), told
    assert told["instance"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text
    return told


_BODIES = {
    "no JSON": (b"{a: 1}", 400, "malformed-json"),
    "half": (b'{"a": 1', 400, "malformed-json"),
    "two": (b'{"a": 1}{"a": 2}', 400, "malformed-json"),
    "NaN": (b'{"a": NaN}', 400, "malformed-json"),
    "infinite": (b'{"a": Infinity}', 400, "malformed-json"),
    "minus infinite": (b'{"a": -Infinity}', 400, "malformed-json"),
    "Latin-1": (b'{"a": "\xe9"}', 400, "malformed-json"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 400, "malformed-json"),
    "half a pair": (b'{"a": "\\ud800"}', 400, "malformed-json"),
    "too deep": (b"[" * 100_000, 400, "malformed-json"),
    "only a byte order mark": (b"\xef\xbb\xbf", 400, "malformed-json"),
    "nothing": (b"", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "a list": (b"[1]", 422, "invalid"),
    "a word": (f'"{SECRET}"'.encode(), 422, "invalid"),
    "unknown field": (f'{{"a": 1, "c": "{SECRET}"}}'.encode(), 422, "invalid"),
    "another type": (f'{{"a": "{SECRET}"}}'.encode(), 422, "invalid"),
    "a fraction": (b'{"a": 1, "b": 1.5}', 422, "invalid"),
    "beyond all numbers": (b'{"a": 1e999}', 400, "malformed-json"),
}


@pytest.mark.parametrize(("body", "status", "kind"), _BODIES.values(), ids=_BODIES)
async def test_a_body_that_is_wrong(body: bytes, status: int, kind: str) -> None:
    async with asking(with_a_body(made_up()[0])) as client:
        answer = await client.post("/sums", content=body, headers=_JSON)
        told = check_problem(answer, status, kind)
        if kind == "invalid":
            (error,) = told["errors"]  # type: ignore[misc]
            assert error["field"].startswith("body")
        assert (await client.post("/sums", content=b'{"a": 1}', headers=_JSON)).json() == {"sum": 1.0}


async def test_who_may_not_ask_is_not_told_how() -> None:
    async with asking(with_a_body(made_up(on_loopback=False)[0])) as client:
        check_problem(await client.post("/sums", content=b"{", headers=_JSON), 401, "no-key")
        check_problem(await client.post("/sums", content=b"{", headers={"Content-Type": "x"}), 401, "no-key")
        check_problem(await client.get("/recommendations/acme/c1?limit=x"), 401, "no-key")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", ""])
async def test_a_body_that_is_said_to_be_something_else(kind: str) -> None:
    async with asking(with_a_body(made_up()[0])) as client:
        answer = await client.post("/sums", content=b'{"a": 1}', headers={"Content-Type": kind})
        check_problem(answer, 415, "wrong-type")
        good = {"Content-Type": "application/json; charset=utf-8"}
        assert (await client.post("/sums", content=b'{"a": 1}', headers=good)).status_code == 200


@pytest.mark.parametrize(
    ("method", "address", "status", "kind"),
    [
        ("GET", "/nothing", 404, "unknown-route"),
        ("GET", "/recommendations", 404, "unknown-route"),
        ("GET", "/recommendations/acme", 404, "unknown-route"),
        ("GET", "/docs", 404, "unknown-route"),
        ("POST", "/recommendations/acme/c1", 405, "wrong-method"),
        ("DELETE", "/health", 405, "wrong-method"),
        ("GET", "/sums", 405, "wrong-method"),
        ("BREW", "/sums", 405, "wrong-method"),
        ("GET", "/recommendations/%zz/c1", 404, "unknown-company"),
        ("GET", "/recommendations/a%0d%0ab/c1", 404, "unknown-company"),
        ("GET", "/defect", 500, "defect"),
    ],
)
async def test_what_the_framework_refuses(method: str, address: str, status: int, kind: str) -> None:
    async with asking(with_a_body(made_up()[0])) as client:
        answer = await client.request(method, address)
    check_problem(answer, status, kind)
    assert (status == 405) == ("allow" in answer.headers)


async def test_a_defect_is_logged_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    async with asking(with_a_body(made_up()[0])) as client:
        answer = await client.get("/defect")
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(record)["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in record.getMessage()


@pytest.mark.parametrize("trouble", [UnavailableError(f"db of {SECRET} is away."), StorageError("the disk is full.")])
async def test_a_store_that_is_away_is_503(trouble: Exception) -> None:
    service, reader = made_up()
    reader.trouble = trouble
    async with client(service) as asking:
        answer = await asking.get("/recommendations/acme/c1")
        check_problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "1"
        assert "disk" not in answer.text
        reader.trouble = None
        assert (await asking.get("/recommendations/acme/c1")).status_code == 200


async def _pieces(size: int, each: int = 65_536) -> AsyncIterator[bytes]:
    for _ in range(-(-size // each)):
        yield b" " * each


@pytest.fixture(params=["said", "in pieces"])
def sent(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


async def test_a_body_that_is_too_large(sent: str) -> None:
    async with asking(with_a_body(made_up()[0])) as client:
        for size in (2**20 + 1, 2**24):
            body = b" " * size if sent == "said" else _pieces(size)
            answer = await client.post("/sums", content=body, headers=_JSON)
            check_problem(answer, 413, "too-large")
            assert answer.headers["connection"] == "close"
        most = b'{"a": 1}'.ljust(2**20)
        assert (await client.post("/sums", content=most, headers=_JSON)).status_code == 200
        assert (await client.get("/recommendations/acme/c1")).status_code == 200


class Waits(Lists):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.asked = asyncio.Event(), 0

    async def customer(self, *of: str) -> None:  # type: ignore[override]
        self.asked += 1
        await self.go.wait()


async def test_a_body_without_an_end_is_not_waited_for() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 2**26:
            taken += 65_536
            yield b" " * 65_536

    taken = 0
    async with asking(with_a_body(made_up()[0])) as client:
        check_problem(await client.post("/sums", content=pieces(), headers=_JSON), 413, "too-large")
    assert taken <= 10 * 2**20, "what is over the limit is read for a while, and not kept"


async def test_who_comes_when_too_much_is_going_on_is_told_to_come_again() -> None:
    service = with_limits(made_up()[0], at_once=3)
    service.reader = reader = Waits()
    async with client(service) as asking:
        waiting = [asyncio.create_task(asking.get("/recommendations/acme/c1")) for _ in range(3)]
        while reader.asked < 3:
            await asyncio.sleep(0)
        answer = await asking.get("/recommendations/acme/c1")
        check_problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert (await asking.get("/health/live")).status_code == 200, "it lives"
        reader.go.set()
        assert {(await task).status_code for task in waiting} == {404}
        assert (await asking.get("/recommendations/acme/c1")).status_code == 404


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    service = with_limits(made_up()[0], answer_seconds=0.01)
    service.reader = Waits()
    async with client(service) as asking:
        check_problem(await asking.get("/recommendations/acme/c1"), 503, "unavailable")


async def test_every_answer_has_the_headers_that_browsers_need() -> None:
    async with client(made_up()[0]) as asking:
        for address in ("/recommendations/acme/c1", "/nothing", "/health/live", "/openapi.json"):
            headers = (await asking.get(address)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"


def test_every_kind_is_named_once() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.title.endswith(".") and kind.remedy.endswith((".", "`.")) for kind in KINDS)

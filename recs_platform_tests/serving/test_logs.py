"""The log: JSON, a line a request, and nothing of a person in it."""

from __future__ import annotations

import logging
from datetime import datetime

import orjson
import pytest

from recs_platform.errors import UnavailableError
from recs_platform.serving.asked import Asked
from recs_platform.serving.logs import JsonLines, RequestLog, where_it_happened
from recs_platform_tests.serving.key_cases import some_keys
from recs_platform_tests.serving.made_up import ROWS, client, made_up

pytestmark = pytest.mark.anyio
CUSTOMER = "jane.doe@example.com"


async def test_a_line_says_what_was_asked_and_of_nobody() -> None:
    kept, keys = some_keys()
    service, reader = made_up(keys=kept, on_loopback=False)
    reader.publish("acme", {CUSTOMER: ROWS})
    lines: list[bytes] = []
    async with client(service, lines) as asking:
        key = {"Authorization": f"Bearer {keys['old']}"}
        answer = await asking.get(f"/recommendations/acme/{CUSTOMER}?limit=1", headers=key)
        await asking.get(f"/recommendations/acme/{CUSTOMER}2", headers=key)
        await asking.get(f"/recommendations/acme/{CUSTOMER}?{CUSTOMER}=1", headers=key)
        await asking.get(f"/recommendations/acme/{CUSTOMER}")
        await asking.get(f"/{CUSTOMER}")
        await asking.post("/health", content=CUSTOMER.encode(), headers={"User-Agent": CUSTOMER})
        reader.trouble = UnavailableError(CUSTOMER)
        await asking.get(f"/recommendations/acme/{CUSTOMER}", headers=key)
        await asking.get("/health/live")
        asking._transport.app.user_middleware[0].kwargs["log"].flush()  # type: ignore[attr-defined]
    text = b"".join(lines)
    told = [orjson.loads(line) for line in text.splitlines()]
    route = "/recommendations/{company}/{customer_id}"
    assert [(line["route"], line["company"], line["status"]) for line in told] == [
        (route, "acme", 200),
        (route, "acme", 404),
        (route, "acme", 422),
        (route, None, 401),
        ("", None, 404),
        ("/health", None, 405),
        (route, "acme", 503),
    ], "and a probe that went well is no news"
    first = told[0]
    assert first.keys() == {
        *("time", "level", "request_id", "method", "route", "company", "status", "ms", "product", "version", "source")
    }
    assert (first["request_id"], first["version"], first["source"]) == (answer.json()["request_id"], 3, "database")
    assert datetime.fromisoformat(first["time"]).tzinfo
    assert 0 < first["ms"] < 10_000
    assert [line["level"] for line in told] == ["info"] * 6 + ["error"]
    for secret in ("jane", "example.com", keys["old"], keys["old"][22:]):
        assert secret.encode() not in text


async def test_lines_are_written_before_they_are_many() -> None:
    written: list[bytes] = []
    log = RequestLog(written.append)
    for _ in range(1_500):
        log.answered(Asked("r", "GET", "/x"), 200, 0.001)
    assert len(written) == 1
    log.flush()
    log.flush()
    assert len(b"".join(written).splitlines()) == 1_500


def test_everything_else_is_json_too_and_an_error_does_not_say_its_text() -> None:
    try:
        raise ValueError(CUSTOMER)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "of %s\nfailed", (CUSTOMER,), (ValueError, error, None)
        )
        lines = where_it_happened(error)
    text = JsonLines().format(record)
    assert "\n" not in text
    told = orjson.loads(text)
    assert told["message"] == "of j***@***.com\nfailed"
    assert told["error"][0] == "ValueError"
    assert any("test_logs.py" in line for line in lines)
    assert "jane" not in text

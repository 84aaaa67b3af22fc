"""Who is answered, and for how long somebody is listened to who says nothing."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge

from recs_platform.automation.metrics import endpoint
from recs_platform.automation.metrics.endpoint import Endpoint


@pytest.fixture
def registry() -> CollectorRegistry:
    known = CollectorRegistry()
    Gauge("shops", "How many.", registry=known).set(3)
    return known


@pytest.fixture
def port(registry: CollectorRegistry) -> Iterator[int]:
    listening = Endpoint("127.0.0.1", 0, registry)
    yield listening.port
    listening.close()


def answer(port: int, host: str, address: str = "127.0.0.1") -> tuple[int, bytes]:
    asked = http.client.HTTPConnection(address, port, timeout=60)
    asked.request("GET", "/metrics", headers={"Host": host})
    answered = asked.getresponse()
    said = answered.status, answered.read()
    asked.close()
    return said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:{port}", "LocalHost", "[::1]:{port}"])
def test_who_names_this_machine_is_answered(port: int, host: str) -> None:
    status, told = answer(port, host.format(port=port))
    assert status == 200
    assert b"shops 3.0" in told


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost.evil.example", "127.0.0.1@evil", ""]
)
def test_a_foreign_name_that_leads_to_this_machine_is_refused(port: int, host: str) -> None:
    status, told = answer(port, host.format(port=port))
    assert status == 403
    assert b"shops" not in told


def test_where_others_may_ask_any_name_is_theirs(registry: CollectorRegistry) -> None:
    """The machine has names that it does not know of."""
    listening = Endpoint("0.0.0.0", 0, registry)
    assert answer(listening.port, "metrics.shop.example")[0] == 200
    listening.close()


def test_who_says_nothing_is_not_listened_to_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(endpoint.Connection, "timeout", 0.1)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as silent:
        assert silent.recv(1) == b"", "it is closed"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as half:
        half.sendall(b"GET /metrics HTTP/1.1\r\nHost:")
        assert half.recv(1) == b"", "it is closed"
    assert capfd.readouterr().err == ""

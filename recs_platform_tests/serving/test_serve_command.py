"""`recs serve`, as a process: how it begins, what it refuses, and what it notices while it runs."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import httpx
import orjson
import pytest

from recs_platform.platform_db.engine import opened_database
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import Served, customer_key
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.serving.running import Running, serve

_PATIENCE_SECONDS = 60.0


def publish(terminal: Terminal, company: str, version: int, *customers: str) -> None:
    """A version of lists that say which version they are of."""
    now = datetime(2025, 9, 3, tzinfo=UTC)
    draft = Served(company, "recommendations", version, date(2025, 9, 2), now, now, 1, "test")
    rows = orjson.dumps([{"rank": 1, "item_id": f"v{version}"}])
    with terminal.inside():
        store = DatabaseStore(opened_database())
        store.swap(store.load(draft, [[(customer_key(customer), rows) for customer in customers]]))


def wait_until(holds: Callable[[], bool], running: Running) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, running.log
        time.sleep(0.1)


@pytest.mark.slow
def test_it_serves_what_is_published_and_notices_what_changes(terminal: Terminal) -> None:
    publish(terminal, "acme", 1, "c1", "a/b")
    with serve(terminal) as running:
        assert "No key was made: it is open to this machine alone." in running.said
        get = httpx.Client(base_url=running.url, timeout=_PATIENCE_SECONDS).get
        wait_until(lambda: get("/health/ready").status_code == 200, running)
        answer = get("/recommendations/acme/a%2Fb")
        assert (answer.status_code, answer.json()["version"]) == (200, 1)
        assert answer.json()["items"] == [{"rank": 1, "item_id": "v1"}]
        publish(terminal, "acme", 2, "c1")
        wait_until(lambda: get("/recommendations/acme/c1").json()["version"] == 2, running)
        assert get("/recommendations/acme/a/b").status_code == 404

        # Company files: one that is new, one that is wrong, one that is switched off.
        acme = terminal.companies / "acme.yaml"
        sound = acme.read_text()
        (terminal.companies / "newcomer.yaml").write_text(sound.replace("acme", "newcomer"))
        wait_until(lambda: get("/recommendations/newcomer/c1").json()["type"].endswith("not-published"), running)
        acme.write_text("name: acme\nstrategy: none\n")
        wait_until(lambda: get("/recommendations/acme/c1").status_code == 503, running)
        assert get("/recommendations/newcomer/c1").status_code == 404, "others are served"
        acme.write_text(f"{sound}serving: {{enabled: false}}\n")
        wait_until(lambda: get("/recommendations/acme/c1").status_code == 404, running)
        acme.write_text(sound)
        wait_until(lambda: get("/recommendations/acme/c1").status_code == 200, running)

        # Keys: from the first on, nobody is answered without one.
        key = terminal.recs("keys", "new", "acme", "--json").json
        wait_until(lambda: get("/recommendations/acme/c1").status_code == 401, running)
        shown = {"Authorization": f"Bearer {key['key']}"}
        assert get("/recommendations/acme/c1", headers=shown).status_code == 200
        assert get("/recommendations/newcomer/c1", headers=shown).status_code == 403
        terminal.recs("keys", "revoke", key["id"])
        wait_until(lambda: get("/recommendations/acme/c1", headers=shown).status_code == 401, running)

        assert running.end() == 0
    lines = [orjson.loads(line) for line in running.lines]
    wrong = [line for line in lines if line["level"] not in ("info", "warning")]
    assert {line["status"] for line in wrong} == {503}, "its file was wrong, and nothing else"
    assert {"/recommendations/{company}/{customer_id}"} == {line["route"] for line in lines if "route" in line}


def test_elsewhere_it_needs_a_key(terminal: Terminal) -> None:
    for host in ("0.0.0.0", "::"):
        ended = terminal.recs("serve", "--host", host, "--port", "0")
        assert ended.code == 2
        assert f"--host {host}: no key was made yet, and without one only this machine may ask." in ended.told
        assert ended.err.rstrip().endswith("recs keys new COMPANY"), "a command to copy"


@pytest.mark.slow
def test_with_a_key_it_listens_wherever_it_is_told_to(terminal: Terminal) -> None:
    key = terminal.recs("keys", "new", "acme", "--json").json["key"]
    with serve(terminal, "--host", "0.0.0.0") as running:
        assert "open to" not in running.said
        address = "/recommendations/acme/c1"
        assert running.get(address).status_code == 401
        named = {"Authorization": f"Bearer {key}", "Host": "recs.shop.example"}
        assert running.get(address, headers=named).json()["type"].endswith("not-published")


def test_a_port_that_is_taken_is_one_message(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = terminal.recs("serve", "--port", str(port))
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert f"--port {port}: Address already in use. Choose others, or end what listens there." in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--port", "65536"), "--port"),
        (("--port", "x"), "--port"),
        (("--drain", "-1"), "--drain"),
        (("--host", "nowhere.invalid"), "--host nowhere.invalid --port 8000: "),
        (("--workers", "2"), "No such option: --workers"),
    ],
)
def test_arguments_that_are_wrong(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    ended = terminal.recs("serve", *words)
    assert ended.code == 2
    assert told in ended.told


def test_a_home_where_nothing_was_made(terminal: Terminal) -> None:
    ended = terminal.recs("serve", RECS_HOME=str(terminal.folder / "elsewhere"))
    assert ended.code == 2
    assert "nothing was ever made here" in ended.told


@pytest.mark.slow
def test_a_database_that_is_away_is_one_message(terminal: Terminal) -> None:
    ended = terminal.recs("serve", "--port", "0", RECS_DATABASE_URL="postgresql://recs:hunter22@127.0.0.1:1/recs")
    assert ended.code == 1
    assert "The same command may succeed later." in ended.told
    assert "hunter22" not in ended.told

"""A company's day goes through everything that compose.yaml starts, in real processes: web server, daemon, queue, code
server, PostgreSQL, Redis, the service, Prometheus. No container is needed for that (deploy/bare)."""

from __future__ import annotations

import os
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from recs_platform_tests.automation.house import asked, launched
from recs_platform_tests.deploy.bare import COMPANY, Bare, bare
from recs_platform_tests.deploy.prometheus import Prometheus, program
from recs_platform_tests.slow import takes_seconds

_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_EVENTS = """
query ($id: ID!) { runOrError(runId: $id) { ... on Run {
  status eventConnection { events { ... on MessageEvent { eventType } } }
} } }"""
_STARTED = ("postgres", "redis", "migrate", "code", "webserver", "daemon", "service", "metrics")


@pytest.fixture(scope="module")
@takes_seconds
def machine() -> Iterator[Bare]:
    """With a key for the service, of which Prometheus has been told."""
    with tempfile.TemporaryDirectory(prefix="recs-bare-") as folder, bare(Path(folder)) as started:
        (Path(folder) / "keys" / "service").write_text(started.run("recs", "keys", "new", COMPANY).split()[0])
        yield started


def _get(url: str, key: str = "") -> tuple[int, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, orjson.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, orjson.loads(error.read())


@pytest.fixture(scope="module")
def day(machine: Bare) -> Any:
    """The run of the company's first day, as the web server tells of it when it has ended."""
    url = machine.url("webserver")
    run_id = launched(url, COMPANY)

    def ended() -> bool:
        status = asked(url, _STATUS, id=run_id)["runOrError"]["status"]
        return status in ("SUCCESS", "FAILURE", "CANCELED")

    machine.until(ended, "the run ends")
    return asked(url, _EVENTS, id=run_id)["runOrError"]


def test_a_day_goes_through_queue_code_server_and_databases(machine: Bare, day: Any) -> None:
    assert day["status"] == "SUCCESS", machine.log("code")
    events = [event.get("eventType") for event in day["eventConnection"]["events"]]
    assert {"RUN_ENQUEUED", "RUN_STARTING", "RUN_SUCCESS"} <= set(events)
    assert all(f"{name}: started" in machine.said for name in _STARTED)
    # The definitions stand in the code server alone, and everything that is kept in PostgreSQL.
    codes = [command for command in machine.processes().values() if "recs_platform.definitions" in command]
    assert codes
    assert all("code-server" in command or "api grpc" in command for command in codes)
    assert [path for path in machine.state.rglob("*.db") if "volumes" in path.parts] == []


def test_the_service_answers_from_redis(machine: Bare, day: Any) -> None:
    key = (machine.folder / "keys" / "service").read_text()
    url = f"{machine.url('service')}/recommendations/{COMPANY}"
    answers = [_get(f"{url}/C{number:07d}", key) for number in range(1, 31)]
    lists = [answer for status, answer in answers if status == 200]
    assert lists, (answers, machine.log("service"))
    assert {(one["version"], one["as_of"]) for one in lists} == {(1, "2025-09-01")}
    # A busy machine may find Redis slow once, and asks the database then.
    assert "redis" in {one["served_from"] for one in lists}
    machine.until(lambda: _get(f"{url}/C0000001")[0] == 401, "nobody is answered without a key")


def test_prometheus_has_scraped_jobs_and_service(machine: Bare, day: Any) -> None:
    program("prometheus")
    _let_it_look_often(machine)
    found = Prometheus(int(machine.url("prometheus").rpartition(":")[2]))
    for query in (
        'up{job="recs"} == 1',
        'up{job="recs-service"} == 1',
        f'recs_last_run_succeeded{{company="{COMPANY}"}} == 1',
        'recs_source_up{source="dagster"} == 1',
        f'recs_live_version{{company="{COMPANY}",job="recs"}} == 1',
        'recs_service_reads_total{source="redis",job="recs-service"} > 0',
    ):
        machine.until(lambda query=query: found.query(query), query)


def _let_it_look_often(machine: Bare) -> None:
    """As somebody would who changes its configuration; here it is a copy."""
    (file,) = (machine.state / "etc" / "prometheus").rglob("compose.yml")
    written = file.read_text()
    assert "scrape_interval: 15s" in written
    file.write_text(written.replace("scrape_interval: 15s", "scrape_interval: 2s"))
    (prometheus,) = [pid for pid, command in machine.processes().items() if f"--config.file={file}" in command]
    os.kill(prometheus, signal.SIGHUP)


def test_what_is_killed_is_started_again_and_ctrl_c_leaves_nothing(machine: Bare, day: Any) -> None:
    (metrics,) = [pid for pid, command in machine.processes().items() if " metrics " in command]
    os.kill(metrics, signal.SIGKILL)
    machine.until(lambda: "metrics: started again" in machine.said, "what was killed is started again")
    machine.until(lambda: _get_text(f"{machine.url('metrics')}/metrics"), "it answers")
    machine.process.send_signal(signal.SIGINT)
    assert machine.process.wait(300) == 0, machine.said
    assert machine.processes() == {}


def _get_text(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=60) as reply:
            return bytes(reply.read())
    except OSError:
        return b""

"""The UI as a process: what a foreign page asks is not done, and what lies in the current folder is not imported."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.e2e.server import RECS, Server, environment, ui
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow
_ENDS_WITHIN_SECONDS = 120
_RESUME = "mutation { setAutoMaterializePaused(paused: false) }"
_IS_PAUSED = "{ instance { autoMaterializePaused } }"
_LOCATIONS = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"


def ask(url: str, query: str, **headers: str) -> Any:
    """By POST, as the UI's own pages and programs do."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["data"]


def status(url: str, method: str = "GET", **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=60) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


_WHAT_REQUESTS_IMPORT = """
import sys, threading
from dagster import DagsterInstance
from recs_platform.automation.instance import prepared_home
from recs_platform.automation.webserver import import_for_requests
prepared_home()
with DagsterInstance.get() as instance:
    import_for_requests(instance)
    before = set(sys.modules)
    def request():
        instance.get_asset_keys(limit=10)
        instance.get_run_records(limit=10)
        instance.all_instigator_state()
        instance.run_coordinator
    thread = threading.Thread(target=request)
    thread.start()
    thread.join()
    print(*sorted(name for name in set(sys.modules) - before if name.startswith(("sqlalchemy", "alembic", "recs_"))))
"""


def test_no_request_is_the_first_to_import_what_imports_itself_in_circles(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _WHAT_REQUESTS_IMPORT],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ended.stdout.strip() == ""


@pytest.fixture(scope="module")
@takes_seconds
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In a folder with modules that nobody should import."""
    folder = tmp_path_factory.mktemp("ui")
    imported = folder / "imported"
    for module in ("dagster", "dagster_webserver", "pandas", "recs_platform", "uvicorn", "yaml"):
        (folder / f"{module}.py").write_text(f"open({str(imported)!r}, 'a').write('{module} ')\n")
    with ui(folder) as started:
        yield started
        assert started.interrupt() in (0, 130)
    assert not imported.exists()
    assert _daemons(folder) == []


def test_a_foreign_page_changes_nothing(server: Server) -> None:
    (entry,) = ask(server.url, _LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert entry == {"name": "recs_platform.definitions", "loadStatus": "LOADED"}
    before = ask(server.url, _IS_PAUSED)
    mutation = f"{server.url}/graphql?{urllib.parse.urlencode({'query': _RESUME})}"
    assert status(mutation) == 403
    assert status(mutation, Host="evil.example", Origin="http://evil.example") == 403
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(server.url, _RESUME, Origin="http://evil.example")
    assert status(server.url, Host="evil.example") == 403
    assert ask(server.url, _IS_PAUSED) == before == {"instance": {"autoMaterializePaused": True}}
    ask(server.url, _RESUME, Origin=server.url)
    assert ask(server.url, _IS_PAUSED) == {"instance": {"autoMaterializePaused": False}}


def test_who_comes_second_is_told_so_and_starts_no_daemon(server: Server) -> None:
    """Whoever holds the port does so from the start, while nothing is loaded yet that could answer."""
    home, port = Path(f"/proc/{server.process.pid}/cwd").readlink(), server.url.rpartition(":")[2]
    second = _started(home, "--port", port)
    assert second.returncode == 2
    assert second.stderr.startswith(f"error: --host 127.0.0.1 --port {port}: ")
    assert second.stderr.count("\n") == 1
    assert len(_daemons(home)) == 1
    assert ask(server.url, _LOCATIONS)["workspaceOrError"]["locationEntries"]


def test_of_two_at_once_one_is_told_so_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    both = [
        subprocess.Popen(
            [RECS, "ui", "--port", port],
            env=environment(tmp_path),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        first = _first_to_end(both)
        assert first.returncode == 2
        assert "error: --host 127.0.0.1 --port" in first.communicate()[0]
    finally:
        for process in both:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(_ENDS_WITHIN_SECONDS)
    assert _daemons(tmp_path) == []


def _first_to_end(processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    for _ in range(_ENDS_WITHIN_SECONDS * 10):
        for process in processes:
            if process.poll() is not None:
                return process
        time.sleep(0.1)
    raise AssertionError("both go on")


def _daemons(home: Path) -> list[str]:
    """The daemons that run in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == home and b"automation.daemon" in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


def _started(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`recs ui`, until it has ended by itself."""
    command = [RECS, "ui", *arguments]
    return subprocess.run(
        command, env=environment(home), cwd=home, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("address", [("--host", "192.0.2.1"), ("--host", "no..name"), ("--host", "127.0.0.1")])
def test_an_address_that_cannot_be_listened_on_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: tuple[str, str]
) -> None:
    monkeypatch.delattr(os, "execv")  # it would take the place of this process
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = Terminal(tmp_path).recs("ui", *address, "--port", str(taken.getsockname()[1]))
    assert ended.code == 2
    assert ended.err.startswith(f"error: --host {address[1]} --port ")
    assert ended.err.count("\n") == 1

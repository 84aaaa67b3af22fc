"""The UI as a process: what a foreign page asks is not done, and what lies in the current folder is not imported."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.e2e.server import RECS, environment, ui

pytestmark = pytest.mark.slow
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


def test_a_foreign_page_changes_nothing_and_a_foreign_module_is_not_imported(tmp_path: Path) -> None:
    for module in ("dagster", "dagster_webserver", "pandas", "recs_platform", "uvicorn", "yaml"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{module} ')\n")
    with ui(tmp_path) as server:
        (entry,) = ask(server.url, _LOCATIONS)["workspaceOrError"]["locationEntries"]
        assert entry == {"name": "recs_platform.definitions", "loadStatus": "LOADED"}
        before = ask(server.url, _IS_PAUSED)
        mutation = f"{server.url}/graphql?{urllib.parse.urlencode({'query': _RESUME})}"
        assert status(mutation) == 403
        assert status(mutation, Host="evil.example", Origin="http://evil.example") == 403
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(server.url, _RESUME, Origin="http://evil.example")
        assert status(server.url, Host="evil.example") == 403
        assert ask(server.url, _IS_PAUSED) == before
        ask(server.url, _RESUME, Origin=server.url)
        assert ask(server.url, _IS_PAUSED) == {"instance": {"autoMaterializePaused": False}}
        assert before == {"instance": {"autoMaterializePaused": True}}
        assert server.interrupt() in (0, 130)
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize("address", [("--host", "192.0.2.1"), ("--host", "no..name"), ("--host", "127.0.0.1")])
def test_an_address_that_cannot_be_listened_on_is_told_in_one_sentence(
    tmp_path: Path, address: tuple[str, str]
) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [RECS, "ui", *address, "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(
            command, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: --host {address[1]} --port ")
    assert ended.stderr.count("\n") == 1

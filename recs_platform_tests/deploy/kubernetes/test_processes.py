"""The processes of the chart on this machine, as it starts them: what comes first in each pod, then code location,
webserver and daemon on PostgreSQL. They find each other, and the dagster.yaml that they read stays the image's.

Not here: that the root of a container is read-only (the tests of the image).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform_tests.automation.ui_queries import LOCATION
from recs_platform_tests.conftest import new_database
from recs_platform_tests.deploy.kubernetes.test_values import HOME, WEB
from recs_platform_tests.docs.console import ROOT

pytestmark = pytest.mark.slow
_PROGRAMS = Path(sys.executable).parent
_PATIENCE_SECONDS = 240
_QUESTION = """{
  workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } }
  instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } }
}"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What stands in /opt/recs."""
    folder = Path(_here("/opt/recs", tmp_path))
    folder.mkdir(parents=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.fixture
def database_url(tmp_path: Path, postgres_url: str) -> Iterator[str]:
    with new_database(tmp_path, postgres_url) as url:
        yield url


@pytest.fixture
def environment(tmp_path: Path, database_url: str) -> dict[str, str]:
    return {
        "PATH": f"{_PROGRAMS}:/usr/bin:/bin",
        "HOME": _here("/var/lib/recs", tmp_path),
        **{entry["name"]: _here(entry["value"], tmp_path) for entry in WEB["env"]},
        "LANG": "C.UTF-8",
        "RECS_ENV": "production",
        "RECS_HOME": _here("/var/lib/recs/home", tmp_path),
        "RECS_LAKE_URL": _here("/var/lib/recs/lake", tmp_path),
        "RECS_DATABASE_URL": database_url,
        "RECS_DAGSTER_DATABASE_URL": database_url,
        # What the cluster puts there for a Service of this name.
        "DAGSTER_WEBSERVER_PORT": "tcp://10.0.0.1:3000",
    }


@pytest.fixture
def url(image: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Of the webserver, beside a daemon and a code location."""
    migration = [_PROGRAMS / "recs", "migrate"]
    elsewhere = {**environment, "DAGSTER_HOME": str(tmp_path / "job")}
    subprocess.run(migration, env=elsewhere, check=True, timeout=_PATIENCE_SECONDS)
    for first in WEB["extraPrependedInitContainers"]:
        command = [_here(word, tmp_path) for word in first["args"]]
        subprocess.run(command, env=environment, check=True, timeout=_PATIENCE_SECONDS)
    code, web = _free_port(), _free_port()
    server = {"host": "127.0.0.1", "port": code, "location_name": LOCATION}
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    commands = [
        ["dagster", "code-server", "start", "-h", "127.0.0.1", "-p", str(code), "-m", LOCATION],
        ["dagster-webserver", "-h", "127.0.0.1", "-p", str(web), "-w", str(workspace)],
        ["dagster-daemon", "run", "-w", str(workspace)],
    ]
    processes = []
    try:
        for command in commands:
            with (tmp_path / f"{command[0]}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        command,
                        env=environment,
                        cwd=image,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        yield f"http://127.0.0.1:{web}"
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(60)


def test_they_work_together_from_the_image_s_dagster_yaml(url: str, image: Path, tmp_path: Path) -> None:
    deadline, answer = time.monotonic() + _PATIENCE_SECONDS, None
    while not _well(answer):
        said = "\n".join(log.read_text()[-2_000:] for log in tmp_path.glob("*.log"))
        assert time.monotonic() < deadline, f"{answer}\n{said}"
        time.sleep(1)
        answer = _asked(url)
    assert answer is not None
    assert answer["workspaceOrError"]["locationEntries"] == [{"name": LOCATION, "loadStatus": "LOADED"}]
    ours = (ROOT / "dagster.yaml").read_bytes()
    assert Path(_here(f"{HOME}/dagster.yaml", tmp_path)).read_bytes() == ours
    assert sorted(path.name for path in image.iterdir()) == ["dagster.yaml", "workspace.yaml"], "nobody writes there"
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text(), log.read_text()[-4_000:]


def _here(place: str, folder: Path) -> str:
    """A path of a container, or another word of a command."""
    return f"{folder}{place}" if place.startswith("/") else place


def _well(answer: dict[str, Any] | None) -> bool:
    if answer is None or [entry["loadStatus"] for entry in answer["workspaceOrError"]["locationEntries"]] != ["LOADED"]:
        return False
    daemons = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return bool(daemons) and all(daemon["healthy"] for daemon in daemons if daemon["required"])


def _asked(url: str) -> dict[str, Any] | None:
    body = json.dumps({"query": _QUESTION}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            data: dict[str, Any] = json.loads(reply.read())["data"]
            return data
    except OSError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Dagster's own commands, in a checkout as somebody clones it and with nothing set."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
import yaml

from recs_platform_tests.automation.ui_queries import LOCATION
from recs_platform_tests.stores.keeper import free_ports

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
_IN_A_CHECKOUT = ("pyproject.toml", "dagster.yaml", "workspace.yaml", "recs_platform", "sql")
_COMMANDS = Path(sys.executable).parent
_STARTS_WITHIN, _ENDS_WITHIN, _ANSWERS_WITHIN = 300, 120, 300


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in _IN_A_CHECKOUT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def _environment(checkout: Path) -> dict[str, str]:
    home = checkout.parent / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": f"{_COMMANDS}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.mark.parametrize("command", ["dagster definitions validate", "dg check defs"])
def test_the_definitions_are_found_and_valid(checkout: Path, command: str) -> None:
    before = {path.name for path in checkout.iterdir()}
    program, *arguments = command.split()
    ended = subprocess.run(
        [_COMMANDS / program, *arguments],
        cwd=checkout,
        env=_environment(checkout),
        capture_output=True,
        text=True,
        check=False,
        timeout=_ANSWERS_WITHIN,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "success" in (ended.stdout + ended.stderr).lower()
    assert {path.name for path in checkout.iterdir()} == before


@pytest.mark.parametrize("command", ["dagster dev", "dg dev"])
def test_a_server_for_development_answers_and_ends_without_a_trace(checkout: Path, command: str) -> None:
    before = {path.name for path in checkout.iterdir()}
    program, *arguments = command.split()
    (port,) = free_ports(1)
    log = checkout.parent / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [_COMMANDS / program, *arguments, "--port", str(port)],
            cwd=checkout,
            env=_environment(checkout),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/server_info", server, log)
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(_ENDS_WITHIN)
        finally:
            _kill_what_is_left(server.pid)
    assert "Traceback" not in log.read_text()
    assert {path.name for path in checkout.iterdir()} == before


def test_the_code_location_has_one_name_however_it_is_loaded() -> None:
    """Runs are found by it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert project["code_location_name"] == project["code_location_target_module"] == location["python_module"]
    assert location["python_module"] == LOCATION


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                assert reply.status == 200
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(log.read_text())


def _kill_what_is_left(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return

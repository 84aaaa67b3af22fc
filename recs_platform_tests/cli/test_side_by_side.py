"""Several companies at once, when a process of them is killed: the others end, and the terminal says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.platform_db.tables import Status
from recs_platform_tests.cli.terminal import Terminal

pytestmark = pytest.mark.slow

_PATIENCE = 120
_BACKFILL = ("backfill", "--company", "concord", "--company", "holley", "--from", "2025-09-01", "--to", "2025-09-20")


@pytest.fixture
def backfill(terminal: Terminal) -> subprocess.Popen[str]:
    """One of two companies, in the middle of its runs."""
    process = terminal.start(*_BACKFILL)
    _wait_until(lambda: _runs_go_on(terminal) or process.poll() is not None)
    assert process.poll() is None
    return process


def test_when_the_parent_is_killed_its_workers_end(terminal: Terminal, backfill: subprocess.Popen[str]) -> None:
    workers = _children(backfill.pid)
    assert len(workers) >= 2
    backfill.kill()
    backfill.communicate(timeout=_PATIENCE)
    _wait_until(lambda: not any(map(_is_alive, workers)))
    states = terminal.recs("status", "--json").json
    assert {state["last_run"].partition(" ")[0] for state in states if state["company"] in _BACKFILL} <= {
        "died",
        "succeeded",
    }


def test_when_a_worker_is_killed_one_sentence_says_so(terminal: Terminal, backfill: subprocess.Popen[str]) -> None:
    workers = [pid for pid in _children(backfill.pid) if "spawn_main" in _command(pid)]
    os.kill(workers[0], signal.SIGKILL)
    out, _ = backfill.communicate(timeout=_PATIENCE)
    told = " ".join(out.split())
    assert backfill.returncode == 1, out
    assert "Traceback" not in out
    assert told.count("error:") == 1
    assert "error: a process that ran companies was killed" in told
    assert "not all runs of concord and holley were made. Nothing half-done was published." in told
    _wait_until(lambda: not any(map(_is_alive, workers)))


def _runs_go_on(terminal: Terminal) -> bool:
    path = terminal.folder / ".recs" / "platform.db"
    if not path.exists():
        return False
    url = f"sqlite:///{path}"
    going = [
        company
        for company in ("concord", "holley")
        for run in job_log.recent(opened_database(url), company)
        if run.status is Status.RUNNING
    ]
    engine(url).dispose()
    return len(going) == 2


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)

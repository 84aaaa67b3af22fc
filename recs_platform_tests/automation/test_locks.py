"""One run per company at a time, on however many machines, and a lock that a killed process does not keep."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.automation.locks import company_lock, is_running
from recs_platform.errors import LockBusyError
from recs_platform.platform_db.engine import engine
from recs_platform.settings import settings
from recs_platform_tests.conftest import new_database

_HOLD = """
import sys, time
from recs_platform.automation.locks import company_lock
with company_lock("acme"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["the same home", "another home"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The environment of another process: on this machine, or on one that shares no more than the PostgreSQL server."""
    if request.param == "the same home":
        yield dict(os.environ)
        return
    with new_database(tmp_path, request.getfixturevalue("postgres_url")) as url:
        monkeypatch.setenv("RECS_DATABASE_URL", url)
        settings.cache_clear()
        yield {**os.environ, "RECS_HOME": str(tmp_path / "another")}
        engine(url).dispose()


@pytest.mark.slow
def test_a_company_is_running_while_a_process_holds_its_lock(elsewhere: dict[str, str]) -> None:
    assert not is_running("acme")
    holder = subprocess.Popen([sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, text=True, env=elsewhere)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        assert is_running("acme")
        assert not is_running("holley")
        busy = "^a run of acme is going on; waited 0.1 s. Try again.$"
        with pytest.raises(LockBusyError, match=busy), company_lock("acme", patience=0.1):
            raise AssertionError("unreachable")
    finally:
        holder.kill()
        holder.communicate()
    assert not is_running("acme")
    with company_lock("acme"):
        pass

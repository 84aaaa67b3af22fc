"""`recs backfill`: what is missing is made, nothing twice however often it is killed, and the summary."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.automation.instance import instance
from recs_platform_tests.attacks.kill_jobs import contents
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date, small_companies
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow

_COMPANIES = ("concord", "holley")
_DAYS = ("--from", "2025-09-01", "--to", "2025-09-02")
_BACKFILL = ("backfill", *(word for name in _COMPANIES for word in ("--company", name)), *_DAYS)
_MUCH_TOO_LONG = 120


@pytest.fixture(scope="module")
@takes_seconds
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Where the same was made without a kill."""
    terminal = new_terminal(tmp_path_factory.mktemp("undisturbed"))
    ended = terminal.recs(*_BACKFILL)
    assert ended.code == 0, ended.told
    rows = {row[0]: row[1:4] for row in ended.rows[1:]}
    assert rows == {name: ["2", "0", "0"] for name in _COMPANIES}
    return terminal


def new_terminal(folder: Path) -> Terminal:
    small_companies(folder, customers=8)
    return Terminal(folder)


def test_killed_twice_it_goes_on_and_nothing_is_made_twice(undisturbed: Terminal, tmp_path: Path) -> None:
    terminal = new_terminal(tmp_path)
    for made in (8, 60):
        process = terminal.start(*_BACKFILL)
        wait_until(process, lambda least=made: sum(materializations(terminal).values()) >= least)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert terminal.recs(*_BACKFILL).code == 0
    assert materializations(terminal) == materializations(undisturbed)
    assert {*materializations(terminal).values()} == {1}
    assert verdicts(terminal).keys() == verdicts(undisturbed).keys()
    assert contents(terminal.folder / ".recs") == contents(undisturbed.folder / ".recs")
    again = terminal.recs(*_BACKFILL)
    assert "Nothing is left to do" in again.out
    for state in terminal.recs("status", "--json").json:
        assert state["company"] not in _COMPANIES or not_up_to_date(state["tables"]) == []


def test_again_makes_everything_again_and_goes_on_when_it_is_killed(undisturbed: Terminal, tmp_path: Path) -> None:
    terminal, days = new_terminal(tmp_path), ("--from", "2025-09-02", "--to", "2025-09-02")
    command = ("backfill", "concord", *days)
    assert terminal.recs(*command).code == 0
    assert "Nothing is left to do" in terminal.recs(*command).out
    once = materializations(terminal)
    process = terminal.start(*command, "--again")
    wait_until(process, lambda: sum(materializations(terminal).values()) >= sum(once.values()) + 20)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert terminal.recs(*command).code == 0
    wanted = {key: count + (key[1].partition("|")[2] >= "2025-09-02") for key, count in once.items()}
    assert materializations(terminal) == wanted, "twice what was asked for, and once the history before it"
    assert "Nothing is left to do" in terminal.recs(*command).out


def materializations(terminal: Terminal) -> Counter[tuple[str, str]]:
    """How often each partition of each table was made."""
    if not (terminal.folder / ".dagster" / "history" / "runs" / "index.db").exists():
        return Counter()
    with terminal.inside(), instance() as dagster:
        wanted = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION)
        records = dagster.event_log_storage.get_event_records(wanted)
        return Counter((str(r.asset_key), str(r.partition_key)) for r in records)


def verdicts(terminal: Terminal) -> Counter[tuple[str, str, str]]:
    with terminal.inside(), instance() as dagster, dagster.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        rows = connection.exec_driver_sql(
            "SELECT asset_key, check_name, COALESCE(partition, '') FROM asset_check_executions "
            "WHERE execution_status = 'SUCCEEDED'"
        ).fetchall()
    return Counter(tuple(row) for row in rows)


def wait_until(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _MUCH_TOO_LONG
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < give_up
        time.sleep(0.1)

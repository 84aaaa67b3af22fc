"""`recs backfill`: what is missing is made, nothing twice however often it is killed, and the summary."""

from __future__ import annotations

import shutil
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

_BACKFILL = ("backfill", "concord", "--from", "2025-09-01", "--to", "2025-09-02")
_MUCH_TOO_LONG = 300


@pytest.fixture(scope="module")
@takes_seconds
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Where the same was made without a kill. Nobody writes to it."""
    terminal = new_terminal(tmp_path_factory.mktemp("undisturbed"))
    ended = terminal.recs(*_BACKFILL)
    assert ended.code == 0, ended.told
    assert ended.rows[1][:4] == ["concord", "2", "0", "0"]
    assert "3 runs in " in ended.told
    return terminal


def new_terminal(folder: Path) -> Terminal:
    small_companies(folder, customers=8)
    return Terminal(folder)


def test_killed_twice_it_goes_on_and_nothing_is_made_twice(undisturbed: Terminal, tmp_path: Path) -> None:
    terminal = new_terminal(tmp_path)
    for made in (4, 30):  # in the middle of the logs of all days, and of a day
        kill_when(terminal, _BACKFILL, lambda least=made: sum(materializations(terminal).values()) >= least)
    assert terminal.recs(*_BACKFILL).code == 0
    assert materializations(terminal) == materializations(undisturbed)
    assert {*materializations(terminal).values()} == {1}
    assert verdicts(terminal).keys() == verdicts(undisturbed).keys()
    assert contents(terminal.folder / ".recs") == contents(undisturbed.folder / ".recs")
    assert "Nothing is left to do" in terminal.recs(*_BACKFILL).out
    (state,) = terminal.recs("status", "concord", "--json").json
    assert not_up_to_date(state["tables"]) == []


def test_again_makes_what_is_there_and_goes_on_when_it_is_killed(undisturbed: Terminal, tmp_path: Path) -> None:
    shutil.copytree(undisturbed.folder, tmp_path / "copy")
    terminal, day = Terminal(tmp_path / "copy"), "2025-09-02"
    command = ("backfill", "concord", "--from", day, "--to", day)
    assert "Nothing is left to do" in terminal.recs(*command).out
    once = materializations(terminal)
    kill_when(
        terminal, (*command, "--again"), lambda: sum(materializations(terminal).values()) >= sum(once.values()) + 12
    )
    assert terminal.recs(*command).code == 0
    assert materializations(terminal) == {key: 1 + key[1].endswith(day) for key in once}
    assert "Nothing is left to do" in terminal.recs(*command).out


def kill_when(terminal: Terminal, command: tuple[str, ...], happened: Callable[[], bool]) -> None:
    process = terminal.start(*command)
    wait_until(process, happened)
    process.send_signal(signal.SIGKILL)
    process.communicate()


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

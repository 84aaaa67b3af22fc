"""`recs verify`: what it looked at, what is wrong, what to do; and a home that was never made."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal, small_companies

_TABLE = ".recs/lake/concord"
_EVENTS = "SELECT COUNT(*) AS n FROM events WHERE event_date <= '2025-09-03'"


def newest_file(terminal: Terminal, table: str, day: str) -> Path:
    folder = terminal.folder / _TABLE / table
    return max(folder.glob(f"*={day}/*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def test_a_home_that_is_whole(used: Terminal) -> None:
    ended = used.recs("verify", "--company", "concord")
    assert ended.code == 0, ended.told
    assert "everything that was looked at is what was written" in ended.told
    (concord,) = used.recs("verify", "--company", "concord", "--json").json
    assert concord["wrong"] == []
    assert concord["unknown"] == 0
    assert concord["files"] >= concord["days"] > concord["tables"] > 10
    assert concord["size"] > 10_000


@pytest.mark.slow
def test_a_damaged_file_is_named_refused_and_made_again(copied: Terminal) -> None:
    path = newest_file(copied, "events", "2025-09-03")
    before = copied.recs("query", _EVENTS, "-c", "concord", "--json").json
    path.write_bytes(path.read_bytes()[:-1])
    told = f"concord: events of 2025-09-03: the file {path} has"
    command = "recs run concord --date 2025-09-03"
    for look in (
        ("verify", "--company", "concord"),
        ("query", _EVENTS, "--company", "concord"),
        ("run", "--company", "concord", "--date", "2025-09-04"),
    ):
        ended = copied.recs(*look)
        assert ended.code == (1 if look[0] == "verify" else 2), ended.told
        assert told in ended.told
        assert command in ended.told
        assert "Traceback" not in ended.told
    made = copied.recs(*command.split()[1:])
    assert made.code == 0, made.told
    assert copied.recs("verify", "--company", "concord").code == 0
    assert copied.recs("query", _EVENTS, "-c", "concord", "--json").json == before


@pytest.mark.slow
def test_a_lost_table_is_said_until_it_is_accepted(copied: Terminal) -> None:
    shutil.rmtree(copied.folder / _TABLE / "catalog" / "_delta_log")
    ended = copied.recs("query", "SELECT COUNT(*) AS n FROM catalog", "--company", "concord")
    assert ended.code == 2
    assert "concord: catalog: there is no log at" in ended.told
    assert "recs verify concord --accept" in ended.told
    assert copied.recs("verify", "-c", "concord").code == 1
    assert copied.recs("verify", "-c", "concord", "--accept").code == 0
    assert copied.recs("run", "--company", "concord", "--date", "2025-09-03").code == 0


def test_a_damaged_ledger_is_no_other_rows(copied: Terminal) -> None:
    with sqlite3.connect(copied.folder / ".recs/platform.db") as connection:
        connection.execute("UPDATE ledger_slices SET rows = rows + 1 WHERE table_name = 'catalog' AND rows > 0")
    ended = copied.recs("query", "SELECT COUNT(*) AS n FROM catalog", "--company", "concord")
    assert (ended.code, ended.out) == (2, "")
    assert "its log tells of" in ended.told


@pytest.mark.parametrize(
    "look",
    [
        ("query", "SELECT COUNT(*) AS n FROM events", "--company", "acme"),
        ("publications", "acme"),
        ("publish", "acme"),
        ("rollback", "acme", "--to", "1"),
        ("compare", "acme", "--a", "2025-09-01", "--b", "2025-09-02"),
        ("verify",),
        ("status",),
        ("models", "list", "metro"),
    ],
)
def test_a_home_that_was_never_made_is_said_and_not_made(tmp_path: Path, look: tuple[str, ...]) -> None:
    small_companies(tmp_path)
    terminal = Terminal(tmp_path)
    ended = terminal.recs(*look, RECS_HOME=str(tmp_path / "elsewhere"))
    assert (ended.code, ended.out) == (2, "")
    assert f"{tmp_path / 'elsewhere'}: nothing was ever made here. Set RECS_HOME" in ended.told
    assert not (tmp_path / "elsewhere").exists()

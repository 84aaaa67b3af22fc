"""Databases that are in use, and databases with which something is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from recs_platform.automation.housekeeping import databases
from recs_platform.automation.housekeeping.databases import sweep_databases


@pytest.fixture
def in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One with much room, that somebody writes to."""
    monkeypatch.setattr(databases, "_WAIT_SECONDS", 0.01)
    path = tmp_path / "in_use.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE t AS SELECT zeroblob(2000000) AS b")
        writer.execute("DELETE FROM t")
        writer.execute("BEGIN IMMEDIATE")
        yield path


def test_one_that_somebody_writes_to_has_its_turn_the_next_night(in_use: Path) -> None:
    freed = sweep_databases(iter([in_use]))
    assert freed.problem == "in_use.db was left as it is (database is locked)"
    assert freed.busy


def test_one_that_cannot_be_opened_or_is_damaged_is_a_failure_and_keeps_no_other_from_it(
    in_use: Path, tmp_path: Path
) -> None:
    folder, damaged, whole = tmp_path / "folder.db", tmp_path / "damaged.db", tmp_path / "whole.db"
    folder.mkdir()
    damaged.write_bytes(b"no database" * 1000)
    with closing(sqlite3.connect(whole, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE t AS SELECT zeroblob(2000000) AS b")
        writer.execute("DELETE FROM t")
    freed = sweep_databases(iter([folder, damaged, in_use, whole]))
    told = "was left as it is"
    assert freed.problem == (
        f"folder.db {told} (unable to open database file); damaged.db {told} (file is not a database); "
        f"in_use.db {told} (database is locked)"
    )
    assert not freed.busy
    assert freed.size > 1_900_000

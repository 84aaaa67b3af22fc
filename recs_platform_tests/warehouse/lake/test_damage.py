"""Stored data that is not what was written is said in one sentence, before any row of it is read; nothing else is."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from recs_platform.errors import DamageError
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake import checksums, newest
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import DATASET, day, days, marks, ref, stored, visits, write


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Two days, and the second one once more, as a process that has ended left them."""
    lake = afresh(tmp_path)
    write(lake, days(0, 1), visits(days(0, 1)))
    write(lake, days(1, 1), visits([day(1)], pages=2))
    return tmp_path


def afresh(folder: Path) -> Lake:
    """The lake as a new process sees it."""
    checksums._PROVED.clear()
    newest._NEWEST.clear()
    database = f"sqlite:///{folder / 'platform.db'}"
    return open_lake(str(folder / "lake"), folder / "scratch", ledger=DatabaseLedger(database))


def table(folder: Path) -> Path:
    return folder / "lake" / DATASET / "visits"


def live_file(folder: Path) -> Path:
    """The file of the second day."""
    names = [file.path for file in afresh(folder)._table(ref()).files(days(1, 1))]
    return table(folder) / names[0]


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def swap(path: Path) -> None:
    """By the file of another day, as long as this one."""
    other = next(p for p in table(path.parents[4]).glob("event_date=2025-12-01/*.parquet"))
    path.write_bytes(other.read_bytes())


FILE_DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (Path.unlink, "is missing"),
    "emptied": (lambda path: path.write_bytes(b"") and None, "has 0 bytes instead of"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:-9]) and None, r"has [\d,]+ bytes instead of"),
    "a bit in a page": (lambda path: flip(path, 60), "its checksum is another one"),
    "a bit in the footer": (lambda path: flip(path, path.stat().st_size - 200), "its checksum is another one"),
    "another day's": (swap, r"its checksum is another one|bytes instead of"),
}


@pytest.mark.parametrize("damage", FILE_DAMAGE)
def test_a_damaged_file_is_one_sentence_that_says_what_to_do(written: Path, damage: str) -> None:
    spoil, words = FILE_DAMAGE[damage]
    path = live_file(written)
    spoil(path)
    lake = afresh(written)
    for ask in (lambda: stored(lake), lambda: lake.fingerprint(ref(), day(1)), lambda: lake.checksum(ref())):
        with pytest.raises(DamageError) as raised:
            ask()
        said = str(raised.value)
        assert said.startswith(f"shop: visits of {day(1)}: the file {path} ")
        assert re.search(words, said)
        assert f"Make the day again (recs run shop --date {day(1)})" in said
        assert "\n" not in said
    assert {row["pages"] for row in stored(lake, days(0, 0))} == {1}, "the other day is whole"
    assert lake.days(ref()) == list(days(0, 1)), "so that it can be made again"
    (finding,) = lake.inspect(ref()).findings
    assert (finding.day, finding.what) == (day(1), said)
    write(lake, days(1, 1), visits([day(1)], pages=3))
    assert marks(afresh(written)) == {day(0): [1] * 3, day(1): [3] * 3}
    assert lake.inspect(ref()).findings == ()


def test_a_file_that_changes_while_a_process_lives_is_noticed(written: Path) -> None:
    lake, path = afresh(written), live_file(written)
    assert len(stored(lake)) == 6
    flip(path, 60)
    with pytest.raises(DamageError, match="its checksum is another one"):
        stored(lake)


def _last_commit(folder: Path) -> Path:
    return max((table(folder) / "_delta_log").glob("*.json"))


def _without_removal(folder: Path) -> None:
    """The last commit keeps what it replaced: every row of the day twice."""
    commit = _last_commit(folder)
    lines = [line for line in commit.read_text().splitlines() if '"remove"' not in line]
    commit.write_text("\n".join(lines))


LOG_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "deleted": (lambda folder: shutil.rmtree(table(folder) / "_delta_log"), "there is no log at"),
    "the whole table deleted": (lambda folder: shutil.rmtree(table(folder)), "there is no log at"),
    "the last commit emptied": (lambda folder: _last_commit(folder).write_bytes(b""), "its log tells of other files"),
    "the last commit deleted": (lambda folder: _last_commit(folder).unlink(), "its last commits are gone"),
    "the last commit garbled": (lambda folder: _last_commit(folder).write_text('{"add":'), "cannot be"),
    "a day twice": (_without_removal, "its log tells of 6 rows, and 3 were written"),
}


@pytest.mark.parametrize("damage", LOG_DAMAGE)
def test_a_damaged_log_is_said_and_never_taken_for_no_rows(written: Path, damage: str) -> None:
    spoil, words = LOG_DAMAGE[damage]
    spoil(written)
    lake = afresh(written)
    with pytest.raises(DamageError, match=words) as raised:
        stored(lake)
    assert str(raised.value).startswith("shop: visits")
    assert "\n" not in str(raised.value)
    assert [finding.what for finding in lake.inspect(ref()).findings] == [str(raised.value)]


def test_damage_is_not_forgotten_when_others_commit_and_enter_nothing(written: Path) -> None:
    _without_removal(written)
    others = open_lake(str(written / "lake"), written / "scratch")
    write(others, days(5, 5), visits([day(5)]))
    lake = afresh(written)
    with pytest.raises(DamageError, match=rf"visits of {day(1)}: its log tells of 6 rows, and 3 were written"):
        stored(lake)
    assert len(stored(lake, days(5, 5))) == 3


@pytest.mark.parametrize("damage", [name for name in LOG_DAMAGE if "garbled" not in name])
def test_what_is_there_can_be_accepted_and_what_is_missing_made_again(written: Path, damage: str) -> None:
    LOG_DAMAGE[damage][0](written)
    lake = afresh(written)
    lake.accept(ref())
    assert lake.inspect(ref()).findings == ()
    write(lake, days(0, 1), visits(days(0, 1), pages=4))
    assert marks(afresh(written)) == {day(0): [4] * 3, day(1): [4] * 3}


def test_files_of_an_older_version_are_unknown_until_somebody_accepts_them(written: Path) -> None:
    """Their names say no checksum, and the ledger has none."""
    path = live_file(written)
    plain = path.with_name("plain.parquet")
    path.rename(plain)
    for commit in (table(written) / "_delta_log").glob("*.json"):
        commit.write_text(commit.read_text().replace(path.name, plain.name))
    lake = afresh(written)
    with pytest.raises(DamageError, match="its log tells of other files"):
        stored(lake)
    forget_files(written)
    lake = afresh(written)
    assert (lake.inspect(ref()).unknown, lake.inspect(ref()).findings) == (1, ())
    lake.accept(ref())
    assert lake.inspect(ref()).unknown == 0
    flip(plain, 60)
    with pytest.raises(DamageError, match="its checksum is another one"):
        stored(afresh(written))


def forget_files(folder: Path) -> None:
    with sqlite3.connect(folder / "platform.db") as connection:
        connection.execute("UPDATE ledger_slices SET files = NULL")

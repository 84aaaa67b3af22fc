"""Stored data that is not what was written is said in one sentence, before any row of it is read; nothing else is."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from recs_platform.errors import DamageError
from recs_platform.file_store.bucket import Bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake import checksums, newest
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.stores.fixtures import IN_STORES, root_named
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import DATASET, day, days, marks, ref, stored, visits, write


@dataclass(frozen=True)
class Written:
    """Two days, and the second one once more, as a process that has ended left them."""

    root: str
    files: FileStore
    """Of the lake."""
    folder: Path

    def lake(self) -> Lake:
        """As a new process sees it, on a machine that has seen nothing of it."""
        checksums._PROVED.clear()
        newest._NEWEST.clear()
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)
        database = f"sqlite:///{self.folder / 'platform.db'}"
        return open_lake(self.root, self.folder / "scratch", ledger=DatabaseLedger(database))

    def file_of(self, number: int) -> str:
        """The name of a day's file."""
        looking = open_lake(self.root, self.folder / "scratch of who looks")
        (name,) = [file.path for file in looking._table(ref()).files(days(number, number))]
        return f"{TABLE}/{name}"

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        self.files.write(name, change(self.files.read(name)))

    def remove_all(self, folder: str) -> None:
        self.files.remove(list(self.files.listed(folder)))

    @property
    def last_commit(self) -> str:
        return max(name for name in self.files.listed(f"{TABLE}/_delta_log") if name.endswith(".json"))


TABLE = f"{DATASET}/visits"


@pytest.fixture(params=["folder", IN_STORES[0]])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    root = root_named(request, request.param, tmp_path / "lake")
    files = LocalFiles(tmp_path / "lake") if request.param == "folder" else Bucket(root, "RECS_LAKE_URL")
    made = Written(root, files, tmp_path)
    lake = made.lake()
    write(lake, days(0, 1), visits(days(0, 1)))
    write(lake, days(1, 1), visits([day(1)], pages=2))
    return made


@pytest.fixture
def written_here(tmp_path: Path) -> Written:
    """The same in a folder."""
    made = Written(str(tmp_path / "lake"), LocalFiles(tmp_path / "lake"), tmp_path)
    lake = made.lake()
    write(lake, days(0, 1), visits(days(0, 1)))
    write(lake, days(1, 1), visits([day(1)], pages=2))
    return made


def flipped(content: bytes, place: int) -> bytes:
    data = bytearray(content)
    data[place] ^= 4
    return bytes(data)


FILE_DAMAGE: dict[str, tuple[Callable[[Written, str], object], str]] = {
    "missing": (lambda made, name: made.files.remove([name]), "is missing"),
    "emptied": (lambda made, name: made.files.write(name, b""), "has 0 bytes instead of"),
    "cut short": (lambda made, name: made.change(name, lambda content: content[:-9]), r"has [\d,]+ bytes instead of"),
    "a bit in a page": (
        lambda made, name: made.change(name, lambda content: flipped(content, 60)),
        "its checksum is another one",
    ),
    "a bit in the footer": (
        lambda made, name: made.change(name, lambda content: flipped(content, len(content) - 200)),
        "its checksum is another one",
    ),
    "another day's": (
        lambda made, name: made.files.write(name, made.files.read(made.file_of(0))),
        r"its checksum is another one|bytes instead of",
    ),
}


@pytest.mark.parametrize("damage", FILE_DAMAGE)
def test_a_damaged_file_is_one_sentence_that_says_what_to_do(written: Written, damage: str) -> None:
    spoil, words = FILE_DAMAGE[damage]
    name = written.file_of(1)
    spoil(written, name)
    lake = written.lake()
    for ask in (lambda: stored(lake), lambda: lake.fingerprint(ref(), day(1)), lambda: lake.checksum(ref())):
        with pytest.raises(DamageError) as raised:
            ask()
        said = str(raised.value)
        assert said.startswith(f"shop: visits of {day(1)}: the file {written.files.place(name)} ")
        assert re.search(words, said)
        assert f"Make the day again (recs run shop --date {day(1)})" in said
        assert "\n" not in said
    assert {row["pages"] for row in stored(lake, days(0, 0))} == {1}, "the other day is whole"
    assert lake.days(ref()) == list(days(0, 1)), "so that it can be made again"
    (finding,) = lake.inspect(ref()).findings
    assert (finding.day, finding.what) == (day(1), said)
    write(lake, days(1, 1), visits([day(1)], pages=3))
    assert marks(written.lake()) == {day(0): [1] * 3, day(1): [3] * 3}
    assert lake.inspect(ref()).findings == ()


def test_a_file_that_changes_while_a_process_lives_is_noticed(written_here: Written) -> None:
    name, lake = written_here.file_of(1), written_here.lake()
    assert len(stored(lake)) == 6
    written_here.change(name, lambda content: flipped(content, 60))
    with pytest.raises(DamageError, match="its checksum is another one"):
        stored(lake)


@pytest.mark.slow
@pytest.mark.parametrize("damage", FILE_DAMAGE)
@pytest.mark.parametrize("written", ["gs"], indirect=True)
def test_what_changes_in_a_bucket_is_noticed_by_who_inspects_it_and_read_as_it_was(
    written: Written, damage: str
) -> None:
    """Who has read it reads a copy, whose rows are those that were written."""
    lake, name = written.lake(), written.file_of(1)
    before = marks(lake)
    FILE_DAMAGE[damage][0](written, name)
    assert marks(lake) == before
    (finding,) = lake.inspect(ref()).findings
    assert finding.day == day(1)
    assert re.search(FILE_DAMAGE[damage][1], finding.what)


@pytest.mark.slow
@pytest.mark.parametrize("written", ["gs"], indirect=True)
def test_a_copy_that_is_damaged_is_brought_again(written: Written) -> None:
    lake = written.lake()
    before = marks(lake)
    (copy,) = (written.folder / "scratch" / "copies").rglob(Path(written.file_of(1)).name)
    copy.write_bytes(flipped(copy.read_bytes(), 60))
    assert marks(lake) == before


LOG_DAMAGE: dict[str, tuple[Callable[[Written], object], str]] = {
    "deleted": (lambda made: made.remove_all(f"{TABLE}/_delta_log"), "there is no log at"),
    "the whole table deleted": (lambda made: made.remove_all(TABLE), "there is no log at"),
    "the last commit emptied": (lambda made: made.files.write(made.last_commit, b""), "its log tells of other files"),
    "the last commit deleted": (lambda made: made.files.remove([made.last_commit]), "its last commits are gone"),
    "the last commit garbled": (lambda made: made.files.write(made.last_commit, b'{"add":'), "cannot be"),
    "a day twice": (lambda made: _without_removal(made), "its log tells of 6 rows, and 3 were written"),
}


def _without_removal(made: Written) -> None:
    """The last commit keeps what it replaced: every row of the day twice."""

    def without(content: bytes) -> bytes:
        return b"\n".join(line for line in content.splitlines() if b'"remove"' not in line)

    made.change(made.last_commit, without)


@pytest.mark.parametrize("damage", LOG_DAMAGE)
def test_a_damaged_log_is_said_and_never_taken_for_no_rows(written: Written, damage: str) -> None:
    spoil, words = LOG_DAMAGE[damage]
    spoil(written)
    lake = written.lake()
    with pytest.raises(DamageError, match=words) as raised:
        stored(lake)
    assert str(raised.value).startswith("shop: visits")
    assert "\n" not in str(raised.value)
    assert [finding.what for finding in lake.inspect(ref()).findings] == [str(raised.value)]


def test_damage_is_not_forgotten_when_others_commit_and_enter_nothing(written_here: Written) -> None:
    _without_removal(written_here)
    others = open_lake(written_here.root, written_here.folder / "scratch")
    write(others, days(5, 5), visits([day(5)]))
    lake = written_here.lake()
    with pytest.raises(DamageError, match=rf"visits of {day(1)}: its log tells of 6 rows, and 3 were written"):
        stored(lake)
    assert len(stored(lake, days(5, 5))) == 3


@pytest.mark.parametrize("damage", [name for name in LOG_DAMAGE if "garbled" not in name])
def test_what_is_there_can_be_accepted_and_what_is_missing_made_again(written: Written, damage: str) -> None:
    LOG_DAMAGE[damage][0](written)
    lake = written.lake()
    lake.accept(ref())
    assert lake.inspect(ref()).findings == ()
    write(lake, days(0, 1), visits(days(0, 1), pages=4))
    assert marks(written.lake()) == {day(0): [4] * 3, day(1): [4] * 3}


def test_files_of_an_older_version_are_unknown_until_somebody_accepts_them(written_here: Written) -> None:
    """Their names say no checksum, and the ledger has none."""
    path = written_here.folder / "lake" / written_here.file_of(1)
    plain = path.with_name("plain.parquet")
    path.rename(plain)
    for commit in (path.parents[1] / "_delta_log").glob("*.json"):
        commit.write_text(commit.read_text().replace(path.name, plain.name))
    lake = written_here.lake()
    with pytest.raises(DamageError, match="its log tells of other files"):
        stored(lake)
    forget_files(written_here.folder)
    lake = written_here.lake()
    assert (lake.inspect(ref()).unknown, lake.inspect(ref()).findings) == (1, ())
    lake.accept(ref())
    assert lake.inspect(ref()).unknown == 0
    plain.write_bytes(flipped(plain.read_bytes(), 60))
    with pytest.raises(DamageError, match="its checksum is another one"):
        stored(written_here.lake())


def forget_files(folder: Path) -> None:
    with sqlite3.connect(folder / "platform.db") as connection:
        connection.execute("UPDATE ledger_slices SET files = NULL")

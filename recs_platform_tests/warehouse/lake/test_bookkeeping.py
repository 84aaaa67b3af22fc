"""The slice ledger of a lake says what the commits say, whatever happened to who wrote it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable

from recs_platform.errors import DamageError
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger, TableVersion
from recs_platform.warehouse.slices import Days, Slice
from recs_platform_tests.stores.fixtures import IN_STORES, root_named
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, ref, stored, visits, write


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'platform.db'}"


@pytest.fixture(params=["folder", "url"])
def ledgered(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Lake:
    """A lake with the ledger of an environment."""
    root = str(tmp_path / "lake") if request.param == "folder" else f"file://{tmp_path}/lake"
    return with_ledger(root, tmp_path, DatabaseLedger(database))


@pytest.fixture(params=["folder", *IN_STORES])
def ledgered_anywhere(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Lake:
    """The same, wherever a lake can be: for tests of what a bucket might do otherwise."""
    return with_ledger(root_named(request, request.param, tmp_path / "lake"), tmp_path, DatabaseLedger(database))


def with_ledger(root: str, below: Path, ledger: SliceLedger, **options: int) -> Lake:
    return open_lake(root, below / "scratch", ledger=ledger, **options)


def proved(lake: Lake, below: Path) -> list[Slice]:
    """What the commits alone say, to a ledger that knows nothing yet."""
    return list(with_ledger(lake.root, below, MemoryLedger()).slices(ref()))


def entered(tmp_path: Path) -> dict[str, tuple[int | None, str | None]]:
    """Day: rows and run, as anybody reads them from the database."""
    with sqlite3.connect(tmp_path / "platform.db") as connection:
        rows = connection.execute(
            "SELECT day, rows, run_id FROM ledger_slices WHERE dataset = ? AND table_name = ? ORDER BY day",
            (DATASET, VISITS.name),
        ).fetchall()
    return {day: (count, run) for day, count, run in rows}


def test_a_home_from_before_there_was_a_ledger_is_entered_once_and_goes_on(tmp_path: Path, database: str) -> None:
    old = with_ledger(str(tmp_path / "lake"), tmp_path, MemoryLedger())
    write(old, days(0, 30), visits(days(0, 29)), note={"run": "history"})
    for offset in range(31, 36):
        write(old, days(offset, offset), visits([day(offset)]), note={"run": f"r{offset}"})
    lake = with_ledger(old.root, tmp_path, Counting(database))
    assert lake.days(ref()) == list(days(0, 35))
    assert lake.days(ref()) == list(days(0, 35))
    assert Counting.advances == 1
    assert entered(tmp_path)[str(day(29))] == (3, "history")
    assert entered(tmp_path)[str(day(30))] == (0, "history")
    assert entered(tmp_path)[str(day(35))] == (3, "r35")
    write(lake, days(36, 36), visits([day(36)]), note={"run": "r36"})
    assert Counting.advances == 2
    assert list(lake.slices(ref())) == proved(lake, tmp_path)


class Counting(DatabaseLedger):
    advances = 0

    def advance(self, *given: object) -> bool:
        Counting.advances += 1
        return super().advance(*given)  # type: ignore[arg-type]


def test_a_first_write_enters_without_a_look_at_the_log(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recs_platform.warehouse.lake.delta_table import DeltaSlices

    monkeypatch.setattr(DeltaSlices, "commits", None)
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    for mark in range(3):
        write(lake, days(0, mark), visits(days(0, mark), pages=mark))
    assert lake.days(ref()) == list(days(0, 2))


def test_what_is_entered_is_what_the_commits_prove(ledgered: Lake, tmp_path: Path) -> None:
    """Writes, restores, vacuums in any order, some of them by others who enter nothing."""
    chance = random.Random(20251201)
    others = with_ledger(ledgered.root, tmp_path, MemoryLedger())
    write(ledgered, days(0, 3), visits(days(0, 2)), note={"run": "first"})
    for step in range(25):
        lake = others if chance.random() < 0.3 else ledgered
        choice = chance.random()
        if choice < 0.7:
            first = chance.randrange(8)
            of = days(first, first + chance.randrange(4))
            write(lake, of, visits(list(of)[chance.randrange(2) :]), note={"run": f"r{step}"})
        elif choice < 0.9:
            lake.restore(ref(), chance.randrange(1, lake.versions(ref())[0].version + 1), {"by": f"b{step}"})
        else:
            lake.vacuum(ref())
        if chance.random() < 0.5:
            assert list(ledgered.slices(ref())) == proved(ledgered, tmp_path)
    assert list(ledgered.slices(ref())) == proved(ledgered, tmp_path)
    assert list(entered(tmp_path)) == [str(day) for day in ledgered.days(ref())]


def test_what_was_brought_back_says_since_when_and_by_whom(ledgered: Lake, tmp_path: Path) -> None:
    write(ledgered, days(0, 1), visits(days(0, 1)), note={"run": "r1"})
    write(ledgered, days(0, 2), visits(days(0, 2)), note={"run": "r2"})
    ledgered.restore(ref(), 1, {"by": "ann"})
    assert entered(tmp_path) == {str(day(0)): (3, None), str(day(1)): (3, None)}
    assert [(s.run, s.note) for s in ledgered.slices(ref())] == [(None, {"by": "ann"})] * 2
    assert {s.made_at for s in ledgered.slices(ref())} == {ledgered.versions(ref())[0].at}


def test_a_table_that_is_gone_is_said_until_somebody_accepts_it(tmp_path: Path, database: str) -> None:
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    write(lake, days(0, 1), visits(days(0, 1)), note={"run": "r1"})
    shutil.rmtree(tmp_path / "lake" / DATASET / "visits")
    for ask in (lake.days, lambda _: stored(lake), lambda _: write(lake, days(5, 5), visits([day(5)]))):
        with pytest.raises(DamageError, match=r"shop: visits: there is no log at .*, and 2 days were made, from 2025-"):
            ask(ref())
    assert set(entered(tmp_path)) == {str(day(0)), str(day(1))}
    lake.accept(ref())
    assert lake.days(ref()) == []
    assert entered(tmp_path) == {}
    write(lake, days(5, 5), visits([day(5)]), note={"run": "r2"})


def test_a_table_that_others_made_anew_takes_its_entries_along(tmp_path: Path, database: str) -> None:
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    write(lake, days(5, 5), visits([day(5)]), note={"run": "r2"})
    shutil.rmtree(tmp_path / "lake" / DATASET / "visits")
    others = with_ledger(lake.root, tmp_path, MemoryLedger())
    write(others, days(7, 7), visits([day(7)]), note={"run": "r3"})
    assert lake.days(ref()) == [day(7)]
    assert entered(tmp_path) == {str(day(7)): (3, "r3")}


def test_a_table_that_was_put_back_to_an_earlier_copy_is_entered_when_somebody_accepts_it(
    tmp_path: Path, database: str
) -> None:
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    write(lake, days(0, 0), visits([day(0)]), note={"run": "r1"})
    shutil.copytree(tmp_path / "lake", tmp_path / "copy")
    write(lake, days(0, 1), visits(days(0, 1), each=5), note={"run": "r2"})
    shutil.rmtree(tmp_path / "lake")
    shutil.copytree(tmp_path / "copy", tmp_path / "lake")
    for ask in (lake.days, lambda _: stored(lake), lambda _: write(lake, days(5, 5), visits([day(5)]))):
        with pytest.raises(DamageError, match="its last commits are gone: it is at version 1, and was at 2"):
            ask(ref())
    lake.accept(ref())
    assert lake.days(ref()) == [day(0)]
    assert entered(tmp_path) == {str(day(0)): (3, "r1")}


def test_an_entry_outlives_the_log_that_proved_it(tmp_path: Path, database: str) -> None:
    """Delta forgets commits after a while; the slice's files are then the proof, and the ledger knows the run."""
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    write(lake, days(0, 0), visits([day(0)]), note={"run": "r1"})
    for number in range(2, 23):
        write(lake, days(1, 1), visits([day(1)]), note={"run": f"r{number}"})
    log = tmp_path / "lake" / DATASET / "visits" / "_delta_log"
    assert list(log.glob("*.checkpoint.parquet"))
    for version in range(19):
        (log / f"{version:020}.json").unlink()
    others = with_ledger(lake.root, tmp_path, MemoryLedger())
    write(others, days(2, 2), visits([day(2)]), note={"run": "r23"})
    assert [(s.day, s.run) for s in lake.slices(ref())] == [(day(0), "r1"), (day(1), "r22"), (day(2), "r23")]
    assert [(s.day, s.rows, s.run) for s in proved(lake, tmp_path)] == [
        *((day(0), 3, None), (day(1), 3, "r22")),
        (day(2), 3, "r23"),
    ]


def test_files_of_others_without_counts_have_rows_that_nobody_counted(tmp_path: Path, database: str) -> None:
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, DatabaseLedger(database))
    write(lake, days(0, 0), visits([day(0)]))
    log = sorted((tmp_path / "lake" / DATASET / "visits" / "_delta_log").glob("*.json"))[-1]
    log.write_text(log.read_text().replace('"stats":"{\\"numRecords\\": 3}"', '"stats":null'))
    assert DeltaTable(tmp_path / "lake" / DATASET / "visits").version() == 1
    other = with_ledger(lake.root, tmp_path, DatabaseLedger(f"sqlite:///{tmp_path / 'new.db'}"))
    (slice_,) = other.slices(ref())
    assert (slice_.rows, slice_.empty) == (None, False)


def test_the_live_table_is_entered_with_the_note_of_its_publication(ledgered_anywhere: Lake) -> None:
    write(ledgered_anywhere, days(0, 1), visits(days(0, 1)))
    live = ref(replace(VISITS, name="live_visits"))
    for offset in (0, 1):
        ledgered_anywhere.publish(ref(), day(offset), live, {"publication": offset + 1})
        (slice_,) = ledgered_anywhere.slices(live)
        assert (slice_.day, slice_.rows, slice_.note) == (day(offset), 3, {"publication": offset + 1})
    table = ledgered_anywhere._table(live).open()
    assert table is not None
    state = TableVersion(str(table.metadata().id), 2)
    assert len(ledgered_anywhere.ledger.slices_in(live, state) or ()) == 1


def test_a_range_of_days_is_one_step(tmp_path: Path, database: str) -> None:
    lake = with_ledger(str(tmp_path / "lake"), tmp_path, Counting(database))
    before = Counting.advances
    write(lake, Days.ending(day(89), 90), visits(days(0, 89), each=1), note={"run": "history"})
    assert Counting.advances == before + 1
    assert len(entered(tmp_path)) == 90

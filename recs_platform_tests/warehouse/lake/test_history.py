"""Versions, restore and vacuum: what was published can be brought back, and what nobody needs is deleted, no sooner."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.errors import StorageError
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import day, days, marks, ref, visits, what_there_is, write

TABLE = Path("lake") / "company_7" / "visits"
RETENTION = timedelta(days=7)


def test_a_version_says_what_it_wrote_and_why(any_lake: Lake) -> None:
    write(any_lake, days(0, 1), visits(days(0, 1)), note={"run": "r1"})
    written = write(any_lake, days(1, 1), [], note={"run": "r2"})
    newest, before, created = any_lake.versions(ref())
    assert (newest.version, written.version) == (2, 2)
    assert {k: newest.note[k] for k in ("first", "last", "rows", "run")} == {
        "first": "2025-12-02",
        "last": "2025-12-02",
        "rows": 0,
        "run": "r2",
    }
    assert (before.version, before.note["rows"], before.note["run"]) == (1, 6, "r1")
    assert (created.version, created.note) == (0, {})
    assert newest.at >= before.at >= created.at


def test_a_table_that_was_never_written_has_no_versions(any_lake: Lake) -> None:
    assert any_lake.versions(ref()) == []
    assert list(any_lake.vacuum(ref())) == []


def test_restore_brings_back_a_version_as_a_new_one(any_lake: Lake) -> None:
    for mark in (1, 2, 3):
        write(any_lake, days(0, mark), visits(days(0, mark), pages=mark))
    assert any_lake.restore(ref(), 1) == 4
    assert marks(any_lake) == {day(0): [1, 1, 1], day(1): [1, 1, 1]}
    assert any_lake.restore(ref(), 3) == 5
    assert marks(any_lake) == {d: [3, 3, 3] for d in days(0, 3)}


def test_a_restored_table_is_written_as_before(any_lake: Lake) -> None:
    for mark in (1, 2):
        write(any_lake, days(0, 1), visits(days(0, 1), pages=mark))
    any_lake.restore(ref(), 1)
    write(any_lake, days(1, 1), visits([day(1)], pages=3))
    assert marks(any_lake) == {day(0): [1, 1, 1], day(1): [3, 3, 3]}


def test_a_version_that_never_was_cannot_be_restored(any_lake: Lake) -> None:
    with pytest.raises(StorageError, match=r"company_7.visits has no version 5; it has \[\]"):
        any_lake.restore(ref(), 5)
    write(any_lake, days(0, 0), visits([day(0)]))
    with pytest.raises(StorageError, match=r"company_7.visits has no version 5; it has \[0, 1\]"):
        any_lake.restore(ref(), 5)


def test_a_version_is_read_as_it_stood(any_lake: Lake) -> None:
    for mark in (1, 2, 3):
        write(any_lake, days(0, mark), visits(days(0, mark), each=1, pages=mark))
    assert marks(any_lake, version=1) == {day(0): [1], day(1): [1]}
    assert marks(any_lake, version=2) == {day(0): [2], day(1): [2], day(2): [2]}
    assert marks(any_lake, days(1, 1), version=2) == {day(1): [2]}
    assert marks(any_lake, version=0) == {}
    assert marks(any_lake, version=3) == marks(any_lake) == {d: [3] for d in days(0, 3)}
    with pytest.raises(StorageError, match=r"company_7.visits has no version 9; it has \[0, 1, 2, 3\]"):
        marks(any_lake, version=9)


def test_a_version_stays_readable_while_others_come(any_lake: Lake) -> None:
    """Who was told that version 1 is live reads version 1, whatever has become live since."""
    write(any_lake, days(0, 0), visits([day(0)], each=1, pages=1))
    with any_lake.read(ref(), version=1) as reader:
        write(any_lake, days(0, 0), visits([day(0)], each=1, pages=2))
        assert reader.read_all()["pages"].to_pylist() == [1]
    any_lake.restore(ref(), 1)
    assert marks(any_lake, version=2) == {day(0): [2]}


def test_a_version_that_vacuum_has_taken_cannot_be_read(any_lake: Lake, tmp_path: Path) -> None:
    for mark in (1, 2):
        write(any_lake, days(0, 0), visits([day(0)], pages=mark))
    open_lake(any_lake.root, tmp_path / "scratch", retention_days=0).vacuum(ref())
    with pytest.raises(StorageError, match="version 1 cannot be read, because vacuum has deleted files that it needs"):
        marks(any_lake, version=1)
    assert marks(any_lake, version=2) == {day(0): [2, 2, 2]}


def test_versions_survive_many_commits(real_lake: Lake, tmp_path: Path) -> None:
    """More than a checkpoint's worth: the state is then read from the checkpoint and the commits after it."""
    for mark in range(1, 46):
        write(real_lake, days(mark % 5, mark % 5), visits([day(mark % 5)], each=1, pages=mark))
    assert any(name.endswith(".checkpoint.parquet") for name in what_there_is(real_lake, tmp_path))
    assert len(real_lake.versions(ref())) == 46
    assert marks(real_lake) == {day(0): [45], day(1): [41], day(2): [42], day(3): [43], day(4): [44]}
    real_lake.restore(ref(), 7)
    assert marks(real_lake) == {day(0): [5], day(1): [6], day(2): [7], day(3): [3], day(4): [4]}


def test_vacuum_keeps_every_version_of_the_retention(any_lake: Lake) -> None:
    for mark in (1, 2, 3):
        write(any_lake, days(0, 0), visits([day(0)], pages=mark))
    assert list(any_lake.vacuum(ref())) == []
    any_lake.restore(ref(), 1)
    assert marks(any_lake) == {day(0): [1, 1, 1]}


def test_vacuum_deletes_replaced_versions_after_the_retention(real_lake: Lake, tmp_path: Path) -> None:
    def data_files() -> list[str]:
        files = what_there_is(real_lake, tmp_path)
        return [name for name in files if name.endswith(".parquet") and "/copies/" not in name]

    for mark in (1, 2, 3):
        write(real_lake, days(0, 0), visits([day(0)], pages=mark))
    patient = open_lake(real_lake.root, tmp_path / "scratch", retention_days=1)
    assert list(patient.vacuum(ref())) == []
    impatient = open_lake(real_lake.root, tmp_path / "scratch", retention_days=0)
    planned = list(impatient.vacuum(ref(), dry_run=True))
    assert len(data_files()) == 3
    assert sorted(impatient.vacuum(ref())) == sorted(planned)
    assert len(planned) == 2
    assert len(data_files()) == 1
    assert marks(real_lake) == {day(0): [3, 3, 3]}
    with pytest.raises(StorageError, match="version 1 cannot be restored, because vacuum has deleted files"):
        real_lake.restore(ref(), 1)
    assert marks(real_lake) == {day(0): [3, 3, 3]}


def test_what_killed_writers_left_is_deleted_and_nothing_younger(near_lake: Lake, tmp_path: Path) -> None:
    write(near_lake, days(0, 0), visits([day(0)]))
    staging = tmp_path / ("lake/.staging" if near_lake.root.startswith("/") else "scratch/staging")
    one_day = timedelta(days=1)
    left = {
        tmp_path / TABLE / "event_date=2025-12-01" / "{}.parquet": RETENTION,
        staging / "{}" / "event_date=2025-12-01" / "some.parquet": one_day,
        tmp_path / "scratch" / "spill" / "duckdb-{}" / "block.tmp": one_day,
    }
    for template, limit in left.items():
        for name, age in (("old", limit + timedelta(hours=1)), ("young", limit - timedelta(hours=1))):
            abandon(Path(str(template).format(name)), age, tmp_path)
    for dry_run in (True, False):
        taken = {**near_lake.vacuum(ref(), dry_run=dry_run), **near_lake.sweep(dry_run=dry_run)}
        assert list(taken.values()) == [len("left")] * 3
        assert [Path(str(t).format("old")).exists() for t in left] == [dry_run] * 3
    assert [Path(str(t).format("young")).exists() for t in left] == [True] * 3
    assert marks(near_lake) == {day(0): [1, 1, 1]}


def test_vacuum_keeps_live_files_however_old_they_are(near_lake: Lake, tmp_path: Path) -> None:
    write(near_lake, days(0, 2), visits(days(0, 1)))
    for path in data_files(tmp_path):
        os.utime(path, (0, 0))
    near_lake.vacuum(ref())
    assert marks(near_lake) == {day(0): [1, 1, 1], day(1): [1, 1, 1]}
    assert near_lake.days(ref()) == list(days(0, 2))


def abandon(path: Path, age: timedelta, below: Path) -> None:
    """A file, and its folder when it is new, as a process that was killed so long ago left it."""
    made = [folder for folder in path.parents if below in folder.parents and not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("left")
    then = time.time() - age.total_seconds()
    for touched in (path, *made):
        os.utime(touched, (then, then))


def data_files(below: Path) -> list[Path]:
    return list((below / TABLE).glob("event_date=*/*.parquet"))

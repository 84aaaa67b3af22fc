"""A process that has a table open sees what any process commits, and a table that was made anew is not mistaken for
the one that it was."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from deltalake import DeltaTable

from recs_platform.errors import DamageError
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake import newest
from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, replace_in_turn, start
from recs_platform_tests.warehouse.tables import VISITS, day, days, marks, reader, ref, visits, write

TODAY = days(0, 0)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every table that is opened, in order."""
    tables: list[str] = []
    look = DeltaSlices.open

    def note_and_open(table: DeltaSlices) -> DeltaTable | None:
        tables.append(table.ref.name)
        return look(table)

    monkeypatch.setattr(DeltaSlices, "open", note_and_open)
    return tables


def elsewhere(lake: Lake, of: Days, mark: int) -> None:
    """Another process replaces days."""
    gate, answers = FORKING.Barrier(1), FORKING.Queue()
    writer = start(replace_in_turn, lake.root, lake.scratch, [of], 1, mark, gate, answers)
    assert answers.get(timeout=PATIENCE) == mark
    writer.join(PATIENCE)


def table(lake: Lake) -> Path:
    return Path(lake.root) / "company_7" / "visits"


def test_a_table_is_opened_once_and_followed_from_then_on(lake: Lake, opened: list[str]) -> None:
    write(lake, TODAY, visits(TODAY, each=1))
    opened.clear()
    for mark in range(2, 30):  # past a checkpoint
        write(lake, TODAY, visits(TODAY, each=1, pages=mark))
        assert marks(lake) == {day(0): [mark]}
        assert lake.days(ref()) == [day(0)]
    assert opened == []


def test_what_another_process_commits_is_seen_and_written_upon(lake: Lake) -> None:
    for mark in range(1, 4):
        write(lake, days(mark, mark), visits([day(mark)], each=1, pages=mark))
        elsewhere(lake, days(10, 10 + mark), 10 * mark)
        others = {day(10 + number): [10 * mark] for number in range(mark + 1)}
        assert marks(lake) == {day(number): [number] for number in range(1, mark + 1)} | others
    assert [version.version for version in lake.versions(ref())] == list(range(6, -1, -1))


def test_a_table_that_was_deleted_is_gone(lake: Lake) -> None:
    write(lake, TODAY, visits(TODAY))
    assert lake.days(ref()) == [day(0)]
    shutil.rmtree(table(lake))
    with pytest.raises(DamageError, match="there is no log"):
        lake.days(ref())
    lake.accept(ref())
    assert lake.days(ref()) == []
    assert marks(lake) == {}


def test_a_table_that_was_made_anew_is_not_the_old_one(lake: Lake) -> None:
    """With as many versions as the old one, and as large."""
    elsewhere(lake, TODAY, 1)
    assert marks(lake) == {day(0): [1]}
    shutil.rmtree(table(lake))
    elsewhere(lake, TODAY, 2)
    assert marks(lake) == {day(0): [2]}


def test_a_commit_file_that_was_cleaned_up_is_no_proof(lake: Lake) -> None:
    """Delta deletes the commits before a checkpoint, one's own and the next alike."""
    for mark in range(1, 26):
        write(lake, TODAY, visits(TODAY, each=1, pages=mark))
        if mark == 10:
            uri = str(table(lake))
            early = newest.recall(uri)
    assert early is not None
    assert early.version == 10
    for version in range(19):
        (table(lake) / "_delta_log" / f"{version:020}.json").unlink()
    assert not early.is_newest(uri, surely=False)
    assert marks(lake) == {day(0): [25]}


def test_so_many_tables_are_kept_and_no_more(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "_KEPT", 2)
    refs = [TableRef(f"company_{number}", VISITS) for number in range(4)]
    for each in refs:
        lake.replace(Subject("shop/visits", "shop", each, TODAY), reader(visits(TODAY)))
    assert [uri.split("/")[-2] for uri in newest._NEWEST] == ["company_2", "company_3"]
    assert [lake.days(each) for each in refs] == [[day(0)]] * 4


def test_a_table_behind_a_url_is_opened_once_too(tmp_path: Path, opened: list[str]) -> None:
    lake = open_lake(f"file://{tmp_path}/lake", tmp_path / "scratch")
    write(lake, TODAY, visits(TODAY))
    opened.clear()
    assert [lake.days(ref()), lake.days(ref())] == [[day(0)]] * 2
    assert opened == []


def looking(tmp_path: Path) -> Lake:
    """As somebody sees the table who has just come."""
    newest._NEWEST.clear()
    newest._LOOKED_AT.clear()
    return open_lake(str(tmp_path / "lake"), tmp_path / "scratch", ledger=DatabaseLedger(f"sqlite:///{tmp_path}/p.db"))


def test_who_looks_once_opens_nothing(tmp_path: Path, opened: list[str]) -> None:
    for number in range(30):  # past a checkpoint
        write(looking(tmp_path), Days.one(day(number)), visits([day(number)], each=2))
        opened.clear()
        shown = looking(tmp_path).slices(ref())
        assert opened == []
        assert [(s.day, s.rows) for s in shown] == [(day(n), 2) for n in range(number + 1)]
    lake = looking(tmp_path)
    assert lake.slices(ref()) == lake.slices(ref()) == lake.slices(ref())
    assert opened == ["visits"], "who looks again opens it once"


def test_who_looks_once_sees_what_another_has_not_entered(tmp_path: Path, opened: list[str]) -> None:
    write(looking(tmp_path), TODAY, visits(TODAY, each=1))
    # Another writer, who knows no ledger of ours.
    write(open_lake(str(tmp_path / "lake"), tmp_path / "scratch"), days(1, 1), visits([day(1)], each=1))
    opened.clear()
    assert looking(tmp_path).days(ref()) == [day(0), day(1)]
    assert opened


def test_who_looks_once_is_told_of_a_log_that_is_damaged_at_its_end_or_gone(tmp_path: Path, opened: list[str]) -> None:
    for mark in range(1, 4):
        write(looking(tmp_path), TODAY, visits(TODAY, each=1, pages=mark))
    log = Path(looking(tmp_path).root) / "company_7" / "visits" / "_delta_log"
    *_, last = sorted(log.glob("*.json"))
    whole = last.read_bytes()
    last.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamageError):
        looking(tmp_path).slices(ref())
    for damaged in (b"", b"\0" * len(whole)):
        last.write_bytes(damaged)
        opened.clear()
        with suppress(DamageError):
            looking(tmp_path).slices(ref())
        assert opened == ["visits"], "only who opens it can tell"
    last.unlink()
    with pytest.raises(DamageError, match="its last commits are gone"):
        looking(tmp_path).slices(ref())
    shutil.rmtree(log)
    with pytest.raises(DamageError, match="there is no log"):
        looking(tmp_path).slices(ref())


def test_who_looks_once_does_not_mistake_a_table_that_was_made_anew(tmp_path: Path) -> None:
    write(looking(tmp_path), TODAY, visits(TODAY, each=1))
    shutil.rmtree(Path(looking(tmp_path).root) / "company_7" / "visits")
    write(open_lake(str(tmp_path / "lake"), tmp_path / "scratch"), TODAY, visits(TODAY, each=5))
    assert [s.rows for s in looking(tmp_path).slices(ref())] == [5]

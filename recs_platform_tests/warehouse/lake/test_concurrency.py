"""Many writers and readers at once, in processes of their own: no lock, no error, no lost slice, no mixed one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from deltalake import DeltaTable

from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import Days
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.processes import (
    FORKING,
    PATIENCE,
    replace_in_turn,
    seen,
    start,
    torn_slices,
    watch,
)
from recs_platform_tests.warehouse.tables import day, days, marks, ref, visits, write

ROWS = 5
TODAY = days(0, 0)


def race(lake: Lake, plans: Sequence[Sequence[Days]], readers: int = 0) -> list[int]:
    """One writer per plan, all let go at once; how often each reader has read. A writer's mark is its plan's number."""
    gate, done = FORKING.Barrier(len(plans) + readers), FORKING.Event()
    written, read = FORKING.Queue(), FORKING.Queue()
    writers = [
        start(replace_in_turn, lake.root, lake.scratch, plan, ROWS, mark, gate, written)
        for mark, plan in enumerate(plans)
    ]
    watchers = [start(watch, lake.root, lake.scratch, ROWS, gate, done, read) for _ in range(readers)]
    marks = [written.get(timeout=PATIENCE) for _ in writers]
    done.set()
    reports = [read.get(timeout=PATIENCE) for _ in watchers]
    for process in (*writers, *watchers):
        process.join(PATIENCE)
    assert [process.exitcode for process in (*writers, *watchers)] == [0] * (len(plans) + readers)
    assert sorted(marks) == list(range(len(plans)))
    assert [torn for _, torn in reports] == [[]] * readers
    return [reads for reads, _ in reports]


@pytest.mark.slow
def test_writers_of_different_days_and_readers_do_not_disturb_each_other(real_lake: Lake) -> None:
    plans = [[Days.one(day(10 * number + offset)) for offset in range(8)] for number in range(4)]
    reads = race(real_lake, plans, readers=2)
    assert min(reads) > 1
    found = seen(real_lake)
    assert {d: dict(found[d]) for d in found} == {
        of.first: {number: ROWS} for number, plan in enumerate(plans) for of in plan
    }


@pytest.mark.parametrize("writers", [2, 4])
@pytest.mark.parametrize("before", ["no table", "no slice", "a slice"])
def test_of_several_writers_of_a_slice_one_wins_whole(tmp_path: Path, writers: int, before: str) -> None:
    """Repeated: the writers must meet inside the moment of a commit. A first slice takes no other away, so it is the
    likeliest to be doubled."""
    for attempt in range(2):
        lake = open_lake(str(tmp_path / f"lake{attempt}"), tmp_path / "scratch")
        if before != "no table":
            write(lake, TODAY if before == "a slice" else days(-1, -1), [])
        race(lake, [[TODAY]] * writers)
        assert list(seen(lake)[day(0)].values()) == [ROWS]


@pytest.mark.parametrize("before", [[], [TODAY]], ids=["first slice", "replaced slice"])
def test_a_commit_that_was_overtaken_is_made_again(
    real_lake: Lake, before: list[Days], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same meeting, made certain: another writer commits between the moment when ours looks and its own commit."""
    write(real_lake, days(-1, -1), [])
    for of in before:
        write(real_lake, of, visits(of, each=ROWS, pages=0))
    look = DeltaSlices._taken
    looks = []

    def look_and_be_overtaken(table: DeltaSlices) -> DeltaTable:
        found = look(table)
        looks.append(found.version())
        if len(looks) == 1:
            write(real_lake, TODAY, visits(TODAY, each=ROWS, pages=1))
        return found

    monkeypatch.setattr(DeltaSlices, "_taken", look_and_be_overtaken)
    write(real_lake, TODAY, visits(TODAY, each=ROWS, pages=2))
    first, overtaking, again = looks
    assert (overtaking, again) == (first, first + 1)
    assert marks(real_lake) == {day(0): [2] * ROWS}
    assert [v.note["rows"] for v in real_lake.versions(ref())[:2]] == [ROWS, ROWS]


def test_overlapping_ranges_leave_every_day_to_one_writer(real_lake: Lake) -> None:
    plans = [[days(number, number + 3)] * 4 for number in range(4)]
    race(real_lake, plans, readers=1)
    found = seen(real_lake)
    assert set(found) == set(days(0, 6))
    assert torn_slices(found, ROWS) == []


def test_a_conflict_loses_no_version(real_lake: Lake) -> None:
    race(real_lake, [[TODAY] * 3] * 2)
    written = [version.note["rows"] for version in real_lake.versions(ref()) if version.note]
    assert written == [ROWS] * 6


def test_a_race_leaves_no_file_behind(lake: Lake) -> None:
    race(lake, [[TODAY]] * 4)
    table = Path(lake.root) / "company_7" / "visits"
    assert len(list(table.glob("event_date=*/*.parquet"))) == 4
    assert list((Path(lake.root) / ".staging").iterdir()) == []


def test_a_table_that_several_create_at_once_is_created_once(tmp_path: Path) -> None:
    """Left to delta-rs, the creations that come second are rebased on the first, or fail."""
    writers = 6
    for number in range(25):
        table = DeltaSlices(ref(), str(tmp_path / f"table{number}"), timedelta(days=7), lambda: "shop")
        start = Barrier(writers)

        def create(table: DeltaSlices = table, start: Barrier = start) -> None:
            start.wait()
            table.ensure()

        with ThreadPoolExecutor(writers) as pool:
            for created in [pool.submit(create) for _ in range(writers)]:
                created.result()
        assert [version.version for version in table.versions()] == [0]

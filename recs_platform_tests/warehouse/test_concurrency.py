"""Many writers and readers at once, in processes of their own: no lock, no error, no lost slice, no mixed one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.warehouse.conftest import open_at, place_of, root_anywhere
from recs_platform_tests.warehouse.processes import (
    FORKING,
    PATIENCE,
    replace_in_turn,
    seen,
    start,
    torn_slices,
    watch,
)
from recs_platform_tests.warehouse.tables import day, days, ref, write

ROWS = 5
TODAY = days(0, 0)


def race(warehouse: Warehouse, plans: Sequence[Sequence[Days]], readers: int = 0) -> list[int]:
    """One writer per plan, all let go at once; how often each reader has read. A writer's mark is its plan's number."""
    gate, done = FORKING.Barrier(len(plans) + readers), FORKING.Event()
    midway = FORKING.Barrier(len(plans) + readers) if readers else None
    written, read = FORKING.Queue(), FORKING.Queue()
    writers = [
        start(replace_in_turn, *place_of(warehouse), plan, ROWS, mark, gate, written, midway)
        for mark, plan in enumerate(plans)
    ]
    watchers = [start(watch, *place_of(warehouse), ROWS, gate, done, read, midway) for _ in range(readers)]
    marks = [written.get(timeout=PATIENCE) for _ in writers]
    done.set()
    reports = [read.get(timeout=PATIENCE) for _ in watchers]
    for process in (*writers, *watchers):
        process.join(PATIENCE)
    assert [process.exitcode for process in (*writers, *watchers)] == [0] * (len(plans) + readers)
    assert sorted(marks) == list(range(len(plans)))
    assert [torn for _, torn in reports] == [[]] * readers
    return [reads for reads, _ in reports]


def turns_of(warehouse: Warehouse, most: int) -> int:
    """How often each writer writes: few times in BigQuery, whose emulator takes a second for each and one at a time."""
    return 2 if isinstance(warehouse, BigQueryWarehouse) else most


@pytest.mark.slow
def test_writers_of_different_days_and_readers_do_not_disturb_each_other(real_warehouse: Warehouse) -> None:
    turns = turns_of(real_warehouse, 4)
    plans = [[Days.one(day(10 * number + offset)) for offset in range(turns)] for number in range(4)]
    reads = race(real_warehouse, plans, readers=2)
    assert min(reads) > 1
    found = seen(real_warehouse)
    assert {d: dict(found[d]) for d in found} == {
        of.first: {number: ROWS} for number, plan in enumerate(plans) for of in plan
    }


@pytest.mark.parametrize(
    ("place", "times", "before"),
    [
        *(("folder", 2, before) for before in ("no table", "no slice", "a slice")),
        *(
            pytest.param(place, times, before, marks=pytest.mark.slow)
            for place, times in (("s3", 2), ("gs", 2), ("bigquery", 1))
            for before in ("no table", "a slice")
        ),
    ],
)
def test_of_several_writers_of_a_slice_one_wins_whole(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, times: int, before: str
) -> None:
    """On a lake repeated: the writers must meet inside the moment of a commit. A first slice takes no other away, so it
    is the likeliest to be doubled."""
    for attempt in range(times):
        warehouse = open_at(root_anywhere(request, place, tmp_path / f"lake{attempt}"), tmp_path / "scratch")
        if before != "no table":
            write(warehouse, TODAY if before == "a slice" else days(-1, -1), [])
        race(warehouse, [[TODAY]] * 4)
        assert list(seen(warehouse)[day(0)].values()) == [ROWS]


def test_overlapping_ranges_leave_every_day_to_one_writer(real_warehouse: Warehouse) -> None:
    plans = [[days(number, number + 3)] * turns_of(real_warehouse, 4) for number in range(4)]
    race(real_warehouse, plans, readers=1)
    found = seen(real_warehouse)
    assert set(found) == set(days(0, 6))
    assert torn_slices(found, ROWS) == []


def test_a_conflict_loses_no_version(real_warehouse: Warehouse) -> None:
    race(real_warehouse, [[TODAY] * 3] * 2)
    written = [version.note["rows"] for version in real_warehouse.versions(ref()) if version.note]
    assert written == [ROWS] * 6

"""Writers of a lake that meet, besides what every warehouse promises of them (../test_concurrency.py)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from deltalake import DeltaTable

from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import Days
from recs_platform_tests.stores.fixtures import IN_STORES, root_named
from recs_platform_tests.warehouse.tables import day, days, marks, ref, visits, what_there_is, write
from recs_platform_tests.warehouse.test_concurrency import race

ROWS = 5
TODAY = days(0, 0)


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


def test_a_race_leaves_no_file_behind(real_lake: Lake, tmp_path: Path) -> None:
    race(real_lake, [[TODAY]] * 4)
    files = what_there_is(real_lake, tmp_path)
    in_the_table = [name for name in files if name.endswith(".parquet") and "/copies/" not in name]
    assert len(in_the_table) == 4
    assert [name for name in files if "staging" in name] == []


@pytest.mark.parametrize("place", ["folder", *IN_STORES])
def test_a_table_that_several_create_at_once_is_created_once(
    request: pytest.FixtureRequest, place: str, tmp_path: Path
) -> None:
    """Left to delta-rs, the creations that come second are rebased on the first, or fail."""
    writers, root = 6, root_named(request, place, tmp_path)
    for number in range(25 if place == "folder" else 8):
        table = DeltaSlices(ref(), f"{root}/table{number}", timedelta(days=7), lambda: "shop")
        start = Barrier(writers)

        def create(table: DeltaSlices = table, start: Barrier = start) -> None:
            start.wait()
            table.ensure()

        with ThreadPoolExecutor(writers) as pool:
            for created in [pool.submit(create) for _ in range(writers)]:
                created.result()
        assert [version.version for version in table.versions()] == [0]

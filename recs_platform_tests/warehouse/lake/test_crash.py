"""What a writer of a lake leaves that was killed between two of its files: it is not read, and is no hindrance.

Not here: writers that are killed at any moment (../test_crash.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.stores.proxy import proxied
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.processes import end_at_a_change, seen, torn_slices, write_once
from recs_platform_tests.warehouse.tables import DATASET, VISITS, days, marks, stored, visits, write

TABLE = f"{DATASET}/{VISITS.name}"


def test_a_writer_killed_before_its_commit_leaves_files_that_nobody_reads(any_lake: Lake) -> None:
    """The moment between moving the files into the table and the commit, where a kill seldom hits."""
    write(any_lake, days(0, 0), visits(days(0, 0)))
    kept = files_of(any_lake)
    written = next(name for name in kept.listed(TABLE) if name.endswith(".parquet"))
    kept.write(stray := f"{TABLE}/event_date=2025-12-01/stray.parquet", kept.read(written))
    assert len(stored(any_lake)) == 3
    write(any_lake, days(0, 0), visits(days(0, 0), each=4))
    assert len(stored(any_lake)) == 4
    assert stray in kept.listed(TABLE)


def test_a_table_whose_creation_was_cut_off_can_be_written(lake: Lake) -> None:
    for left in ("_delta_log", "event_date=2025-12-01"):
        (Path(lake.root) / TABLE / left).mkdir(parents=True)
    assert stored(lake) == []
    write(lake, days(0, 0), visits(days(0, 0)))
    assert len(stored(lake)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 1], ids=["first slice", "replaced slice"])
def test_a_writer_killed_at_any_change_of_a_store_leaves_whole_slices(
    store: Store, before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store has done what the request says and the writer does not know; for each request that changes it."""
    left = []
    with proxied(store) as (proxy, behind):
        while True:
            root, elsewhere = store.new_folder(), tmp_path / "elsewhere"
            for _ in range(before):
                write(open_lake(root, elsewhere), days(0, 1), visits(days(0, 1), pages=1))
            behind.let_in(monkeypatch)
            writer = end_at_a_change(proxy, len(left), write_once, root, tmp_path / "scratch", days(0, 1), 3, 2)
            store.let_in(monkeypatch)
            lake = open_lake(root, elsewhere)
            slices = seen(lake)
            assert torn_slices(slices, 3) == []
            left.append({mark for slice_ in slices.values() for mark in slice_})
            if writer.exitcode == 0:
                break
            write(lake, days(0, 1), visits(days(0, 1), pages=3))
            assert marks(lake) == {day: [3] * 3 for day in days(0, 1)}
    nothing_yet = {1} if before else set()
    assert left[:2] == [nothing_yet] * 2, "killed with a data file in the store"
    assert left[-2:] == [{2}] * 2, "killed once its commit was in the store, and not killed"


def files_of(lake: Lake) -> Bucket:
    return Bucket(lake.root if is_bucket(lake.root) else f"file://{lake.root}", "RECS_LAKE_URL")

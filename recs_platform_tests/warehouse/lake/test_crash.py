"""A writer that is killed at any moment leaves what was there before, or what it meant to write; nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.stores.proxy import proxied
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.processes import (
    FORKING,
    PATIENCE,
    end_at_a_change,
    replace_for_ever,
    seen,
    start,
    torn_slices,
    watch,
    write_once,
)
from recs_platform_tests.warehouse.tables import DATASET, VISITS, days, marks, stored, visits, write

TABLE = f"{DATASET}/{VISITS.name}"
KILLS, KILLS_IN_A_STORE, ROWS = 30, 8, 50
WRITES_PER_LIFE = 2.0
"""A writer is killed somewhere in its first two replacements: in writing, auditing, publishing, or between them."""


@contextmanager
def a_reader_that_never_sees_a_torn_slice(lake: Lake) -> Iterator[None]:
    gate, done, answers = FORKING.Barrier(1), FORKING.Event(), FORKING.Queue()
    reader = start(watch, lake.root, lake.scratch, ROWS, gate, done, answers)
    try:
        yield
    finally:
        done.set()
        reads, torn = answers.get(timeout=PATIENCE)
        reader.join(PATIENCE)
    assert torn == []
    assert reads > kills(lake)


def kills(lake: Lake) -> int:
    """A store is further away, so there is more time to be killed in, and each life takes longer."""
    return KILLS_IN_A_STORE if is_bucket(lake.root) else KILLS


def one_life(lake: Lake, first_mark: int, seconds: float) -> int:
    """A writer that replaces the slice until it is killed, so long after it is up; the last mark that it reported."""
    listening, telling = FORKING.Pipe(duplex=False)
    writer = start(replace_for_ever, lake.root, lake.scratch, days(0, 1), ROWS, first_mark, telling)
    telling.close()
    assert listening.poll(PATIENCE)
    last: int = listening.recv()
    time.sleep(seconds)
    writer.kill()
    writer.join(PATIENCE)
    while listening.poll():
        try:
            last = listening.recv()
        except EOFError:
            break
    return last


def seconds_of_a_replacement(lake: Lake) -> float:
    started = time.perf_counter()
    for _ in range(3):
        write(lake, days(0, 1), visits(days(0, 1), each=ROWS, pages=0))
    return (time.perf_counter() - started) / 3


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_slices(real_lake: Lake) -> None:
    chance = random.Random(20251201)
    replacement = seconds_of_a_replacement(real_lake)
    published = 0
    with a_reader_that_never_sees_a_torn_slice(real_lake):
        for life in range(1, kills(real_lake) + 1):
            first_mark = life * 1_000_000
            last = one_life(real_lake, first_mark, chance.uniform(0, WRITES_PER_LIFE * replacement))
            slices = seen(real_lake)
            assert set(slices) == set(days(0, 1))
            assert torn_slices(slices, ROWS) == []
            (found,) = {mark for slice_ in slices.values() for mark in slice_}
            # What it reported stands; the one that it was at may stand too.
            assert found in (last, last + 1)
            published += found - first_mark + 1
    assert published > kills(real_lake)

    write(real_lake, days(0, 1), visits(days(0, 1), each=ROWS, pages=7))
    assert marks(real_lake) == {day: [7] * ROWS for day in days(0, 1)}
    assert len({(row["event_date"], row["visit_id"]) for row in stored(real_lake)}) == 2 * ROWS


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

"""A writer that is killed at any moment leaves what was there before, or what it meant to write; nothing else."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recs_platform.file_store.bucket import is_bucket
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.warehouse.conftest import place_of
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, replace_for_ever, seen, start, torn_slices, watch
from recs_platform_tests.warehouse.tables import days, marks, stored, visits, write

KILLS, KILLS_IN_A_STORE, KILLS_IN_BIGQUERY, ROWS = 15, 5, 3, 50
LONGEST_WAIT = 1.0
"""Replacements: a writer is killed somewhere in one, in writing, auditing, publishing, or before the next."""


@contextmanager
def a_reader_that_never_sees_a_torn_slice(warehouse: Warehouse) -> Iterator[None]:
    gate, done, answers = FORKING.Barrier(1), FORKING.Event(), FORKING.Queue()
    reader = start(watch, *place_of(warehouse), ROWS, gate, done, answers)
    try:
        yield
    finally:
        done.set()
        reads, torn = answers.get(timeout=PATIENCE)
        reader.join(PATIENCE)
    assert torn == []
    assert reads > kills(warehouse)


def kills(warehouse: Warehouse) -> int:
    """A store is further away, so there is more time to be killed in, and each life takes longer."""
    if isinstance(warehouse, BigQueryWarehouse):
        return KILLS_IN_BIGQUERY
    root, _ = place_of(warehouse)
    return KILLS_IN_A_STORE if is_bucket(root) else KILLS


def one_life(warehouse: Warehouse, first_mark: int, reports: int, seconds: float) -> int:
    """A writer that replaces the slice until it is killed, so long after so many reports; the last mark that it
    reported."""
    listening, telling = FORKING.Pipe(duplex=False)
    writer = start(replace_for_ever, *place_of(warehouse), days(0, 1), ROWS, first_mark, telling)
    telling.close()
    last = first_mark
    for _ in range(reports):
        assert listening.poll(PATIENCE)
        last = listening.recv()
    time.sleep(seconds)
    writer.kill()
    writer.join(PATIENCE)
    while listening.poll():
        try:
            last = listening.recv()
        except EOFError:
            break
    return last


def seconds_of_a_replacement(warehouse: Warehouse) -> float:
    started = time.perf_counter()
    for _ in range(3):
        write(warehouse, days(0, 1), visits(days(0, 1), each=ROWS, pages=0))
    return (time.perf_counter() - started) / 3


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_slices(real_warehouse: Warehouse) -> None:
    chance = random.Random(20251201)
    replacement = seconds_of_a_replacement(real_warehouse)
    published = 0
    with a_reader_that_never_sees_a_torn_slice(real_warehouse):
        for life in range(1, kills(real_warehouse) + 1):
            first_mark = life * 1_000_000
            last = one_life(real_warehouse, first_mark, 1 + life % 2, chance.uniform(0, LONGEST_WAIT * replacement))
            slices = seen(real_warehouse)
            assert set(slices) == set(days(0, 1))
            assert torn_slices(slices, ROWS) == []
            (found,) = {mark for slice_ in slices.values() for mark in slice_}
            # What it reported stands; the one that it was at may stand too.
            assert found in (last, last + 1)
            published += found - first_mark + 1
    assert published > kills(real_warehouse)

    write(real_warehouse, days(0, 1), visits(days(0, 1), each=ROWS, pages=7))
    assert marks(real_warehouse) == {day: [7] * ROWS for day in days(0, 1)}
    assert len({(row["event_date"], row["visit_id"]) for row in stored(real_warehouse)}) == 2 * ROWS

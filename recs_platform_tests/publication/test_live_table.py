"""The warehouse's part: a slice becomes the whole live table in one step, and a fingerprint tells slices apart."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from recs_platform.errors import MissingSliceError
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject, Warehouse
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.publication.shop import COMPANY, PICKS, day, lake_in
from recs_platform_tests.warehouse.conftest import open_bigquery, open_lake

SOURCE, TARGET = TableRef(COMPANY, PICKS.of), TableRef(COMPANY, PICKS.live)
SCHEMA = pa.schema([pa.field(column.name, column.type) for column in PICKS.of.columns])
MADE = datetime.datetime(2025, 12, 1)


@pytest.fixture(params=["folder", "url", pytest.param("bigquery", marks=pytest.mark.slow)])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    if request.param == "folder":
        return lake_in(tmp_path)
    if request.param == "bigquery":
        return open_bigquery(request.getfixturevalue("bigquery"), tmp_path / "scratch")
    return open_lake(f"file://{tmp_path / 'far'}", tmp_path / "scratch")


def write(warehouse: Warehouse, offset: int, customers: list[str], item: str = "a") -> None:
    rows: list[dict[str, Any]] = [
        {"as_of": day(offset), "customer_id": customer, "item_id": item, "generated_at": MADE} for customer in customers
    ]
    subject = Subject("toy/picks", COMPANY, SOURCE, Days.one(day(offset)))
    warehouse.replace(subject, pa.Table.from_pylist(rows, schema=SCHEMA).to_reader())


def seen(warehouse: Warehouse) -> list[tuple[int, str]]:
    with warehouse.read(TARGET) as reader:
        return sorted((row["as_of"].day, row["customer_id"]) for row in reader.read_all().to_pylist())


def test_a_slice_becomes_the_whole_live_table(warehouse: Warehouse) -> None:
    write(warehouse, 0, ["ann", "bob"])
    write(warehouse, 1, ["cat"])
    first = warehouse.publish(SOURCE, day(0), TARGET, {"by": "x"})
    assert seen(warehouse) == [(1, "ann"), (1, "bob")]
    second = warehouse.publish(SOURCE, day(1), TARGET, {"by": "y"})
    assert seen(warehouse) == [(2, "cat")]
    assert second == first + 1
    assert warehouse.versions(TARGET)[0].note["by"] == "y"
    assert warehouse.restore(TARGET, first, {"by": "z"}) == second + 1
    assert seen(warehouse) == [(1, "ann"), (1, "bob")]
    assert warehouse.versions(TARGET)[0].note == {"by": "z"}


def test_a_day_that_was_never_made_leaves_what_is_live(warehouse: Warehouse) -> None:
    write(warehouse, 0, ["ann"])
    warehouse.publish(SOURCE, day(0), TARGET, {})
    with pytest.raises(MissingSliceError, match=r"shop.picks has no slice for 2025-12-02"):
        warehouse.publish(SOURCE, day(1), TARGET, {})
    assert seen(warehouse) == [(1, "ann")]


def test_readers_see_one_version_or_the_other(tmp_path: Path) -> None:
    warehouse = lake_in(tmp_path)
    versions = {0: ["ann", "bob"], 1: ["cat", "dan", "eve"]}
    for offset, customers in versions.items():
        write(warehouse, offset, customers)
    whole = [[(offset + 1, customer) for customer in customers] for offset, customers in versions.items()]
    warehouse.publish(SOURCE, day(0), TARGET, {})
    reads = [seen(warehouse)]

    def publish_until_it_was_read_often() -> int:
        number = 0
        while number < 20 or len(reads) <= 5:
            number += 1
            warehouse.publish(SOURCE, day(number % 2), TARGET, {})
        return number

    with ThreadPoolExecutor(1) as threads:
        publishing = threads.submit(publish_until_it_was_read_often)
        while not publishing.done():
            reads.append(seen(warehouse))
        assert publishing.result() >= 20
    assert all(read in whole for read in reads)


def test_a_fingerprint_does_not_depend_on_order_or_files(warehouse: Warehouse) -> None:
    write(warehouse, 0, ["ann", "bob", "cat"])
    once = warehouse.fingerprint(SOURCE, day(0))
    write(warehouse, 0, ["cat", "ann", "bob"])
    assert warehouse.fingerprint(SOURCE, day(0)) == once
    warehouse.publish(SOURCE, day(0), TARGET, {})
    assert warehouse.fingerprint(TARGET, day(0)) == once


names = st.lists(st.sampled_from(["ann", "bob", "cat", "", "ann "]), max_size=4)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_in(tmp_path_factory.mktemp("lake"))


@settings(max_examples=25)
@given(names, names)
@example(["ann", "ann"], ["bob", "bob"])
def test_a_fingerprint_tells_different_rows_apart(shared: Lake, one: list[str], other: list[str]) -> None:
    write(shared, 0, one)
    first = shared.fingerprint(SOURCE, day(0))
    write(shared, 0, other)
    assert (shared.fingerprint(SOURCE, day(0)) == first) is (sorted(one) == sorted(other))


def test_vacuum_never_takes_a_version_younger_than_the_retention(tmp_path: Path) -> None:
    lake = lake_in(tmp_path, retention_days=1)
    for offset in range(3):
        write(lake, offset, [f"c{offset}"])
        lake.publish(SOURCE, day(offset), TARGET, {})
    assert lake.retention == timedelta(days=1)
    assert lake.vacuum(TARGET) == {}
    impatient = lake_in(tmp_path, retention_days=0)
    assert len(impatient.vacuum(TARGET)) == 2, "without a retention it would have taken them"

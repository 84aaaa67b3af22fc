"""What every warehouse promises of slices: replaced whole, empty is not missing, nothing of a failed write is seen."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from recs_platform.errors import SliceError
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.warehouse.tables import (
    PROFILES,
    VISITS,
    day,
    days,
    marks,
    reader,
    ref,
    stored,
    subject,
    visits,
    what_there_is,
    write,
)


def test_rows_come_back_as_they_were_written(any_warehouse: Warehouse) -> None:
    row = {
        "event_date": day(0),
        "visit_id": 2**53 + 1,
        "seen_at": datetime(2025, 12, 1, 23, 59, 59, 999_999),
        "email": "o'hara+ü@shop.example",
        "pages": 0,
        "spent": 0.1,
        "is_member": False,
    }
    nothing_known = dict.fromkeys(row) | {"event_date": day(0), "visit_id": 1}
    written = write(any_warehouse, days(0, 0), [row, nothing_known])
    assert stored(any_warehouse) == [nothing_known, row]
    assert (written.rows, written.empty_days) == (2, ())
    assert set(written.seconds) == {"write", "audit", "publish"}


def test_replacing_a_day_leaves_the_others(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 2), visits(days(0, 2)))
    write(any_warehouse, days(1, 1), visits([day(1)], each=2, pages=9))
    assert marks(any_warehouse) == {day(0): [1, 1, 1], day(1): [9, 9], day(2): [1, 1, 1]}
    assert marks(any_warehouse, days(1, 2)) == {day(1): [9, 9], day(2): [1, 1, 1]}


def test_writing_twice_gives_the_same(any_warehouse: Warehouse) -> None:
    for _ in range(2):
        write(any_warehouse, days(0, 1), visits(days(0, 1)))
    assert marks(any_warehouse) == {day(0): [1, 1, 1], day(1): [1, 1, 1]}


def test_an_empty_day_is_not_a_missing_one(any_warehouse: Warehouse) -> None:
    assert any_warehouse.days(ref()) == []
    assert stored(any_warehouse) == []
    written = write(any_warehouse, days(0, 3), visits([day(0), day(2)]))
    assert written.empty_days == (day(1), day(3))
    assert any_warehouse.days(ref()) == list(days(0, 3))
    assert marks(any_warehouse, days(1, 1)) == {}
    assert marks(any_warehouse, days(0, 9)) == {day(0): [1, 1, 1], day(2): [1, 1, 1]}


def test_a_day_can_become_empty(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 1), visits(days(0, 1)))
    assert write(any_warehouse, days(0, 0), []).rows == 0
    assert marks(any_warehouse) == {day(1): [1, 1, 1]}
    assert any_warehouse.days(ref()) == [day(0), day(1)]


def test_a_range_replaces_the_days_it_does_not_fill(any_warehouse: Warehouse) -> None:
    """What was on a day of the range before is gone, also when the new rows have none of that day."""
    write(any_warehouse, days(0, 4), visits(days(0, 4)))
    write(any_warehouse, days(1, 3), visits([day(2)], pages=5))
    assert marks(any_warehouse) == {day(0): [1, 1, 1], day(2): [5, 5, 5], day(4): [1, 1, 1]}


def test_companies_do_not_see_each_other(any_engine: Warehouse) -> None:
    write(any_engine, days(0, 0), visits([day(0)]))
    with any_engine.read(type(ref())("company_8", VISITS)) as rows:
        assert rows.read_all().num_rows == 0


def test_columns_may_come_in_any_order(any_engine: Warehouse) -> None:
    table = reader(visits([day(0)])).read_all()
    any_engine.replace(subject(days(0, 0)), table.select(table.column_names[::-1]).to_reader())
    assert marks(any_engine) == {day(0): [1, 1, 1]}


def test_what_a_reader_of_rows_meets_is_not_the_warehouses(any_engine: Warehouse) -> None:
    write(any_engine, days(0, 0), visits([day(0)]))
    with pytest.raises(ConnectionResetError, match="their own"), any_engine.read(ref()) as rows:
        assert rows.read_all().num_rows == 3
        raise ConnectionResetError(errno.ECONNRESET, "their own")


def broken_stream() -> pa.RecordBatchReader:
    table = reader(visits([day(0)])).read_all()

    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise RuntimeError("the feed broke off")

    return pa.RecordBatchReader.from_batches(table.schema, batches())


def test_a_stream_that_breaks_off_publishes_nothing_and_leaves_nothing(
    any_warehouse: Warehouse, tmp_path: Path
) -> None:
    write(any_warehouse, days(0, 0), visits([day(0)]))
    before = what_there_is(any_warehouse, tmp_path)
    with pytest.raises(Exception, match="the feed broke off"):
        any_warehouse.replace(subject(days(0, 0)), broken_stream())
    assert marks(any_warehouse) == {day(0): [1, 1, 1]}
    assert what_there_is(any_warehouse, tmp_path) == before


def test_a_failed_audit_publishes_nothing_and_leaves_nothing(any_warehouse: Warehouse, tmp_path: Path) -> None:
    write(any_warehouse, days(0, 0), visits([day(0)]))
    before = what_there_is(any_warehouse, tmp_path)
    with pytest.raises(
        SliceError, match=r"shop/visits, shop 2025-12-01: the new rows \(3 in all\) violate 1 rule of visits"
    ):
        write(any_warehouse, days(0, 0), visits([day(0)], pages=-1))
    assert marks(any_warehouse) == {day(0): [1, 1, 1]}
    assert what_there_is(any_warehouse, tmp_path) == before


def test_a_snapshot_is_kept_by_day(any_engine: Warehouse) -> None:
    for offset in (0, 2):
        write(
            any_engine, Days.one(day(offset)), [{"as_of": day(offset), "customer_id": "c1", "score": offset}], PROFILES
        )
    assert [row["score"] for row in stored(any_engine, days(1, 2), PROFILES)] == [2.0]
    assert any_engine.days(ref(PROFILES)) == [day(0), day(2)]

"""What a lake promises about slices: replaced whole, empty is not missing, nothing of a failed write is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from recs_platform.errors import SliceError
from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import Days
from recs_platform_tests.warehouse.conftest import open_lake
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
    write,
)


def test_rows_come_back_as_they_were_written(any_lake: Lake) -> None:
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
    written = write(any_lake, days(0, 0), [row, nothing_known])
    assert stored(any_lake) == [nothing_known, row]
    assert (written.rows, written.empty_days) == (2, ())
    assert written.size > 0
    assert set(written.seconds) == {"write", "audit", "publish"}


def test_replacing_a_day_leaves_the_others(any_lake: Lake) -> None:
    write(any_lake, days(0, 2), visits(days(0, 2)))
    write(any_lake, days(1, 1), visits([day(1)], each=2, pages=9))
    assert marks(any_lake) == {day(0): [1, 1, 1], day(1): [9, 9], day(2): [1, 1, 1]}
    assert marks(any_lake, days(1, 2)) == {day(1): [9, 9], day(2): [1, 1, 1]}


def test_writing_twice_gives_the_same(any_lake: Lake) -> None:
    for _ in range(2):
        write(any_lake, days(0, 1), visits(days(0, 1)))
    assert marks(any_lake) == {day(0): [1, 1, 1], day(1): [1, 1, 1]}


def test_an_empty_day_is_not_a_missing_one(any_lake: Lake) -> None:
    assert any_lake.days(ref()) == []
    assert stored(any_lake) == []
    written = write(any_lake, days(0, 3), visits([day(0), day(2)]))
    assert written.empty_days == (day(1), day(3))
    assert any_lake.days(ref()) == list(days(0, 3))
    assert marks(any_lake, days(1, 1)) == {}
    assert marks(any_lake, days(0, 9)) == {day(0): [1, 1, 1], day(2): [1, 1, 1]}


def test_a_day_can_become_empty(any_lake: Lake) -> None:
    write(any_lake, days(0, 1), visits(days(0, 1)))
    assert write(any_lake, days(0, 0), []).rows == 0
    assert marks(any_lake) == {day(1): [1, 1, 1]}
    assert any_lake.days(ref()) == [day(0), day(1)]


def test_a_range_replaces_the_days_it_does_not_fill(any_lake: Lake) -> None:
    """What was on a day of the range before is gone, also when the new rows have none of that day."""
    write(any_lake, days(0, 4), visits(days(0, 4)))
    write(any_lake, days(1, 3), visits([day(2)], pages=5))
    assert marks(any_lake) == {day(0): [1, 1, 1], day(2): [5, 5, 5], day(4): [1, 1, 1]}


def test_a_range_of_more_days_than_duckdb_keeps_files_open(lake: Lake) -> None:
    written = write(lake, days(0, 299), visits(days(0, 299), each=2))
    assert written.rows == 600
    assert marks(lake) == {d: [1, 1] for d in days(0, 299)}


def test_companies_do_not_see_each_other(lake: Lake) -> None:
    write(lake, days(0, 0), visits([day(0)]))
    with lake.read(type(ref())("company_8", VISITS)) as rows:
        assert rows.read_all().num_rows == 0


def test_columns_may_come_in_any_order(lake: Lake) -> None:
    table = reader(visits([day(0)])).read_all()
    lake.replace(subject(days(0, 0)), table.select(table.column_names[::-1]).to_reader())
    assert marks(lake) == {day(0): [1, 1, 1]}


def broken_stream() -> pa.RecordBatchReader:
    table = reader(visits([day(0)])).read_all()

    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise RuntimeError("the feed broke off")

    return pa.RecordBatchReader.from_batches(table.schema, batches())


def test_a_stream_that_breaks_off_publishes_nothing_and_leaves_nothing(any_lake: Lake, tmp_path: Path) -> None:
    write(any_lake, days(0, 0), visits([day(0)]))
    before = everything(any_lake, tmp_path)
    with pytest.raises(Exception, match="the feed broke off"):
        any_lake.replace(subject(days(0, 0)), broken_stream())
    assert marks(any_lake) == {day(0): [1, 1, 1]}
    assert everything(any_lake, tmp_path) == before


def test_a_failed_audit_publishes_nothing_and_leaves_nothing(any_lake: Lake, tmp_path: Path) -> None:
    write(any_lake, days(0, 0), visits([day(0)]))
    before = everything(any_lake, tmp_path)
    with pytest.raises(
        SliceError, match=r"shop/visits, shop 2025-12-01: the new rows \(3 in all\) violate 1 rule of visits"
    ):
        write(any_lake, days(0, 0), visits([day(0)], pages=-1))
    assert marks(any_lake) == {day(0): [1, 1, 1]}
    assert everything(any_lake, tmp_path) == before


def test_a_commit_that_fails_takes_its_files_back(
    any_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(any_lake, days(0, 0), visits([day(0)]))
    before = everything(any_lake, tmp_path)
    monkeypatch.setattr("deltalake.DeltaTable.create_write_transaction", refuse)
    with pytest.raises(KeyboardInterrupt):
        write(any_lake, days(0, 0), visits([day(0)], pages=2))
    assert marks(any_lake) == {day(0): [1, 1, 1]}
    assert everything(any_lake, tmp_path) == before


def refuse(*_: object, **__: object) -> None:
    """Stands for the person who presses Ctrl-C at the worst moment; no server can be made to do that on time."""
    raise KeyboardInterrupt


def everything(lake: Lake, folder: Path) -> set[str]:
    """Every file, here and in the lake's bucket; delta-rs keeps no temporary ones, and neither do we."""
    stored = Bucket(lake.root, "RECS_LAKE_URL").listed("") if is_bucket(lake.root) else ()
    return {str(path) for path in folder.rglob("*") if path.is_file()} | set(stored)


def test_nothing_is_left_in_the_scratch_folders(any_lake: Lake, tmp_path: Path) -> None:
    write(any_lake, days(0, 0), visits([day(0)]))
    stored(any_lake)
    assert list((tmp_path / "scratch" / "spill").iterdir()) == []
    staging = tmp_path / "lake" / ".staging" if any_lake.root.startswith("/") else tmp_path / "scratch" / "staging"
    assert list(staging.iterdir()) == []


def test_a_reader_keeps_the_version_it_opened(lake: Lake) -> None:
    write(lake, days(0, 0), visits([day(0)], each=250_000))
    with lake.read(ref()) as rows:
        first = rows.read_next_batch()
        write(lake, days(0, 0), visits([day(0)], pages=2))
        rest = rows.read_all()
    assert first.num_rows + rest.num_rows == 250_000
    assert set(rest["pages"].to_pylist()) == {1}


@pytest.mark.slow
def test_three_million_rows_stream_through_300_megabytes(tmp_path: Path) -> None:
    """A feed larger than the memory that a query may use is never held as a whole."""
    lake = open_lake(str(tmp_path / "lake"), tmp_path / "scratch", memory_limit="300MB")
    schema = pa.schema([pa.field(c.name, c.type) for c in VISITS.columns])
    chunk = 100_000

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(30):
            columns = {
                "event_date": pa.array([day(number % 3)] * chunk, pa.date32()),
                "visit_id": pa.array(range(number * chunk, (number + 1) * chunk), pa.int64()),
                "email": pa.array([f"customer{n}@shop.example" for n in range(chunk)]),
            }
            made = [columns.get(field.name, pa.nulls(chunk, field.type)) for field in schema]
            yield pa.RecordBatch.from_arrays(made, schema=schema)

    stream = pa.RecordBatchReader.from_batches(schema, batches())
    written = lake.replace(subject(days(0, 2)), stream, audits=(SCHEMA_AUDIT,))
    assert written.rows == 3_000_000
    with lake.read(ref(), days(1, 1)) as rows:
        assert sum(batch.num_rows for batch in rows) == 1_000_000
    assert list((tmp_path / "scratch" / "spill").iterdir()) == []


def test_a_snapshot_is_kept_by_day(lake: Lake) -> None:
    for offset in (0, 2):
        write(lake, Days.one(day(offset)), [{"as_of": day(offset), "customer_id": "c1", "score": offset}], PROFILES)
    assert [row["score"] for row in stored(lake, days(1, 2), PROFILES)] == [2.0]
    assert lake.days(ref(PROFILES)) == [day(0), day(2)]

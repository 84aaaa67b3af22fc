"""What a lake does besides what every warehouse promises (../test_slices.py): files, memory, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from recs_platform.clock import making, recording
from recs_platform.timings import Phase
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import ALL_DAYS
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import (
    DATASET,
    VISITS,
    day,
    days,
    marks,
    ref,
    stored,
    subject,
    visits,
    what_there_is,
    write,
)


def test_a_range_of_more_days_than_duckdb_keeps_files_open(lake: Lake) -> None:
    written = write(lake, days(0, 299), visits(days(0, 299), each=2))
    assert written.rows == 600
    assert marks(lake) == {d: [1, 1] for d in days(0, 299)}


def test_a_commit_that_fails_takes_its_files_back(
    any_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(any_lake, days(0, 0), visits([day(0)]))
    before = what_there_is(any_lake, tmp_path)
    monkeypatch.setattr("deltalake.DeltaTable.create_write_transaction", refuse)
    with pytest.raises(KeyboardInterrupt):
        write(any_lake, days(0, 0), visits([day(0)], pages=2))
    assert marks(any_lake) == {day(0): [1, 1, 1]}
    assert what_there_is(any_lake, tmp_path) == before


def refuse(*_: object, **__: object) -> None:
    """Stands for the person who presses Ctrl-C at the worst moment; no server can be made to do that on time."""
    raise KeyboardInterrupt


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


def test_inputs_are_the_files_whose_rows_are_read(lake: Lake) -> None:
    write(lake, days(0, 2), visits(days(0, 2), each=2))
    with recording() as recorder, making("counts", Phase.WRITE):
        with lake.read(ref(), days(0, 1)) as rows:
            rows.read_all()
        assert recorder.inputs.rows == 2 * 2
        lake.checksum(ref(), days(0, 0))
        lake.fingerprint(ref(), day(0))
        assert recorder.inputs.rows == 2 * 2 + 2 + 2
        lake.all_before(ref(), day(0), "event_date", day(9))
        lake.days(ref())
        assert recorder.inputs.rows == 2 * 2 + 2 + 2
        # The first day was input three times, the second once.
        again = recorder.timings().reread[ref().name]
        assert (again.times, again.again) == (3, 2 * again.stored)


def test_a_slice_says_how_many_bytes_are_stored(any_lake: Lake) -> None:
    assert write(any_lake, days(0, 0), visits([day(0)])).size > 0


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


def test_rows_are_handed_over_sorted_where_a_query_says_so(lake: Lake) -> None:
    mixed = [{**row, "pages": 7 * number % 10} for number, row in enumerate(visits(days(0, 4), each=2))]
    write(lake, days(0, 4), mixed)
    given = [pages_in_order(lake, header) for header in ("", "-- sorted: visits pages\n")]
    assert given[0] != sorted(given[0])
    assert given[1] == sorted(given[0])


def pages_in_order(lake: Lake, header: str) -> list[int]:
    query = parse_query("asked", f"{header}SELECT pages FROM visits", "sql/asked.sql")
    views = (View("visits", VISITS, ALL_DAYS, required=False),)
    with lake.run(BoundQuery(query, DATASET, {}, views)) as reader:
        pages: list[int] = reader.read_all()["pages"].to_pylist()
    return pages

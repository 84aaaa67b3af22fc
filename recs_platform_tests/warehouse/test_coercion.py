"""What a slice's rows must be before they are stored: the declared columns and days, coerced, nothing lost silently.

Rows that Python made become a file in one way for every engine: its many cases are tried on a lake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.errors import SliceError
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.warehouse.tables import (
    DATASET,
    PROFILES,
    VISITS,
    day,
    days,
    stored,
    subject,
    visits,
    write,
)


def visit(**values: Any) -> dict[str, list[Any]]:
    """The columns of one visit."""
    names = [column.name for column in VISITS.columns]
    return {name: [{"event_date": day(0), "visit_id": 1, **values}.get(name)] for name in names}


def replace(warehouse: Warehouse, frame: pa.Table, spec: TableSpec = VISITS) -> None:
    warehouse.replace(subject(days(0, 0), spec), frame.to_reader(), audits=(SCHEMA_AUDIT,))


def complaint(warehouse: Warehouse, columns: Mapping[str, Any], spec: TableSpec = VISITS) -> str:
    """What is said of a slice that cannot be stored; nothing was."""
    with pytest.raises(SliceError) as caught:
        replace(warehouse, pa.table(columns), spec)
    assert warehouse.days(subject(days(0, 0), spec).table) == []
    message = str(caught.value)
    assert message.startswith(f"shop/{spec.name}, shop 2025-12-01: ")
    assert "Nothing was published" in message
    return message.removeprefix(f"shop/{spec.name}, shop 2025-12-01: ")


def test_pandas_types_become_the_declared_ones(any_engine: Warehouse) -> None:
    frame = pd.DataFrame(
        {
            "event_date": pd.to_datetime(["2025-12-01", "2025-12-01"]),
            "visit_id": [1.0, 2.0],
            "seen_at": pd.to_datetime(["2025-12-01 10:00:00.123456", None]),
            "email": pd.Categorical(["a", None]),
            "pages": [3.0, float("nan")],
            "spent": pd.array([3, None], dtype="Int64"),
            "is_member": pd.array([True, None], dtype="boolean"),
        }
    )
    replace(any_engine, pa.Table.from_pandas(frame, preserve_index=False))
    first, second = stored(any_engine)
    assert list(first.values()) == [day(0), 1, datetime(2025, 12, 1, 10, 0, 0, 123456), "a", 3, 3.0, True]
    assert list(second.values()) == [day(0), 2, None, None, None, None, None]


def test_a_time_with_a_zone_is_stored_as_utc(any_engine: Warehouse) -> None:
    zoned = pa.array([datetime(2025, 12, 1, 9, 30, tzinfo=UTC)], pa.timestamp("us", "America/New_York"))
    replace(any_engine, pa.table(visit() | {"seen_at": zoned}))
    assert stored(any_engine)[0]["seen_at"] == datetime(2025, 12, 1, 9, 30)


@pytest.mark.parametrize(
    "number", [1.5, Decimal("1.5"), "1.5", pa.scalar(1.5, pa.float32()).as_py()], ids=["float", "decimal", "text", "32"]
)
def test_a_fraction_is_not_rounded_to_a_whole_number(lake: Lake, number: object) -> None:
    message = complaint(lake, visit(pages=number))
    assert message == "column pages (INT64): fraction in pages: 1.5. Nothing was published."


@pytest.mark.parametrize("number", [7.0, Decimal("7.0"), "7", 7], ids=["float", "decimal", "text", "int"])
def test_a_whole_number_in_another_type_is_one(lake: Lake, number: object) -> None:
    replace(lake, pa.table(visit(pages=number)))
    assert stored(lake)[0]["pages"] == 7


def test_a_large_whole_number_keeps_its_digits(any_engine: Warehouse) -> None:
    replace(any_engine, pa.table(visit(visit_id="9007199254740993")))
    assert stored(any_engine)[0]["visit_id"] == 9007199254740993


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e30, Decimal(10**20)])
def test_what_no_whole_number_can_hold_is_refused(lake: Lake, number: object) -> None:
    message = complaint(lake, visit(pages=number))
    assert message.startswith("column pages (INT64): ")
    assert re.search("out of range|Failed to cast decimal value", message)


def test_nan_is_no_number_and_no_null(any_engine: Warehouse) -> None:
    assert "column spent: must be a number, not NaN: 1 bad row" in complaint(any_engine, visit(spent=float("nan")))


def test_text_that_is_no_number_names_its_column_and_masks_addresses(any_engine: Warehouse) -> None:
    message = complaint(any_engine, visit(pages="jane.doe@mail.example"))
    assert message.startswith("column pages (INT64): Could not convert string 'j***@***.example' to INT64")


def test_the_value_of_a_personal_column_is_not_told(lake: Lake) -> None:
    """The message says which column, not which number."""
    for phone in ("06-1234", 1234.5, 1e30):
        columns = {"as_of": [day(0)], "customer_id": ["c"], "phone": [phone], "score": [1.0]}
        assert complaint(lake, columns, PROFILES) == (
            "column phone (INT64): a value cannot become one of this type. Nothing was published."
        )


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_a_type_that_cannot_become_the_declared_one_is_refused(lake: Lake, value: object) -> None:
    assert "seen_at" in complaint(lake, visit(seen_at=value))


def test_columns_are_exactly_the_declared_ones(any_engine: Warehouse) -> None:
    columns = visit()
    del columns["spent"], columns["email"]
    message = complaint(any_engine, columns | {"emial": ["x"], "other": [1]})
    assert message == (
        "the new slice of visits lacks email, spent and has emial, other, which the table does not declare. "
        "Nothing was published."
    )


@pytest.mark.parametrize("of", [1, -1])
def test_rows_of_another_day_are_refused(any_engine: Warehouse, of: int) -> None:
    message = complaint(any_engine, visit(event_date=day(of)))
    assert message == f"column event_date: 1 rows are of {day(of)}, outside the slice. Nothing was published."


def test_rows_of_no_day_are_refused(any_engine: Warehouse) -> None:
    message = complaint(any_engine, {**visit(), "event_date": pa.array([None], pa.date32())})
    assert message == "column event_date: 1 rows are of no day, outside the slice. Nothing was published."


def from_query(warehouse: Warehouse, text: str, frame: pa.Table) -> None:
    """Land a frame through a query, as a source is landed."""
    query = parse_query("visits", text, "sql/visits.sql")
    warehouse.replace(
        subject(days(0, 0)), BoundQuery(query, DATASET, {}, (), {"feed": lambda: nullcontext(frame.to_reader())})
    )


LANDING = "SELECT event_date, visit_id, seen_at, email, pages, spent, is_member FROM feed"


def test_a_query_of_a_log_keeps_its_own_days(any_engine: Warehouse) -> None:
    rows = [{**dict.fromkeys(visit()), **row} for row in visits(days(-1, 1), each=1)]
    from_query(any_engine, LANDING, pa.Table.from_pylist(rows, schema=VISITS.arrow_schema))
    assert [row["event_date"] for row in stored(any_engine)] == [day(0)]


def test_a_query_of_a_log_does_not_lose_rows_without_a_day(any_engine: Warehouse) -> None:
    with pytest.raises(SliceError, match="column event_date: 1 rows are of no day, outside the slice"):
        from_query(any_engine, LANDING, pa.table({**visit(), "event_date": pa.array([None], pa.date32())}))


def test_a_query_of_a_log_does_not_lose_the_hours_of_its_day(any_engine: Warehouse) -> None:
    """`event_date` given as a timestamp is the day of that timestamp, not its midnight alone."""
    from_query(any_engine, LANDING, pa.table(visit(event_date=datetime(2025, 12, 1, 18, 0))))
    assert [row["event_date"] for row in stored(any_engine)] == [day(0)]


def test_frames_are_written_whole(any_engine: Warehouse) -> None:
    write(any_engine, days(0, 0), visits([day(0)], each=1000))
    assert len(stored(any_engine)) == 1000

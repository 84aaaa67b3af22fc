"""Every type that a source may have, to every type that is declared: converted, or unreadable in words.

Not here: which types are refused (sources/test_conform.py), which rows are rejected for what they say (the landing
fixtures), and reading files (sources/connectors/).
"""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.schemas.landing import SOURCE_DAY, UNREADABLE
from recs_platform.schemas.sources import Catalog, Customers, Offers
from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.warehouse.lake.conversion import Unconverted, converted, projection, show_incoming
from recs_platform.warehouse.lake.engine import quoted

# One column of each declared type.
COLUMNS = {
    "VARCHAR": (Catalog, "name"),
    "BIGINT": (Catalog, "price_tier"),
    "DOUBLE": (Catalog, "price"),
    "BOOLEAN": (Catalog, "is_fresh"),
    "DATE": (Offers, "starts_on"),
    "TIMESTAMP": (Customers, "updated_at"),
}
_SESSIONS = ["UTC", "America/Chicago", "Asia/Tokyo"]
_MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))
UNFIT = "does not fit"
"""Stands for a value that makes its row unreadable."""

_NOON = datetime(2025, 9, 1, 12)
_SMALL = pa.int8()
_AMOUNT = pa.decimal128(12, 2)
_WORDS = {
    "BIGINT": "price_tier is not a whole number",
    "DOUBLE": "price is not a number",
    "BOOLEAN": "is_fresh is not true or false",
    "DATE": "starts_on is not a date",
    "TIMESTAMP": "updated_at is not a timestamp",
}


def _spec(declared: str) -> tuple[TableSpec, str]:
    model, column = COLUMNS[declared]
    return spec_of(model), column


def _given(values: pa.Array[Any], column: str) -> pa.Table:
    return pa.table({column: values, SOURCE_DAY: pa.nulls(len(values), pa.date32())})


def _converted(values: pa.Array[Any], declared: str, session: str = "UTC") -> list[Any]:
    """The values as they land; UNFIT where the row says that the value does not fit, in the column's words."""
    spec, column = _spec(declared)
    table = _given(values, column)
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{session}'")
        connection.register("given", table.to_reader())
        selected = ", ".join(projection(spec, table.schema))
        rows = connection.execute(
            f"SELECT {quoted(column)}, {UNREADABLE}, typeof({quoted(column)}) FROM (SELECT {selected} FROM given)"
        ).fetchall()
    with converted(table.to_reader(), spec) as stream:
        streamed = stream.read_all()
    with duckdb.connect() as connection, ExitStack() as opened:
        show_incoming(connection, "source", Unconverted(spec, None, lambda: nullcontext(table.to_reader())), opened)
        assert connection.execute("SELECT * FROM source").to_arrow_table().to_pylist() == streamed.to_pylist()
    # A stream is read at UTC, whatever a session's zone is.
    assert list(zip(streamed[column].to_pylist(), streamed[UNREADABLE].to_pylist(), strict=True)) == [
        (value, words) for value, words, _ in rows
    ]
    assert {kind for *_, kind in rows} == {declared}
    assert {words for _, words, _ in rows} <= {None, _WORDS.get(declared)}
    assert all(value is None for value, words, _ in rows if words)
    return [UNFIT if words else value for value, words, _ in rows]


_TEXTS: dict[str, list[tuple[str | None, Any]]] = {
    "VARCHAR": [(None, None), ("", None), ("  ", None), ("A-1", "A-1"), (" A 1 ", " A 1 "), ("007", "007")],
    "BIGINT": [
        *((None, None), ("", None), ("  ", None), ("7", 7), (" 7 ", 7), ("-7", -7), ("7.0", 7), ("1e3", 1000)),
        *(("7.5", UNFIT), ("seven", UNFIT), ("7,000", UNFIT), ("nan", UNFIT), ("inf", UNFIT)),
        ("9007199254740993", 9007199254740993),
        ("99999999999999999999", UNFIT),
    ],
    "DOUBLE": [
        *((None, None), (" ", None), ("9.50", 9.5), (" -1 ", -1.0), ("1e-3", 0.001)),
        *(("9,50", UNFIT), ("$9.50", UNFIT), ("nan", UNFIT), ("inf", UNFIT), ("-Infinity", UNFIT)),
    ],
    "BOOLEAN": [
        *((None, None), ("", None), ("true", True), (" FALSE ", False), ("t", True), ("f", False)),
        *(("yes", True), ("no", False), ("1", True), ("0", False), ("2", UNFIT), ("maybe", UNFIT)),
    ],
    "DATE": [
        *((None, None), (" ", None), ("2025-09-01", date(2025, 9, 1)), (" 2025-09-01 ", date(2025, 9, 1))),
        ("2025-09-01 23:59:59", date(2025, 9, 1)),
        ("2025-09-01T23:30:00-05:00", date(2025, 9, 1)),
        *(("2025-02-30", UNFIT), ("01.09.2025", UNFIT), ("soon", UNFIT), ("infinity", UNFIT), ("12025-01-01", UNFIT)),
        ("epoch", UNFIT),
    ],
    "TIMESTAMP": [
        *((None, None), ("", None), ("2025-09-01 12:00:00", _NOON), (" 2025-09-01T12:00:00 ", _NOON)),
        ("2025-09-01", datetime(2025, 9, 1)),
        ("2025-09-01 12:00:00.25", _NOON.replace(microsecond=250_000)),
        *(("2025-09-01T12:00:00Z", _NOON), ("2025-09-01 12:00:00 UTC", _NOON), ("2025-09-01 12:00:00+00", _NOON)),
        *(
            ("2025-09-01T07:00:00-05:00", _NOON),
            ("2025-09-01 14:00:00.0+0200", _NOON),
            ("2025-09-01 14:00:00+02", _NOON),
        ),
        ("2025-09-01T23:30:00-05:00", datetime(2025, 9, 2, 4, 30)),
        ("2025-09-01 14:00:00 Europe/Berlin", _NOON),
        *(("yesterday", UNFIT), ("2025-13-01 00:00:00", UNFIT), ("infinity", UNFIT), ("290000-01-01", UNFIT)),
        ("1756728000", UNFIT),
        *((f"2025-09-01 12:00:00{zone}", UNFIT) for zone in ("+02:00:30", "+99:00", "-15:00", "+02:60", " CEST", "+2")),
        *(("2025-09-01 23:00:00+14:00", datetime(2025, 9, 1, 9)), ("epoch", UNFIT), (" EPOCH", UNFIT)),
    ],
}


@pytest.mark.parametrize("session", _SESSIONS)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
@pytest.mark.parametrize("declared", COLUMNS)
def test_text(declared: str, kind: pa.DataType, session: str) -> None:
    """What CSV gives for every column, and Parquet for some; a category is text too. In any session's zone."""
    given_texts = pa.array([text for text, _ in _TEXTS[declared]], pa.string()).cast(kind)
    assert _converted(given_texts, declared, session) == [wanted for _, wanted in _TEXTS[declared]]


NUMBERS: list[tuple[str, pa.DataType, list[Any], list[Any]]] = [
    ("BIGINT", _SMALL, [7, None, -7], [7, None, -7]),
    ("BIGINT", pa.uint64(), [7, 2**63 - 1, 2**63], [7, 2**63 - 1, UNFIT]),
    ("BIGINT", pa.float64(), [7.0, float("nan"), None, 7.5, float("inf"), 1e300], [7, None, None, UNFIT, UNFIT, UNFIT]),
    ("BIGINT", pa.float32(), [7.0, 0.5], [7, UNFIT]),
    ("BIGINT", _AMOUNT, [Decimal("7.00"), Decimal("7.50"), None], [7, UNFIT, None]),
    ("BIGINT", pa.decimal128(38, 0), [Decimal(2**63 - 1), Decimal(2**63)], [2**63 - 1, UNFIT]),
    ("BIGINT", pa.dictionary(_SMALL, pa.int64()), [7, None], [7, None]),
    ("DOUBLE", _SMALL, [7, None], [7.0, None]),
    ("DOUBLE", pa.float32(), [0.5, float("nan")], [0.5, None]),
    ("DOUBLE", pa.float64(), [9.5, float("nan"), None, float("-inf")], [9.5, None, None, UNFIT]),
    ("DOUBLE", _AMOUNT, [Decimal("9.50"), None], [9.5, None]),
    ("VARCHAR", pa.int64(), [123, None], ["123", None]),
    ("VARCHAR", pa.float64(), [123.0, float("nan"), None, 1.5, float("inf")], ["123", None, None, "1.5", "inf"]),
    ("VARCHAR", _AMOUNT, [Decimal("9.50")], ["9.50"]),
    ("BOOLEAN", _SMALL, [1, 0, None, 2, -1], [True, False, None, UNFIT, UNFIT]),
    ("BOOLEAN", pa.bool_(), [True, False, None], [True, False, None]),
    ("VARCHAR", pa.bool_(), [True, None], ["true", None]),
]


@pytest.mark.parametrize(("declared", "kind", "values", "wanted"), NUMBERS, ids=lambda value: str(value)[:30])
def test_numbers(declared: str, kind: pa.DataType, values: list[Any], wanted: list[Any]) -> None:
    column = kind.value_type if pa.types.is_dictionary(kind) else kind
    given_numbers = pa.array(values, column, from_pandas=False)
    assert _converted(given_numbers if column is kind else given_numbers.dictionary_encode(), declared) == wanted


MOMENTS: list[tuple[str, pa.DataType, list[Any], list[Any]]] = [
    ("TIMESTAMP", pa.timestamp("us"), [_NOON, None], [_NOON, None]),
    ("TIMESTAMP", pa.timestamp("s"), [_NOON], [_NOON]),
    ("TIMESTAMP", pa.timestamp("ms"), [_NOON], [_NOON]),
    ("TIMESTAMP", pa.timestamp("ns"), [_NOON, None], [_NOON, None]),
    ("TIMESTAMP", pa.timestamp("us", "UTC"), [_NOON.replace(tzinfo=UTC), None], [_NOON, None]),
    ("TIMESTAMP", pa.timestamp("ns", "UTC"), [_NOON.replace(tzinfo=UTC)], [_NOON]),
    ("TIMESTAMP", pa.timestamp("us", "America/Chicago"), [_NOON.replace(tzinfo=UTC)], [_NOON]),
    ("TIMESTAMP", pa.date32(), [date(2025, 9, 1), None], [datetime(2025, 9, 1), None]),
    ("TIMESTAMP", pa.date64(), [date(2025, 9, 1)], [datetime(2025, 9, 1)]),
    ("TIMESTAMP", pa.timestamp("us"), [9 * 10**18, 0], [UNFIT, datetime(1970, 1, 1)]),
    ("DATE", pa.date32(), [date(2025, 9, 1), None], [date(2025, 9, 1), None]),
    ("DATE", pa.date64(), [date(2025, 9, 1)], [date(2025, 9, 1)]),
    ("DATE", pa.timestamp("us"), [_NOON, None], [date(2025, 9, 1), None]),
    ("DATE", pa.timestamp("us", "UTC"), [datetime(2025, 9, 1, 23, tzinfo=UTC)], [date(2025, 9, 1)]),
    ("DATE", pa.timestamp("us", "Asia/Tokyo"), [datetime(2025, 9, 1, 1, tzinfo=UTC)], [date(2025, 9, 1)]),
    ("VARCHAR", pa.date32(), [date(2025, 9, 1)], ["2025-09-01"]),
    ("VARCHAR", pa.timestamp("us", "Asia/Tokyo"), [_NOON.replace(tzinfo=UTC)], ["2025-09-01 12:00:00"]),
]


@pytest.mark.parametrize("session", _SESSIONS)
@pytest.mark.parametrize(("declared", "kind", "values", "wanted"), MOMENTS, ids=lambda value: str(value)[:30])
def test_moments(declared: str, kind: pa.DataType, values: list[Any], wanted: list[Any], session: str) -> None:
    """Points in time are in UTC afterwards, wherever they are read."""
    assert _converted(pa.array(values, kind), declared, session) == wanted


@pytest.mark.parametrize("declared", COLUMNS)
def test_a_column_that_is_all_null_or_absent_is_null(declared: str) -> None:
    spec, column = _spec(declared)
    assert _converted(pa.nulls(2), declared) == [None, None]
    with duckdb.connect() as connection:
        connection.register("given", _given(pa.nulls(1), "unrelated"))
        selected = ", ".join(projection(spec, pa.schema([(SOURCE_DAY, pa.date32())])))
        row = connection.execute(
            f"SELECT {quoted(column)}, {UNREADABLE} FROM (SELECT {selected} FROM given)"
        ).fetchone()
    assert row == (None, None)


def test_of_several_values_that_do_not_fit_the_first_column_is_named() -> None:
    spec = spec_of(Catalog)
    table = pa.table({"is_fresh": ["perhaps", "perhaps"], "price": ["much", "1"], SOURCE_DAY: pa.nulls(2, pa.date32())})
    with duckdb.connect() as connection:
        connection.register("given", table)
        words = connection.execute(
            f"SELECT {UNREADABLE} FROM (SELECT {', '.join(projection(spec, table.schema))} FROM given) ORDER BY 1"
        ).fetchall()
    assert words == [("is_fresh is not true or false",), ("price is not a number",)]


@pytest.mark.slow
@settings(max_examples=10)
@given(st.lists(st.tuples(_MOMENTS, st.sampled_from(_SESSIONS)), min_size=10, max_size=20))
def test_a_moment_written_with_its_offset_is_the_same_moment(written: list[tuple[datetime, str]]) -> None:
    moments = [(moment, moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))) for moment, zone in written]
    # Offsets from before standard time have seconds, which ISO 8601 does not.
    told = {local.isoformat(): moment for moment, local in moments if _in_minutes(local)}
    assert _converted(pa.array(list(told), pa.string()), "TIMESTAMP", "Asia/Tokyo") == list(told.values())


def _in_minutes(local: datetime) -> bool:
    offset = local.utcoffset()
    return offset is not None and offset.total_seconds() % 60 == 0


def test_blanks_alone_are_no_text() -> None:
    """Whatever else a text begins with, and in whichever alphabet it is blank."""
    signs = " \t\n\u00a0\u3000\u2003\u200b!~\x7f\x00aZ0é客"
    texts = ["", *signs, *(one + other for one in signs for other in signs)]
    with duckdb.connect() as connection:
        connection.register("given", pa.table({"value": pa.array(texts, pa.string())}))
        trimmed = connection.execute("SELECT CASE WHEN TRIM(value) <> '' THEN value END FROM given").fetchall()
    assert _converted(pa.array(texts, pa.string()), "VARCHAR") == [value for (value,) in trimmed]

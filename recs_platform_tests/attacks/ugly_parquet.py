"""Ugly Parquet files: every type that Arrow can write in every kind of column, damage, and names that are no text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform_tests.attacks.ugly_shop import Attack, Refused, from_file

_MOMENT = datetime(2025, 9, 1, 12)
_TYPES: dict[str, tuple[Any, Any]] = {
    **{str(kind): (kind, 7) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64())},
    **{str(kind): (kind, 7.5) for kind in (pa.float16(), pa.float32(), pa.float64())},
    **{
        str(kind): (kind, Decimal("7.5"))
        for kind in (
            pa.decimal128(10, 2),
            pa.decimal128(38, 10),
            pa.decimal128(5, -2),
            pa.decimal256(50, 2),
            pa.decimal256(76, 0),
        )
    },
    "huge decimal256": (pa.decimal256(76, 0), Decimal("9" * 76)),
    **{str(kind): (kind, "7") for kind in (pa.string(), pa.large_string(), pa.string_view())},
    **{str(kind): (kind, b"7") for kind in (pa.binary(), pa.large_binary(), pa.binary(1), pa.binary_view())},
    "bytes that are no text": (pa.binary(), b"\xff\xfe\x00"),
    "bool": (pa.bool_(), True),
    "null": (pa.null(), None),
    **{str(kind): (kind, date(2025, 9, 1)) for kind in (pa.date32(), pa.date64())},
    **{str(kind): (kind, time(12)) for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))},
    **{str(kind): (kind, timedelta(days=1)) for kind in (pa.duration("s"), pa.duration("us"), pa.duration("ns"))},
    **{
        f"timestamp {unit} {zone!r}": (pa.timestamp(unit, tz=zone), _MOMENT)
        for unit in ("s", "ms", "us", "ns")
        for zone in (None, "UTC", "Europe/Berlin", "+02:00", "+02:00:30", "+99:00", "Mars/Olympus", "", "a'b", "\n")
        if unit == "us" or zone in (None, "UTC")
    },
    "list": (pa.list_(pa.int64()), [7]),
    "fixed list": (pa.list_(pa.int64(), 1), [7]),
    "struct": (pa.struct([("a", pa.int64())]), {"a": 7}),
    "map": (pa.map_(pa.string(), pa.int64()), [("a", 7)]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), "7"),
    "dictionary of int": (pa.dictionary(pa.int8(), pa.int64()), 7),
    "dictionary of decimal256": (pa.dictionary(pa.int8(), pa.decimal256(50, 2)), Decimal("7.5")),
    "dictionary of bytes": (pa.dictionary(pa.int8(), pa.binary()), b"\xff"),
    "uuid": (pa.uuid(), b"0" * 16),
    "json": (pa.json_(), "7"),
    "bool8": (pa.bool8(), 1),
}
_PLAIN = ("int", "uint", "float", "double", "halffloat", "decimal", "string", "large_string")
_MOMENTS = {
    "the first": (-62_135_596_800_000_000, "0001-01-01 00:00:00"),
    "the last": (253_402_300_799_999_999, "9999-12-31 23:59:59.999999"),
    "before the first": (-62_135_596_800_000_001, None),
    "after the last": (253_402_300_800_000_000, None),
    "the least": (-(2**63) + 1, None),
    "the most": (2**63 - 1, None),
}


def parquet_attacks() -> Iterator[Attack]:
    for name, (kind, value) in _TYPES.items():
        for table, column, others in (
            ("catalog", "price", {"item_id": ["a"]}),
            ("catalog", "item_id", {"price": [1.0]}),
            ("customers", "updated_at", {"customer_id": ["a"]}),
        ):
            try:
                values = _values(kind, value)
                written = _bytes(pa.table({**others, column: values}))
            except (pa.ArrowException, ValueError, TypeError, OSError):
                continue
            rows = [(float(value),)] if column == "price" and str(kind).startswith(_PLAIN) else None
            if column == "updated_at" and pa.types.is_timestamp(kind):
                rows = [(str(_MOMENT),)]  # the same moment, whatever the zone is called
            if name == "huge decimal256":
                rows = None
            yield Attack(f"parquet {name} as {column}", _writer(written, table), table, (column,), rows)
    for name, (number, loads) in _MOMENTS.items():
        moments = pa.array([number], pa.int64()).cast(pa.timestamp("us"))
        written = _bytes(pa.table({"customer_id": ["a"], "updated_at": moments}))
        yield Attack(f"parquet {name} moment", _writer(written, "customers"), "customers", ("updated_at",), [(loads,)])
    whole = _bytes(pa.table({"item_id": ["a1", "a2"] * 40, "price": [1.0, 2.0] * 40}))
    for cut in range(0, len(whole), len(whole) // 12):
        yield Attack(f"parquet cut at {cut}", _writer(whole[:cut]), rows=Refused)
    for place in range(4, len(whole), len(whole) // 40):
        flipped = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        yield Attack(f"parquet flipped at {place}", _writer(flipped))
    for name, old, new in (
        ("a column's name is no text", b"brand", b"br\xff\xfed"),
        ("our column's name is no text", b"price", b"pr\xff\xfee"),
        ("a name with a zero", b"brand", b"br\x00\x01d"),
        ("it says that it is encrypted", b"PAR1", b"PARE"),
    ):
        data = _bytes(pa.table({"item_id": ["a"], "price": [1.0], "brand": ["b"]}), store_schema=False)
        yield Attack(f"parquet {name}", _writer(data.replace(old, new)))
    for name, table in _SHAPES.items():
        yield Attack(f"parquet {name}", _writer(_bytes(table)))


_SHAPES = {
    "without columns": pa.table({}),
    "without rows": pa.table({"item_id": pa.array([], pa.string()), "price": pa.array([], pa.float64())}),
    "twice a column": pa.table([pa.array(["a"]), pa.array([1.0]), pa.array([2.0])], ["item_id", "price", "price"]),
    "a name of 100,000": pa.table({"item_id": ["a"], "price": [1.0], "n" * 100_000: [1]}),
    "3,000 columns": pa.table({"item_id": ["a"], "price": [1.0], **{f"c{n}": [n] for n in range(3_000)}}),
    "an empty name": pa.table({"item_id": ["a"], "price": [1.0], "": [1]}),
    "dots in a name": pa.table({"item_id": ["a"], "price": [1.0], "price.x": [1], "a.b.c": [1]}),
    "a struct of our names": pa.table({"x": [{"item_id": "a", "price": 1.0}]}),
    "NaN and infinity": pa.table({"item_id": ["a", "b", "c"], "price": [float("nan"), float("inf"), -float("inf")]}),
    "our own columns": pa.table({"item_id": ["a"], "price": [1.0], "source_day": ["x"], "unreadable": [1]}),
    "a text of five MB": pa.table({"item_id": ["a"], "price": [1.0], "name": ["x" * 5_000_000]}),
    "zeros in a text": pa.table({"item_id": ["a\x00b"], "price": [1.0]}),
}


def _values(kind: pa.DataType, value: Any) -> pa.Array[Any]:
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.array([value], pa.timestamp(kind.unit)).cast(pa.int64()).view(kind)
    return pa.array([value], kind)


def _bytes(table: pa.Table, **more: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **more)
    return out.getvalue()


def _writer(data: bytes, table: str = "catalog") -> Any:
    def spoil(folder: Path) -> Mapping[str, Any]:
        (folder / "bad" / "feed.parquet").write_bytes(data)
        return from_file(table, "feed.parquet")

    return spoil

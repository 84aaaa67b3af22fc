"""Rows of a published table as customers are served them: one JSON list per customer. Pure.

Columns become JSON each at once, and rows and lists are put together from them by Arrow, since a service should not
wait for Python to write millions of dictionaries. Rows that say the same to several customers, as owners of the same
vehicle have them, are written once for all of them. NULL, NaN and infinite are null; days and moments are as ISO 8601
writes them. Not here: which columns a product serves (`publication/serve.py`), and where lists are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.serving_store.protocol import EVERYBODY, Chunk, customer_key

_ROWS_AT_ONCE = 50_000
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_BYTES = 32
_MOST_NUMBERS = 2**62
"""That fit into eight bytes."""
Ends: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """What of a table's rows is served, and to whom."""

    columns: tuple[str, ...]
    """Those that a list tells, in order."""
    order: tuple[str, ...]
    """What the rows of a list are sorted by; tells each from all others."""
    customer: str | None
    """The column that names a customer; None where all rows are one list."""

    @property
    def name(self) -> str:
        """Another one for other columns."""
        return blake2b(repr((self.columns, self.order, self.customer)).encode(), digest_size=8).hexdigest()


def lists_of(rows: pa.Table, layout: Layout) -> Iterator[Chunk]:
    """A list per customer, in the order of their ids, some at a time."""
    if not rows.num_rows:
        return
    # In one piece, from which any rows are taken quickly.
    rows = rows.combine_chunks()
    who = [layout.customer] if layout.customer else []
    order: Any = pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in (*who, *layout.order)])
    ends = _ends(rows[layout.customer].take(order)) if layout.customer else np.array([rows.num_rows])
    places, alike = order.to_numpy(), _numbered(rows.select(list(layout.columns)))
    first = 0
    while first < len(ends):
        start = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, start + _ROWS_AT_ONCE, side="right")), first + 1)
        some = places[start : int(ends[last - 1])]
        offsets = np.concatenate([[0], ends[first:last] - start])
        names: list[Any] = (
            rows[layout.customer].take(pa.array(some[offsets[:-1]])).to_pylist() if layout.customer else [EVERYBODY]
        )
        yield list(zip(map(customer_key, names), _lists(rows, layout.columns, some, alike[some], offsets), strict=True))
        first = last


def plain_lists(rows: pa.Table, layout: Layout) -> dict[str, list[dict[str, Any]]]:
    """What customers must be served: row by row, as somebody would who does not know how lists are made. Of few rows;
    it takes long."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows.to_pylist(), key=lambda row: [row[name] for name in layout.order]):
        customer = row[layout.customer] if layout.customer else EVERYBODY
        lists.setdefault(customer, []).append({name: row[name] for name in layout.columns})
    read: dict[str, list[dict[str, Any]]] = {
        customer: orjson.loads(orjson.dumps(shown, option=_OPTIONS)) for customer, shown in lists.items()
    }
    return read


class Digest:
    """Of lists, in whatever order they come: each counts by what it is, wherever it is kept."""

    def __init__(self) -> None:
        self.customers = 0
        self._sum = np.zeros(_BYTES // 8, dtype=np.uint64)

    def add(self, lists: Chunk) -> None:
        hashes = b"".join(
            [blake2b(b"%d:%b%b" % (len(key), key, text), digest_size=_BYTES).digest() for key, text in lists]
        )
        self._sum += np.frombuffer(hashes, dtype="<u8").reshape(-1, len(self._sum)).sum(axis=0, dtype=np.uint64)
        self.customers += len(lists)

    def __str__(self) -> str:
        return f"blake2b-sum:{self._sum.astype('<u8').tobytes().hex()}"


def digest_of(lists: Iterable[Chunk]) -> Digest:
    digest = Digest()
    for chunk in lists:
        digest.add(chunk)
    return digest


def _ends(customers: pa.ChunkedArray[Any]) -> Ends:
    """Of each customer, the number of rows up to its last one."""
    changes: Any = pc.indices_nonzero(pc.not_equal(customers.slice(1), customers.slice(0, len(customers) - 1)))
    return np.append(changes.to_numpy().astype(np.int64) + 1, len(customers))


def _numbered(rows: pa.Table) -> Ends:
    """A number for each row; rows of the same number are the same."""
    numbers, most = np.zeros(rows.num_rows, dtype=np.int64), 1
    for column in rows.columns:
        if pa.types.is_nested(column.type):
            return np.arange(rows.num_rows)
        coded: Any = column.combine_chunks().dictionary_encode(null_encoding="encode")
        kinds = len(coded.dictionary)
        if most * kinds > _MOST_NUMBERS:
            again: Any = pa.array(numbers).dictionary_encode()
            numbers, most = again.indices.to_numpy().astype(np.int64), len(again.dictionary)
        numbers, most = numbers * kinds + coded.indices.to_numpy(), most * kinds
    return numbers


def _lists(rows: pa.Table, columns: tuple[str, ...], places: Ends, alike: Ends, offsets: Ends) -> list[bytes]:
    """The lists of some rows, which stand at these places; `offsets` says where each list begins."""
    _, firsts, which = np.unique(alike, return_index=True, return_inverse=True)
    different: Any = pa.array(places[firsts])
    texts: Any = _rows(rows.select(list(columns)).take(different), columns)
    if len(offsets) == len(places) + 1:
        alone: list[Any] = _side_by_side(b"[", texts, b"]").to_pylist()
        return [alone[number] for number in which.tolist()]
    of_lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts.take(pa.array(which)))
    lists: list[Any] = _side_by_side(b"[", pc.binary_join(of_lists, _binary(b",")), b"]").to_pylist()
    return lists


def _rows(rows: pa.Table, columns: tuple[str, ...]) -> pa.Array[Any]:
    """Each row as JSON."""
    pieces: list[Any] = [b"{"]
    for name in columns:
        comma = b"," if len(pieces) > 1 else b""
        pieces += [b"%b%b:" % (comma, orjson.dumps(name)), _json(rows[name].combine_chunks())]
    return _side_by_side(*pieces, b"}")


def _json(values: pa.Array[Any]) -> pa.Array[Any]:
    """Each value as JSON. Of texts and lists, which hold commas themselves, each that differs is written by itself."""
    if pa.types.is_nested(values.type):
        return pa.array(_each(values.to_pylist()), pa.binary())
    if pa.types.is_primitive(values.type):
        return pa.array(orjson.dumps(values.to_pylist(), option=_OPTIONS)[1:-1].split(b","), pa.binary())
    coded = values.dictionary_encode()
    return pa.array(_each(coded.dictionary.to_pylist()), pa.binary()).take(coded.indices).fill_null(b"null")


def _each(values: list[Any]) -> list[bytes]:
    return [orjson.dumps(value, option=_OPTIONS) for value in values]


def _side_by_side(*pieces: Any) -> pa.Array[Any]:
    texts = [_binary(piece) if isinstance(piece, bytes) else piece for piece in pieces]
    joined: pa.Array[Any] = pc.binary_join_element_wise(*texts, _binary(b""))  # type: ignore[assignment]
    return joined


def _binary(text: bytes) -> pa.Scalar[Any]:
    return pa.scalar(text, pa.binary())

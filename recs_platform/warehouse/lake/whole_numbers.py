"""A sum of whole numbers as GoogleSQL has it: INT64, however wide DuckDB adds it up."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from recs_platform.errors import QueryError

_HUGE = pa.decimal128(38, 0)
"""How Arrow is handed what DuckDB calls HUGEINT."""


def with_whole_numbers(reader: pa.RecordBatchReader, path: str) -> pa.RecordBatchReader:
    """The same rows; a QueryError where a number does not fit, as BigQuery has it."""
    schema = pa.schema([field.with_type(_narrow(field.type)) for field in reader.schema])
    if schema == reader.schema:
        return reader

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            try:
                yield batch.cast(schema)
            except pa.ArrowInvalid:
                raise QueryError(path, 1, "a whole number that it gives does not fit into INT64") from None

    return pa.RecordBatchReader.from_batches(schema, batches())


def _narrow(given: pa.DataType) -> pa.DataType:
    """
    >>> print(_narrow(pa.list_(pa.struct({"n": pa.decimal128(38, 0), "price": pa.decimal128(38, 9)}))))
    list<item: struct<n: int64, price: decimal128(38, 9)>>
    """
    if pa.types.is_list(given):
        return pa.list_(given.value_field.with_type(_narrow(given.value_type)))
    if pa.types.is_struct(given):
        return pa.struct([field.with_type(_narrow(field.type)) for field in given])
    return pa.int64() if given == _HUGE else given

"""Columns that a feed lacks and the company file gives: one value for every row, whatever the connector.

Not here: which values a file may give (companies/constants.py).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

import pyarrow as pa

from recs_platform.companies.constants import typed_constants
from recs_platform.sources.connectors.request import SOURCE_DAY_FIELD, SourceRequest, Stream


def with_constants(request: SourceRequest, stream: Stream) -> Stream:
    """The stream with the constants of its source as columns of the declared types."""
    values = typed_constants(request.spec, request.source)
    if not values:
        return stream
    types = {column.name: column.type for column in request.spec.columns}
    constants = {name: pa.scalar(value, types[name]) for name, value in values.items()}
    given = [field for field in stream.schema if field.name != SOURCE_DAY_FIELD.name]
    added = [pa.field(name, scalar.type) for name, scalar in constants.items()]
    schema = pa.schema([*given, *added, SOURCE_DAY_FIELD])
    return Stream(schema, _batches(stream, constants, schema))


def _batches(stream: Stream, constants: dict[str, Any], schema: pa.Schema) -> Generator[pa.RecordBatch]:
    with closing(stream.batches) as batches:
        for batch in batches:
            columns = [
                pa.repeat(constants[field.name], batch.num_rows)
                if field.name in constants
                else batch.column(field.name)
                for field in schema
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

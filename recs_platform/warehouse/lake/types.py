"""What DuckDB calls the types that columns are declared in."""

from __future__ import annotations

import pyarrow as pa

from recs_platform.schemas.table import Column

_NAMES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.string()): "VARCHAR[]",
}


def type_of(column: Column) -> str:
    return _NAMES[column.type]

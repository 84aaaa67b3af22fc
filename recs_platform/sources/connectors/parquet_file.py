"""One Parquet file: its columns, and its rows in batches. Not here: which files, and how several become one table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.errors import SourceError
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest


def file_columns(request: SourceRequest, path: Path) -> list[tuple[str, pa.DataType]]:
    """Names and types, from the file's footer alone."""
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
    except pa.ArrowException:
        raise _corrupt(request, path) from None
    except UnicodeDecodeError:
        raise request.error(
            f"{path} has a column whose name is not text in UTF-8",
            remedy="Rename the column where the file is written.",
        ) from None
    return list(zip(schema.names, schema.types, strict=True))


def file_batches(request: SourceRequest, path: Path, names: list[str]) -> Iterator[tuple[int, list[pa.Array[Any]]]]:
    """Number of rows and the named columns, batch by batch."""
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=names):
                yield batch.num_rows, [batch.column(name) for name in names]
    except pa.ArrowException:
        raise _corrupt(request, path) from None
    except OSError as error:
        # Parquet reports damaged pages as an OSError without an operating system's reason.
        if error.errno is None:
            raise _corrupt(request, path) from None
        raise


def _corrupt(request: SourceRequest, path: Path) -> SourceError:
    return request.error(
        f"{path} is not a Parquet file, or is damaged", remedy="Deliver it again; it may have been cut off."
    )

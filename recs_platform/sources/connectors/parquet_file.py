"""One Parquet file: its columns, and its rows in batches. Not here: which files, and how several become one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.companies.source_config import FilesSource
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.data_file import DataFile
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest


def file_columns(request: SourceRequest, file: DataFile, source: FilesSource) -> list[tuple[str, pa.DataType]]:  # noqa: ARG001  (what it says is of text)
    """Names and types, from the file's footer alone."""
    try:
        with pq.ParquetFile(file.path) as content:
            schema = content.schema_arrow
    except pa.ArrowException:
        raise _corrupt(request, file) from None
    except UnicodeDecodeError:
        raise request.error(
            f"{file} has a column whose name is not text in UTF-8",
            remedy="Rename the column where the file is written.",
        ) from None
    return list(zip(schema.names, schema.types, strict=True))


def file_batches(
    request: SourceRequest,
    file: DataFile,
    source: FilesSource,  # noqa: ARG001
    names: list[str],
) -> Iterator[tuple[int, list[pa.Array[Any]]]]:
    """Number of rows and the named columns, batch by batch."""
    try:
        with pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 20) as content:
            for batch in content.iter_batches(batch_size=BATCH_ROWS, columns=names):
                yield batch.num_rows, [batch.column(name) for name in names]
    except pa.ArrowException:
        raise _corrupt(request, file) from None
    except OSError as error:
        # Parquet reports damaged pages as an OSError without an operating system's reason.
        if error.errno is None:
            raise _corrupt(request, file) from None
        raise


def _corrupt(request: SourceRequest, file: DataFile) -> SourceError:
    return request.error(
        f"{file} is not a Parquet file, or is damaged", remedy="Deliver it again; it may have been cut off."
    )

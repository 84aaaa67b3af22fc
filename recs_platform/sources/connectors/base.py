"""The door to every company's data: one request, one stream of Arrow batches, whatever the connector.

Not here: how a connector reads (files.py, purchases.py, sql.py, bigquery.py, service.py, simulated.py), and converting
types or judging values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.companies.source_config import BigQuerySource, FilesSource, ServiceSource, SqlSource
from recs_platform.sources.connectors.bigquery import count_bigquery, read_bigquery
from recs_platform.sources.connectors.constants import with_constants
from recs_platform.sources.connectors.files import read_files
from recs_platform.sources.connectors.purchases import read_purchases
from recs_platform.sources.connectors.request import SourceRequest, Stream, for_engine
from recs_platform.sources.connectors.service import read_service
from recs_platform.sources.connectors.simulated import read_simulated
from recs_platform.sources.connectors.sql import count_sql, read_sql

__all__ = ["SourceRequest", "count_rows", "open_source", "read_source"]


def read_source(request: SourceRequest) -> pa.RecordBatchReader:
    """The source's columns under their canonical names, in the source's types, plus `source_day`.

    Columns that the table does not have are dropped, and so is its date column, which follows from the time column or
    the day. What can be seen without reading rows (a missing file, a missing column) is raised at once, the rest (a
    broken row) while the batches are read; both as a SourceError, or a SourceUnavailableError.
    """
    stream = _stream(request)
    return pa.RecordBatchReader.from_batches(stream.schema, stream.batches)


@contextmanager
def open_source(request: SourceRequest) -> Iterator[pa.RecordBatchReader]:
    """`read_source` for an engine, or for a reader that may stop early: files and connections are given back, also when
    not all rows were read."""
    stream = _stream(request)
    try:
        with for_engine(stream) as reader:
            yield reader
    finally:
        stream.batches.close()


def count_rows(request: SourceRequest) -> int:
    """How many rows a database has for the days of a request, by its own count."""
    source = request.source
    assert isinstance(source, SqlSource | BigQuerySource)  # noqa: S101  (nobody asks it of files)
    return count_sql(request, source) if isinstance(source, SqlSource) else count_bigquery(request, source)


def _stream(request: SourceRequest) -> Stream:
    return with_constants(request, _read(request))


def _read(request: SourceRequest) -> Stream:
    source = request.source
    if isinstance(source, PurchasesSource):
        return read_purchases(request, source)
    if isinstance(source, FilesSource):
        return read_files(request, source)
    if isinstance(source, SqlSource):
        return read_sql(request, source)
    if isinstance(source, BigQuerySource):
        return read_bigquery(request, source)
    if isinstance(source, ServiceSource):
        return read_service(request)
    return read_simulated(request)

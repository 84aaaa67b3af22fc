"""The sources stage, the same for every strategy: each feed lands as it is, then becomes its canonical table.

`source_<t>` (a connector's rows) -> `landed_<t>` (with the reason why a row cannot be used) -> `<t>` (canonical), and
across all feeds `rejected_rows`, `source_counts` and `source_assessment`. The rules are in `sql/sources/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.stage import SOURCES, SqlTable, Stage, sql_asset
from recs_platform.schemas.landing import landed, source
from recs_platform.schemas.source_reports import RejectedRows, SourceAssessment, SourceCounts
from recs_platform.schemas.table import Table, TableSpec, spec_of
from recs_platform.sources.conform import incoming_feed
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.sources.feed_files import FeedFiles
from recs_platform.sources.rejection import rejection_audit
from recs_platform.warehouse.protocol import Incoming
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.slices import Days


def sources_stage(strategy: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    specs = [spec_of(model) for model in strategy.source_tables]
    tables = [
        *(_landed_table(model, queries) for model in strategy.source_tables),
        *(sql_asset(spec_of(model).name, model, queries) for model in strategy.source_tables),
        SqlTable(spec_of(RejectedRows), _rejected_rows(specs)),
        SqlTable(spec_of(SourceCounts), _source_counts(specs)),
        sql_asset("source_assessment", SourceAssessment, queries),
    ]
    return Stage(SOURCES, tuple(tables), private=frozenset(f"landed_{spec.name}" for spec in specs))


def _landed_table(model: type[Table], queries: Mapping[str, Query]) -> SqlTable:
    spec, arriving = spec_of(model), spec_of(source(model))

    def incoming(company: Company, days: Days) -> Mapping[str, Incoming]:
        if not company.provides(spec.name):
            return {arriving.name: partial(_no_rows, arriving)}
        request = SourceRequest(company, spec, days.first, days.last)
        return {arriving.name: incoming_feed(request)}

    landing = spec_of(landed(model))
    return SqlTable(
        landing,
        queries[landing.name],
        incoming=incoming,
        incoming_specs=(arriving,),
        feed=FeedFiles(spec),
        audits=lambda company: (rejection_audit(spec, company.parameters),),
    )


@contextmanager
def _no_rows(arriving: TableSpec) -> Iterator[pa.RecordBatchReader]:
    """What comes of a source that the company does not have."""
    with arriving.arrow_schema.empty_table().to_reader() as reader:
        yield reader


def _rejected_rows(specs: list[TableSpec]) -> Query:
    """One branch per feed; which feeds there are is the strategy's to say, so the text is put together here."""
    branches = [
        f"SELECT {spec.date_column} AS event_date, '{spec.name}' AS source_table, rejection AS reason, "
        f"CAST({spec.key[0]} AS STRING) AS row_key FROM landed_{spec.name} WHERE rejection IS NOT NULL"
        for spec in specs
    ]
    return _generated("rejected_rows", " UNION ALL ".join(branches), RejectedRows)


def _source_counts(specs: list[TableSpec]) -> Query:
    branches = [
        f"SELECT {spec.date_column} AS event_date, '{spec.name}' AS source_table, 1 AS landed, "
        f"IF(rejection IS NULL, 0, 1) AS rejected, 0 AS kept FROM landed_{spec.name} "
        f"UNION ALL SELECT {spec.date_column} AS event_date, '{spec.name}' AS source_table, 0 AS landed, "
        f"0 AS rejected, 1 AS kept FROM {spec.name}"
        for spec in specs
    ]
    text = (
        "SELECT event_date, source_table, SUM(landed) AS landed, SUM(rejected) AS rejected, "
        "SUM(landed) - SUM(rejected) - SUM(kept) AS merged, SUM(kept) AS kept "
        f"FROM ({' UNION ALL '.join(branches)}) AS counted GROUP BY event_date, source_table"
    )
    return _generated("source_counts", text, SourceCounts)


def _generated(name: str, text: str, model: type[Table]) -> Query:
    described = f"-- {spec_of(model).description}\n{text}"
    return parse_query(name, described, f"sources/stage.py ({name})")

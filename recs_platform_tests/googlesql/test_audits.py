"""What BigQuery is asked of a new slice, which Pandera's rules become, is valid for every table."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from recs_platform.schemas.table import TableSpec
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.staged import StagedTable
from recs_platform_tests.googlesql.server import GoogleSql

pytestmark = [pytest.mark.googlesql, pytest.mark.slow]


class _Asked(Exception):
    """Carries the text that would be sent."""


class _StagedTable(StagedTable):
    def answer(self, question: ir.Table) -> pa.Table:
        raise _Asked(ibis.to_sql(question, dialect="bigquery"))


def test_the_counts_of_every_tables_rules_are_valid(googlesql: GoogleSql) -> None:
    specs = {spec.name: spec for pipeline in pipelines().values() for spec in pipeline.specs.values()}
    assert len(specs) > 50
    for spec in specs.values():
        text = _counting(spec)
        given = googlesql.analyze(text.replace("`p`.`d`.`staged`", "staged"), {"staged": spec.sql_types}, {})
        assert {"day": "DATE", "row_count": "INT64", "repeated": "INT64"}.items() <= given.items(), spec.name


def _counting(spec: TableSpec) -> str:
    staged = _StagedTable(None, "p.d.staged", spec, {}, Bill())  # type: ignore[arg-type]  # it asks nobody
    with pytest.raises(_Asked) as asked:
        staged.by_day()
    return str(asked.value)

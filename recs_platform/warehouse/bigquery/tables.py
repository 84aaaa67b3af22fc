"""The tables of a company's dataset: made, described and grown from what is declared of them.

A table is partitioned by its day, clustered by its key, and refuses to be read without a condition on the day. All of
its columns may be NULL as far as BigQuery knows: what may not be is judged before rows come here, and a column that is
added later has none for rows that were there. Not here: which rows (`staging.py`), and the books (`books.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
from google.cloud import bigquery

from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.jobs import Jobs, new_name, passing_table
from recs_platform.warehouse.bigquery.text import quoted
from recs_platform.warehouse.slices import TableRef

OURS = "recs_platform"
"""The label of datasets that the platform has made."""
_MOST_CLUSTERED = 4
_CLUSTERED = frozenset({"STRING", "INT64", "DATE", "TIMESTAMP", "BOOL"})


@dataclass(frozen=True)
class DatasetTables:
    jobs: Jobs
    prefix: str = ""
    """Of the datasets' names: several platforms in one project."""
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Table: columns that it has, and their types. A column is never taken away."""
    _made: set[str] = field(default_factory=set)
    """Datasets that are there."""

    def dataset(self, of: str) -> str:
        return f"{self.prefix}{of}"

    def path(self, table: TableRef) -> str:
        return self.beside(table, table.name)

    def beside(self, table: TableRef, name: str) -> str:
        """Another table of the same dataset."""
        return self.named(table.dataset, name)

    def named(self, of: str, name: str) -> str:
        return f"{self.jobs.client.project}.{self.dataset(of)}.{name}"

    def columns(self, table: TableRef) -> Mapping[str, str] | None:
        """Those that are stored, and the type of each; None while there is no table."""
        path = self.path(table)
        known = self._known.get(path)
        if known is None or any(column.name not in known for column in table.spec.columns):
            known = self.jobs.columns(path)
            if known is not None:
                self._known[path] = known
        return known

    def ensure_dataset(self, of: str) -> str:
        name = self.dataset(of)
        if name not in self._made:
            self.jobs.create_dataset(name, {OURS: "company", "dataset": of})
            self._made.add(name)
        return name

    def make(self, table: TableRef) -> None:
        self._known[self.path(table)] = self.jobs.create(self._declared(table))

    def grow(self, table: TableRef, there: Mapping[str, str], bill: Bill) -> None:
        """Let a table grow as its declaration has: new columns, and fractions where whole numbers were. Both stay when
        the declaration goes back."""
        path = self.path(table)
        changes = [
            f"ADD COLUMN IF NOT EXISTS {quoted(c.name)} {c.sql_type}"
            if c.name not in there
            else f"ALTER COLUMN {quoted(c.name)} SET DATA TYPE {c.sql_type}"
            for c in table.spec.columns
            if c.name not in there or (there[c.name], c.sql_type) == ("INT64", "FLOAT64")
        ]
        if not changes:
            return
        for change in changes:
            self.jobs.change(f"ALTER TABLE {quoted(path)} {change}", labels=labels_of(table), bill=bill)
        self.jobs.describe(path, self._declared(table))
        self._known.pop(path)

    def passing(self, of: str, kind: str, schema: Sequence[bigquery.SchemaField], lasts: timedelta) -> str:
        """Make a table in a dataset that goes by itself; returns its path."""
        path = f"{self.jobs.client.project}.{self.ensure_dataset(of)}.{new_name(kind)}"
        self.jobs.create(passing_table(path, schema, lasts))
        return path

    def _declared(self, table: TableRef) -> bigquery.Table:
        spec = table.spec
        declared = bigquery.Table(self.path(table), schema=schema_of(spec))
        declared.description = spec.description
        declared.time_partitioning = bigquery.TimePartitioning(field=spec.date_column)
        declared.require_partition_filter = True
        declared.clustering_fields = _clustering(spec) or None
        return declared


def labels_of(table: TableRef) -> Mapping[str, str]:
    """What the jobs of a table bear, beside their run: whose it is, and which."""
    return {"company": table.company or table.dataset, "asset": table.name}


def schema_of(spec: TableSpec) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(c.name, c.sql_type, description=c.description) for c in spec.columns]


def _clustering(spec: TableSpec) -> list[str]:
    types = {column.name: column.sql_type for column in spec.columns}
    return [name for name in spec.key if name != spec.date_column and types[name] in _CLUSTERED][:_MOST_CLUSTERED]


_FIELD_TYPES = {
    pa.string(): "STRING",
    pa.int64(): "INT64",
    pa.int32(): "INT64",
    pa.float64(): "FLOAT64",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
}


def schema_of_rows(schema: pa.Schema) -> list[bigquery.SchemaField]:
    """Of rows that come in from Python."""
    return [
        bigquery.SchemaField(
            one.name, "TIMESTAMP" if pa.types.is_timestamp(one.type) else _FIELD_TYPES.get(one.type, "STRING")
        )
        for one in schema
    ]


def arrow_of(columns: Sequence[bigquery.SchemaField]) -> pa.Schema:
    """The types in which an answer is given; every timestamp is UTC, and says no zone."""
    return pa.schema([pa.field(column.name, _arrow_type(column)) for column in columns])


def _arrow_type(column: bigquery.SchemaField) -> pa.DataType:
    if column.field_type in ("RECORD", "STRUCT"):
        one: pa.DataType = pa.struct([pa.field(inner.name, _arrow_type(inner)) for inner in column.fields])
    else:
        one = arrow_type(column.field_type)
    return pa.list_(one) if column.mode == "REPEATED" else one


def arrow_type(kind: str) -> pa.DataType:
    """Of a column that is no list and no record."""
    return _ARROW_TYPES[kind]


_ARROW_TYPES: dict[str, pa.DataType] = {
    "STRING": pa.string(),
    "INTEGER": pa.int64(),
    "INT64": pa.int64(),
    "FLOAT": pa.float64(),
    "FLOAT64": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DATETIME": pa.timestamp("us"),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal256(76, 38),
    "BYTES": pa.binary(),
    "JSON": pa.string(),
}


def ibis_type(column: Column) -> str:
    """As Ibis calls the type that BigQuery stores."""
    return {"STRING": "string", "INT64": "int64", "FLOAT64": "float64", "BOOL": "boolean", "DATE": "date"}.get(
        column.sql_type, "timestamp('UTC')"
    )

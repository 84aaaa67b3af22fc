"""Which columns of which tables a query's columns come from, read off its syntax tree."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlglot import exp
from sqlglot.lineage import Node, lineage

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.query import Query

Origins = Mapping[str, tuple[tuple[str, str], ...]]
"""Column of the result: the (table, column) pairs that it is computed from."""


def column_origins(query: Query, tables: Mapping[str, TableSpec]) -> Origins:
    """The origins of every column of the result. Table names are those in the text; earlier snapshots keep theirs."""
    read = frozenset((name, tables[name]) for name in query.tables)
    return _origins(query, read)


@lru_cache(maxsize=512)
def _origins(query: Query, read: frozenset[tuple[str, TableSpec]]) -> Origins:
    schema: dict[str, object] = {name: {c.name: c.sql_type for c in spec.columns} for name, spec in read}
    # Trimming copies a node's SELECT for display, and only its leaves are looked at here.
    nodes = lineage(None, query.tree, schema, dialect="bigquery", trim_selects=False)
    return {column: _leaves(node) for column, node in nodes.items()}


def _leaves(node: Node) -> tuple[tuple[str, str], ...]:
    tables = ((leaf, leaf.expression) for leaf in node.walk() if not leaf.downstream)
    return tuple(
        sorted(
            {
                (table.name, leaf.name.rpartition(".")[2].strip('"`'))
                for leaf, table in tables
                if isinstance(table, exp.Table)
            }
        )
    )

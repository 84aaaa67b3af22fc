"""Which columns of which tables a query's columns come from, read off its syntax tree, and kept between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from recs_platform.schemas.table import TableSpec
from recs_platform.settings import cache_folder
from recs_platform.warehouse.kept_answers import KeptAnswers
from recs_platform.warehouse.query import Query

Origins = Mapping[str, tuple[tuple[str, str], ...]]
"""Column of the result: the (table, column) pairs that it is computed from."""
_Schema = Mapping[str, Mapping[str, str]]
_READ_BY = ("lineage.py", "query.py", "query_text.py", "syntax.py")


def column_origins(query: Query, tables: Mapping[str, TableSpec]) -> Origins:
    """The origins of every column of the result. Table names are those in the text; earlier snapshots keep theirs."""
    schema = {name: {c.name: c.sql_type for c in tables[name].columns} for name in sorted(query.tables)}
    if query.put_together:
        return _read_off(query, schema)
    asked = json.dumps([query.text, schema])
    kept = origins_at(cache_folder())
    answer: Any = kept.known(asked)
    try:
        return {column: tuple((t, c) for t, c in leaves) for column, leaves in answer.items()}
    except (AttributeError, TypeError, ValueError):
        origins = _read_off(query, schema)
        kept.learn(asked, origins)
        return origins


def keep_origins() -> None:
    """Let other processes know what this one read off."""
    origins_at(cache_folder()).keep()


@lru_cache(maxsize=4)
def origins_at(folder: Path | None) -> KeptAnswers:
    return KeptAnswers(folder, "lineage.json", _READ_BY)


def _read_off(query: Query, schema: _Schema) -> Origins:
    from sqlglot import exp
    from sqlglot.lineage import Node, lineage

    def leaves(node: Node) -> tuple[tuple[str, str], ...]:
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

    # Trimming copies a node's SELECT for display, and only its leaves are looked at here.
    nodes = lineage(None, query.tree, dict(schema), dialect="bigquery", trim_selects=False)
    return {column: leaves(node) for column, node in nodes.items()}

"""Every text that a warehouse is given to run: files, what is put together from them, and checks as they are judged.

Not here: analyzing them (test_analyzer.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from recs_platform.pipeline.typed_queries import TypedQuery, typed_queries
from recs_platform.schemas.table import Columns, TableSpec
from recs_platform.strategies.catalogue import pipelines


@dataclass(frozen=True)
class Text:
    name: str
    path: str
    sql: str
    tables: Mapping[str, Columns]
    parameters: Columns
    makes: TableSpec | None = None
    is_whole: bool = False
    """Whether it is a query as it is written, and not as something is made of it."""


@cache
def all_texts() -> tuple[Text, ...]:
    """Each once, whichever strategies it is of, as long as what it names has the same columns and types."""
    texts: dict[object, Text] = {}
    for pipeline in pipelines().values():
        for typed in typed_queries(pipeline):
            for text in _texts_of(typed):
                tables = tuple((name, tuple(columns.items())) for name, columns in text.tables.items())
                texts[text.name, text.sql, tables, tuple(sorted(text.parameters.items()))] = text
    return tuple(texts.values())


def _texts_of(typed: TypedQuery) -> Iterator[Text]:
    query, check = typed.query, typed.check
    used = {name: typed.parameters[name] for name in query.parameters}
    yield Text(query.name, query.path, query.text, typed.tables, used, typed.makes, is_whole=True)
    # As `recs sql show` and whoever adds to a query writes it.
    yield Text(f"{query.name}, written again", query.path, query.tree.sql(dialect="bigquery"), typed.tables, used)
    if check:
        for part in (check.judging, check.counting):
            used = {name: typed.parameters[name] for name in part.parameters}
            name = part.name if part is not check.counting else f"{part.name}, counted"
            yield Text(name, query.path, part.tree.sql(dialect="bigquery"), typed.tables, used)

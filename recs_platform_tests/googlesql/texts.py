"""Every text that a warehouse is given to run: files, what is put together from them, and checks as they are judged.

Not here: analyzing them (test_analyzer.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from recs_platform.pipeline.check_steps import CheckStep, check_steps
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.typed_queries import TypedQuery, typed_check, typed_queries
from recs_platform.schemas.table import Columns, TableSpec
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.tally import tally


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
                _take_in(texts, text)
        for step in check_steps(pipeline):
            _take_in(texts, _text_of_step(step, pipeline))
    return tuple(texts.values())


def _take_in(texts: dict[object, Text], text: Text) -> None:
    tables = tuple((name, tuple(columns.items())) for name, columns in text.tables.items())
    texts[text.name, text.sql, tables, tuple(sorted(text.parameters.items()))] = text


def _text_of_step(step: CheckStep, pipeline: Pipeline) -> Text:
    """What checks are judged by that are shown the same."""
    typed = [typed_check(pipeline, name) for name in step.checks]
    query = tally(tuple(pipeline.checks[name][0] for name in step.checks))
    tables = {name: columns for one in typed for name, columns in one.tables.items()}
    parameters = {name: type_ for one in typed for name, type_ in one.parameters.items()}
    used = {name: parameters[name] for name in query.parameters}
    return Text(f"{step.table}: {step.name}", query.path, query.tree.sql(dialect="bigquery"), tables, used)


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

"""Every query of a pipeline with the types of what it may name: whoever judges a text needs them.

Not here: what may be done with a type (`warehouse/type_rules.py`), and which names are allowed (`warehouse/scope.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from recs_platform.pipeline.pipeline import FIRST_DAY, LAST_DAY, Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.table import Columns, Kind, TableSpec
from recs_platform.warehouse.check import Check
from recs_platform.warehouse.compile import bigquery_type
from recs_platform.warehouse.point_in_time import Looks
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.scope import AS_OF, SENT_FROM, SENT_TO


@dataclass(frozen=True)
class TypedQuery:
    query: Query
    tables: Mapping[str, Columns]
    """What it reads, by the name that it reads it under."""
    parameters: Mapping[str, str]
    """Those that it may use, and their types in GoogleSQL."""
    makes: TableSpec | None = None
    """The table that its rows become."""
    check: Check | None = None
    """The check whose rule it is."""


def judge_all_types(pipelines: Iterable[Pipeline]) -> None:
    """Raises a QueryError at the first query that uses a column or parameter as what it is not (`query_types.py`)."""
    from recs_platform.warehouse.query_types import judge_types

    judged = set()
    for typed in (typed for pipeline in pipelines for typed in typed_queries(pipeline)):
        makes = typed.makes.sql_types if typed.makes else None
        for query in (typed.query, typed.check.counting) if typed.check else (typed.query,):
            used = {name: typed.parameters[name] for name in sorted(query.parameters)}
            # Strategies share most of their queries, and what these read.
            key = repr((query.path, query.text, typed.tables, used))
            if key not in judged:
                judge_types(query, typed.tables, used, makes=makes)
                judged.add(key)


def typed_queries(pipeline: Pipeline) -> Iterator[TypedQuery]:
    """The queries of all tables, checks and questions of a pipeline."""
    for table in pipeline.tables.values():
        if isinstance(table, SqlTable):
            yield typed_table(pipeline, table)
    for name in pipeline.checks:
        yield typed_check(pipeline, name)
    for name in pipeline.questions:
        yield typed_question(pipeline, name)


def typed_table(pipeline: Pipeline, table: SqlTable) -> TypedQuery:
    # What arrives has no date yet: the query gives it one.
    arriving = {
        spec.name: {name: type_ for name, type_ in spec.sql_types.items() if name != spec.date_column}
        for spec in table.incoming_specs
    }
    pinned = {name: bigquery_type(value) for name, value in table.pinned.items()}
    parameters = _parameters(pipeline, table.spec.kind) | pinned
    tables = _read(table.query, pipeline.specs, pipeline.looks[table.spec.name], arriving)
    return TypedQuery(table.query, tables, parameters, table.spec)


def typed_check(pipeline: Pipeline, name: str) -> TypedQuery:
    check, looks = pipeline.checks[name]
    judged = {FIRST_DAY: "DATE", LAST_DAY: "DATE"}
    parameters = _parameters(pipeline, pipeline.specs[check.table].kind) | judged
    tables = _read(check.query, pipeline.specs, looks) | {check.of: pipeline.specs[check.of].sql_types}
    return TypedQuery(check.query, tables, parameters, check=check)


def typed_question(pipeline: Pipeline, name: str) -> TypedQuery:
    question = pipeline.questions[name]
    parameters = {**_parameters(pipeline, Kind.SNAPSHOT), **question.given}
    return TypedQuery(question.query, _read(question.query, question.tables, question.looks), parameters)


def _parameters(pipeline: Pipeline, kind: Kind) -> dict[str, str]:
    of_the_day = dict.fromkeys((AS_OF, SENT_FROM, SENT_TO), "DATE") if kind is Kind.SNAPSHOT else {}
    return pipeline.parameter_types | of_the_day


def _read(
    query: Query, specs: Mapping[str, TableSpec], looks: Looks, arriving: Mapping[str, Columns] | None = None
) -> dict[str, Columns]:
    stored = {name: looks.earlier[name].table if name in looks.earlier else name for name in sorted(query.tables)}
    instead = arriving or {}
    return {name: instead[name] if name in instead else specs[table].sql_types for name, table in stored.items()}

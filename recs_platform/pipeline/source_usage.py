"""Which strategies and stages use a source table and its columns, read off the queries; and the reference of them all.

Not here: what a column is (`companies/source_tables.py`, from the schemas).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from recs_platform.companies.source_tables import all_source_tables, fed, kind_words, template_csv, type_words
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SOURCES, FrameTable
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.query import Query

Usage = Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]]
"""Table and column: strategy: the stages that use it. The column `""` stands for the table as a whole."""


def source_usage(pipelines: Mapping[str, Pipeline]) -> Usage:
    """Of every source table of these strategies."""
    usage: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for strategy, pipeline in pipelines.items():
        sources = pipeline.strategy.sources
        for stage, table, column in _reads(pipeline):
            if table in sources and stage not in usage[table, column][strategy]:
                usage[table, column][strategy].append(stage)
    return {
        key: {strategy: tuple(stages) for strategy, stages in by_strategy.items()} for key, by_strategy in usage.items()
    }


def source_tables_markdown(pipelines: Mapping[str, Pipeline]) -> str:
    """Every source table with its columns, an example and what uses it, for the docs."""
    usage = source_usage(pipelines)
    tables = all_source_tables({name: pipeline.strategy for name, pipeline in pipelines.items()})
    return "\n\n".join("\n".join(_table_lines(spec, usage, pipelines)) for spec in tables.values())


def _reads(pipeline: Pipeline) -> Iterator[tuple[str, str, str]]:
    """Stage, table and column, for what stands on the sources; landing them is no use of them."""
    for stage in pipeline.stages:
        if stage.name == SOURCES:
            continue
        for table in stage.tables:
            if isinstance(table, FrameTable):
                yield from ((stage.name, name, "") for name in table.inputs)
            else:
                earlier = pipeline.looks[table.spec.name].earlier
                arriving = {spec.name for spec in table.incoming_specs}
                specs = {
                    name: pipeline.specs[earlier[name].table if name in earlier else name]
                    for name in table.query.tables - arriving
                }
                yield from ((stage.name, *read) for read in _columns_read(table.query, specs))


def _columns_read(query: Query, specs: Mapping[str, TableSpec]) -> set[tuple[str, str]]:
    schema: dict[str, object] = {
        name: {column.name: column.sql_type for column in spec.columns} for name, spec in specs.items()
    }
    tree = qualify(query.tree.copy(), schema=schema, dialect="bigquery")
    read = {(name, "") for name in query.tables}
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                read.add((source.name, column.name))
    return read


def _table_lines(spec: TableSpec, usage: Usage, pipelines: Mapping[str, Pipeline]) -> Iterator[str]:
    strategies = [name for name, pipeline in pipelines.items() if spec.name in pipeline.strategy.sources]
    yield f"## {spec.name}"
    yield ""
    yield f"{spec.description} A feed holds {kind_words(spec)}. Key: {', '.join(f'`{name}`' for name in spec.key)}."
    yield ""
    yield f"For {_used_by(strategies, usage.get((spec.name, ''), {}))}."
    yield ""
    yield "| column | type | required | meaning | used by | example |"
    yield "|---|---|---|---|---|---|"
    for column in fed(spec):
        used = usage.get((spec.name, column.name), {})
        yield (
            f"| `{column.name}` | {type_words(column)} | {'no' if column.nullable else '**yes**'} "
            f"| {column.description} | {_stages(used)} | {f'`{column.example}`' if column.example else '-'} |"
        )
    yield ""
    yield "```"
    yield template_csv(spec).rstrip("\n")
    yield "```"


def _used_by(strategies: list[str], used: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"`{name}` ({', '.join(used[name])})" if name in used else f"`{name}`" for name in strategies)


def _stages(used: Mapping[str, tuple[str, ...]]) -> str:
    """The stages of all strategies, each once."""
    return ", ".join(dict.fromkeys(stage for stages in used.values() for stage in stages)) or "-"

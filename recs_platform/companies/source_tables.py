"""What a feed must look like, in words: a source table's columns, what is missing in one, and a file to begin with.

All of it is derived from the schemas. Not here: which parts of the platform use a column (`pipeline/source_usage.py`),
and a whole company's file (`scaffold.py`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from recs_platform.companies.problems import not_one_of
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.schemas.landing import feed_columns
from recs_platform.schemas.table import Column, Kind, TableSpec

_TYPE_WORDS = {
    "STRING": "text",
    "INT64": "whole number",
    "FLOAT64": "number",
    "BOOL": "true or false",
    "DATE": "date",
    "TIMESTAMP": "date and time",
}
_WIDEST_MEANING = 118


def fed(spec: TableSpec) -> list[Column]:
    """The columns that a company's feed has."""
    return [column for column in spec.columns if column.name in feed_columns(spec)]


def type_words(column: Column) -> str:
    """The type as a person calls it, with its unit.

    >>> import pyarrow as pa
    >>> type_words(Column("price", pa.float64(), False, "Price.", unit="company's currency"))
    "number (company's currency)"
    """
    words = _TYPE_WORDS[column.sql_type]
    if column.choices:
        return f"{words} ({', '.join(column.choices)})"
    return f"{words} ({column.unit})" if column.unit and column.unit != words else words


def missing_columns_text(spec: TableSpec, missing: Sequence[str]) -> str:
    """What the missing columns are, and where to see a whole feed; it follows a sentence that names them."""
    meant = [
        f"{column.name} is {type_words(column)}: {column.description.rstrip('.')}, such as {column.example}"
        if column.example
        else f"{column.name} is {type_words(column)}: {column.description.rstrip('.')}"
        for column in fed(spec)
        if column.name in missing
    ]
    return f"{'; '.join(meant)}. A feed to begin with: recs companies template {spec.name}"


def template_csv(spec: TableSpec) -> str:
    """A file of the table with its header and an example row, which loads as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(feed_columns(spec))
    writer.writerow(column.example for column in fed(spec))
    return text.getvalue()


def source_table(name: str, strategies: Mapping[str, AnyStrategy], strategy: str | None = None) -> TableSpec:
    """The source table of this name, of one strategy or of any; a ConfigError lists those that there are."""
    if strategy is not None and strategy not in strategies:
        raise ConfigError(not_one_of(strategy, "a strategy", list(strategies)))
    tables = all_source_tables(strategies) if strategy is None else strategies[strategy].sources
    if name not in tables:
        what = f"a source table of {strategy}" if strategy else "a source table"
        raise ConfigError(not_one_of(name, what, list(tables)))
    return tables[name]


def all_source_tables(strategies: Mapping[str, AnyStrategy]) -> dict[str, TableSpec]:
    """Every table that some strategy is fed, by name; what most strategies share comes first."""
    return {name: spec for strategy in strategies.values() for name, spec in strategy.sources.items()}


def column_comments(spec: TableSpec) -> Iterator[str]:
    """A line for each column, for a company's file; required ones are marked."""
    columns = fed(spec)
    widest = max(len(column.name) for column in columns)
    for column in columns:
        mark = " " if column.nullable else "*"
        line = f"{mark} {column.name:<{widest}}  {type_words(column)}: {column.description}"
        yield line if len(line) <= _WIDEST_MEANING else f"{line[: _WIDEST_MEANING - 1]}…"


def kind_words(spec: TableSpec) -> str:
    """What a feed of the table holds: what happened, or what is there."""
    if spec.kind is Kind.LOG:
        return f"what happened, each row on the day of its `{spec.time_column}`"
    return "what is there, whole on each day"

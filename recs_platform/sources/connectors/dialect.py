"""What a file's values mean: its texts as numbers, days and points in time, and the columns that expressions give.

A text in another dialect becomes the text that everybody writes (`1.234,5` becomes `1234.5`, `31.12.2025` becomes
`2025-12-31`). One that is not written as the company file says is marked, so that it is no value of its type and its
row is told. Not here: which expressions a file may give (companies/source_expression.py) and what runs them
(warehouse/lake/row_expressions.py).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.companies.date_format import has_time, has_zone
from recs_platform.companies.problems import did_you_mean
from recs_platform.companies.source_columns import MOMENTS
from recs_platform.companies.source_config import FilesSource
from recs_platform.companies.source_expression import columns_of, parsed
from recs_platform.masking import mask_text
from recs_platform.sources.connectors.data_file import DataFile
from recs_platform.sources.connectors.request import BATCH_ROWS, SourceRequest, Stream, for_engine
from recs_platform.warehouse.lake.engine import literal, quoted
from recs_platform.warehouse.lake.row_expressions import RowExpressionError, projected, projected_types

_NUMBERS = (pa.int64(), pa.float64())
_MARK = "written otherwise: "
_BLANKS = " \u00a0\u202f"
"""Programs group digits by blanks that do not break, too."""
_FIRST_YEAR = 1000
"""`%Y` takes the 25 of 31.12.25 for a year."""
ISO = "%Y-%m-%d %H:%M:%S.%f"
"""How a cell of Excel that is a point in time is handed over, whatever the texts beside it are written like."""


@dataclass(frozen=True)
class Projection:
    """How the columns of a table come from the columns of one file."""

    raw: list[str]
    """The file's own columns that are read; in an expression they are called by their position."""
    selected: dict[str, str]
    """Canonical name: expression over them, as DuckDB runs it."""
    types: dict[str, pa.DataType]


def projection(
    request: SourceRequest,
    source: FilesSource,
    file: DataFile,
    names: Mapping[str, str],
    types: Mapping[str, pa.DataType],
) -> Projection | None:
    """None where the file's values are taken as they stand. `names` are canonical: own, `types` of the own ones."""
    if not source.expressions and not _of_another_dialect(source):
        return None
    read = [column for text in source.expressions.values() for column in columns_of(text)]
    own = {column: spelt for column in read if (spelt := _own(request, file, source, column, list(types)))}
    raw = list(dict.fromkeys([*names.values(), *own.values()]))
    schema = pa.schema([(_place(raw, name), types[name]) for name in raw])
    plain = {name: quoted(_place(raw, column)) for name, column in names.items()}
    columns = {column: (_place(raw, spelt), types[spelt]) for column, spelt in own.items()}
    for name in source.expressions:
        plain[name] = _expression(request, source, name, columns, list(types))
    try:
        given = projected_types(schema, plain)
    except RowExpressionError:
        raise _not_run(request, source, schema, plain) from None
    declared = {column.name: column.type for column in request.spec.columns}
    is_excel = file.kind == ".xlsx"
    selected = {
        name: _in_plain_words(source, name, sql, declared[name], is_excel) if _is_text(given.field(name).type) else sql
        for name, sql in plain.items()
    }
    result = projected_types(schema, selected)
    return Projection(raw, selected, {name: result.field(name).type for name in selected})


def projected_batches(
    request: SourceRequest,
    chosen: Projection,
    types: Mapping[str, pa.DataType],
    batches: Iterator[tuple[int, list[pa.Array[Any]]]],
) -> Generator[pa.RecordBatch]:
    """The canonical columns of a file's rows, as they are read."""
    schema = pa.schema([(_place(chosen.raw, name), types[name]) for name in chosen.raw])

    def given() -> Generator[pa.RecordBatch]:
        for _, arrays in batches:
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    try:
        with for_engine(Stream(schema, given())) as stream, projected(stream, chosen.selected, BATCH_ROWS) as reader:
            yield from reader
    except RowExpressionError as error:
        raise request.error(
            f"its expressions cannot be worked out: {mask_text(str(error))}",
            remedy=f"Make those under sources.{request.spec.name}.expressions simpler.",
        ) from None


def _of_another_dialect(source: FilesSource) -> bool:
    return bool(source.dates) or source.decimal != "." or source.thousands is not None


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)


def _place(raw: list[str], name: str) -> str:
    # Two names that differ in case alone are one to DuckDB.
    return f"c{raw.index(name)}"


def _in_plain_words(source: FilesSource, name: str, text: str, wanted: pa.DataType, is_excel: bool) -> str:
    if wanted in _NUMBERS:
        return _number(source, text)
    written = source.dates if isinstance(source.dates, str) else source.dates.get(name)
    return _moment(text, written, wanted, is_excel) if wanted in MOMENTS and written else text


def _number(source: FilesSource, text: str) -> str:
    if source.decimal == "." and source.thousands is None:
        return text
    decimal = re.escape(source.decimal)
    grouped = ""
    value = f"trim({text})"
    plain = value
    if source.thousands:
        sign = f"[{_BLANKS}]" if source.thousands == " " else re.escape(source.thousands)
        grouped = rf"[0-9]{{1,3}}({sign}[0-9]{{3}})+|"
        plain = f"regexp_replace({plain}, {literal(sign)}, '', 'g')"
    pattern = rf"[+-]?(({grouped}[0-9]+)({decimal}[0-9]*)?|{decimal}[0-9]+)([eE][+-]?[0-9]+)?"
    plain = f"replace({plain}, {literal(source.decimal)}, '.')"
    return _or_marked(f"CASE WHEN regexp_full_match({value}, {literal(pattern)}) THEN {plain} END", text)


def _moment(text: str, written: str, wanted: pa.DataType, is_excel: bool) -> str:
    parsed_by = f"try_strptime(trim({text}), {literal(written)})"
    zone = "+00" if has_zone(written) else ""
    shape = f"{ISO}{zone}" if has_time(written) and wanted == pa.timestamp("us") else "%Y-%m-%d"
    plain = f"CASE WHEN year({parsed_by}) >= {_FIRST_YEAR} THEN strftime({parsed_by}, {literal(shape)}) END"
    if is_excel:
        plain = f"COALESCE(CASE WHEN try_strptime({text}, {literal(ISO)}) IS NOT NULL THEN {text} END, {plain})"
    return _or_marked(plain, text)


def _or_marked(plain: str, text: str) -> str:
    return f"CASE WHEN trim({text}) = '' THEN NULL ELSE COALESCE({plain}, {literal(_MARK)} || {text}) END"


def _own(request: SourceRequest, file: DataFile, source: FilesSource, column: str, there: list[str]) -> str | None:
    """The file's own spelling of a column that an expression names; GoogleSQL does not tell cases apart. Nothing for
    one of several names under `columns`, of which each file has another."""
    alike = [name for name in there if name.lower() == column.lower()]
    if column in there or len(alike) == 1:
        return column if column in there else alike[0]
    if any(column in names for names in source.columns.values() if len(names) > 1):
        return None
    name = next(name for name, text in source.expressions.items() if column in columns_of(text))
    raise request.error(
        f"{file} has no column {column}, which its expression reads; it has {mask_text(', '.join(there))}",
        column=name,
        remedy=f"Correct sources.{request.spec.name}.expressions.{name} in the company file."
        f"{did_you_mean(column, there)}",
    )


def _expression(
    request: SourceRequest,
    source: FilesSource,
    name: str,
    columns: Mapping[str, tuple[str, pa.DataType]],
    there: list[str],
) -> str:
    from sqlglot import exp

    from recs_platform.warehouse.lake.compile import duckdb_expression

    root = exp.Paren(this=parsed(source.expressions[name]).copy())
    for text in list(root.find_all(exp.Literal)):
        compared = isinstance(text.parent, exp.Predicate | exp.In | exp.Case | exp.If)
        if text.is_string and text.name in there and not compared:
            raise request.error(
                f'has the text "{text.name}" in its expression, and a column is called so',
                column=name,
                remedy=f"Write a column in backticks: `{text.name}`.",
            )
    for column in list(root.find_all(exp.Column)):
        if column.name not in columns:
            column.replace(exp.Null())
            continue
        place, kind = columns[column.name]
        number = f"TRY_CAST({_number(source, quoted(place))} AS DOUBLE)" if _is_text(kind) and _counts(column) else None
        column.replace(exp.maybe_parse(number, dialect="duckdb") if number else exp.column(place, quoted=True))
    for node in reversed(list(root.find_all(exp.StrToDate, exp.StrToTime, exp.UnixToTime, exp.Timestamp, exp.IntDiv))):
        node.replace(_as_duckdb_has_it(node))
    # An error in one row is a value that this row does not have.
    return f"TRY({duckdb_expression(root)})"


def _as_duckdb_has_it(node: Any) -> Any:
    from sqlglot import exp

    if isinstance(node, exp.UnixToTime):
        scale = node.args.get("scale")
        seconds = f"1e{scale.name}" if scale else "1"
        return exp.func("to_timestamp", exp.Div(this=exp.Paren(this=node.this), expression=exp.Literal.number(seconds)))
    if isinstance(node, exp.IntDiv):
        return exp.func("trunc", exp.Div(this=exp.Paren(this=node.this), expression=exp.Paren(this=node.expression)))
    if isinstance(node, exp.Timestamp):
        return exp.cast(node.this, exp.DataType.Type.TIMESTAMP)
    moment = exp.Anonymous(this="try_strptime", expressions=[node.this, node.args["format"]])
    return exp.cast(moment, exp.DataType.Type.DATE) if isinstance(node, exp.StrToDate) else moment


def _counts(column: Any) -> bool:
    """Whether a column stands where only a number can: a text there is one in the file's own way of writing them."""
    from sqlglot import exp

    node, above = column, column.parent
    while isinstance(above, exp.Paren | exp.Neg):
        if isinstance(above, exp.Neg):
            return True
        node, above = above, above.parent
    if isinstance(above, exp.Cast):
        return above.to.this in exp.DataType.NUMERIC_TYPES
    if isinstance(above, exp.Predicate | exp.Between | exp.In):
        others = [child for child in above.iter_expressions() if child is not node]
        return bool(others) and all(isinstance(o.unnest(), exp.Literal | exp.Neg) and not o.is_string for o in others)
    if isinstance(above, exp.Round):
        return above.this is node
    return isinstance(
        above,
        exp.Add
        | exp.Sub
        | exp.Mul
        | exp.Div
        | exp.Mod
        | exp.IntDiv
        | exp.SafeDivide
        | exp.Abs
        | exp.Floor
        | exp.Ceil
        | exp.UnixToTime,
    )


def _not_run(request: SourceRequest, source: FilesSource, schema: pa.Schema, plain: Mapping[str, str]) -> Exception:
    """Which of the expressions it is, and what is wrong with it."""
    for name in source.expressions:
        try:
            projected_types(schema, {name: plain[name]})
        except RowExpressionError as error:
            return request.error(
                f"has an expression that cannot be worked out: {mask_text(str(error))}",
                column=name,
                remedy=f"Correct sources.{request.spec.name}.expressions.{name}. "
                "In a CSV every column is text: CAST it.",
            )
    raise AssertionError("the expressions can be worked out one by one, and not together")

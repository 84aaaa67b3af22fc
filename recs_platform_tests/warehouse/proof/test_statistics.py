"""Statistics prove a rule only where a scan of the same file finds no row that breaks it."""

from __future__ import annotations

import datetime
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, log, spec_of
from recs_platform.warehouse.lake.conditions import any_broken
from recs_platform.warehouse.lake.written_statistics import WrittenFile, of_column
from recs_platform.warehouse.proof.declared import NOT_NAN, NOT_NULL, DeclaredRule
from recs_platform.warehouse.proof.statistics import proves
from recs_platform_tests.warehouse.tables import day

LONG = "yes" + "y" * 300
_GROUP = 2048
"""Rows of a part of a file, the fewest that DuckDB writes: statistics of several parts are put together."""


@log(key=())
class Values(Table):
    """A column of each type that has rules."""

    event_date: datetime.date = Field()
    whole: int = Field(nullable=True)
    fraction: float = Field(nullable=True)
    text: str = Field(nullable=True)


SPEC = spec_of(Values)
WHOLE = st.sampled_from([None, -(2**63), -1, 0, 1, 2, 3, 9, 10, 2**53 + 1, 2**63 - 1])
FRACTION = st.sampled_from(
    [None, -math.inf, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, math.nextafter(1, 2), 9.0, 10.0, 1e300, math.inf, math.nan]
)
TEXT = st.sampled_from([None, "", "a", "b", "yes", LONG, LONG + "a", "it's", "\x00", "é", "}=,"])
PARTS = st.lists(
    st.lists(st.fixed_dictionaries({"whole": WHOLE, "fraction": FRACTION, "text": TEXT}), max_size=3), max_size=3
)
BOUNDS: list[Any] = [-1, 0, 1, 1.0, 9.5, 2**53]
RULES = [
    *(DeclaredRule(column, NOT_NULL) for column in ("whole", "fraction", "text")),
    DeclaredRule("fraction", NOT_NAN),
    *(
        DeclaredRule(c, w, b)
        for c in ("whole", "fraction")
        for w in ("ge", "gt", "le", "lt", "eq", "ne")
        for b in BOUNDS
    ),
    *(DeclaredRule("text", "isin", words) for words in (["a", "b"], ["yes", ""], [LONG, "yes"], ["it's", "é"])),
]


@lru_cache(maxsize=1)
def one_at_a_time() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def written(parts: list[list[dict[str, Any]]], path: Path) -> tuple[duckdb.DuckDBPyConnection, WrittenFile]:
    """Each part of a file repeats its first row until it is full."""
    rows = [row for part in parts if part for row in part + part[:1] * (_GROUP - len(part))]
    schema = pa.schema([(column.name, column.type) for column in SPEC.columns])
    connection = one_at_a_time().cursor()
    connection.register("given", pa.Table.from_pylist([{"event_date": day(0), **row} for row in rows], schema=schema))
    copy = f"COPY given TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {_GROUP}, RETURN_STATS)"
    ((_, count, _, _, said, _),) = connection.execute(copy).fetchall()
    return connection, WrittenFile(day(0), count, said)


def broken(connection: duckdb.DuckDBPyConnection, path: Path, rule: DeclaredRule) -> int:
    question = f"SELECT count(*) FROM read_parquet('{path}') WHERE {any_broken([rule])}"
    ((count,),) = connection.execute(question).fetchall()
    return int(count)


@pytest.mark.slow
def test_what_is_proved_is_not_broken(tmp_path: Path) -> None:
    """Of a column with a NaN only its own rule is asked: a slice with one is counted as a whole."""
    seen: set[str] = set()

    @settings(max_examples=30)
    @given(parts=PARTS)
    def hold(parts: list[list[dict[str, Any]]]) -> None:
        path = tmp_path / "values.parquet"
        connection, file = written(parts, path)
        has_nan = broken(connection, path, DeclaredRule("fraction", NOT_NAN)) > 0
        for rule in RULES:
            if proves(of_column(SPEC, [file], rule.column), rule):
                seen.add(rule.word)
                assert (has_nan and rule.column == "fraction" and rule.word != NOT_NAN) or not broken(
                    connection, path, rule
                ), rule

    hold()
    assert seen >= {NOT_NULL, "ge", "gt", "le", "lt", "isin"}


def plain(values: list[Any], column: str, rule: DeclaredRule, tmp_path: Path) -> bool:
    _, file = written([[{column: value} for value in values]], tmp_path / "values.parquet")
    return proves(of_column(SPEC, [file], column), rule)


@pytest.mark.parametrize(
    ("column", "values", "rule", "value"),
    [
        ("whole", [1, 2], NOT_NULL, None),
        ("whole", [1, None, 3], "ge", 1),
        ("fraction", [-0.0, 0.5], "ge", 0),
        ("fraction", [0.5, 1.0], "le", 1),
        ("whole", [10, 9], "gt", 8),
        ("text", ["yes", None, "yes"], "isin", ["no", "yes"]),
        ("text", [None], "isin", ["no"]),
    ],
)
def test_what_statistics_tell_is_proved(
    column: str, values: list[Any], rule: str, value: object, tmp_path: Path
) -> None:
    assert plain(values, column, DeclaredRule(column, rule, value), tmp_path)


@pytest.mark.parametrize(
    ("column", "values", "rule", "value"),
    [
        ("whole", [1, None], NOT_NULL, None),
        ("whole", [0, 1], "gt", 0),
        ("fraction", [math.nextafter(1, 2)], "le", 1),
        ("fraction", [1.0], NOT_NAN, None),
        ("whole", [3], "ne", 4),
        ("text", ["no", "yes"], "isin", ["no", "yes"]),
        ("text", [LONG], "isin", [LONG]),
        ("text", ["maybe"], "isin", ["no", "yes"]),
    ],
)
def test_what_they_do_not_tell_is_not(column: str, values: list[Any], rule: str, value: object, tmp_path: Path) -> None:
    assert not plain(values, column, DeclaredRule(column, rule, value), tmp_path)


def test_of_several_files_each_must_prove_it(tmp_path: Path) -> None:
    rule = DeclaredRule("whole", "ge", 1)
    files = [written([[{"whole": value}]], tmp_path / f"{value}.parquet")[1] for value in (1, 2, 0)]
    assert proves(of_column(SPEC, files[:2], "whole"), rule)
    assert not proves(of_column(SPEC, files, "whole"), rule)


def test_nan_is_not_seen_by_statistics_of_several_parts(tmp_path: Path) -> None:
    """Why `has_nan` proves nothing: once DuckDB tells it of all parts of a file, it may."""
    _, file = written([[{"fraction": math.nan}], [{"fraction": 1.0}]], tmp_path / "values.parquet")
    assert file.said['"fraction"']["has_nan"] == "false"

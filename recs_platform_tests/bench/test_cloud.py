"""The benchmark of BigQuery and the model of its cost, without an emulator and without a world."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.bench.cloud import parts
from recs_platform.bench.cost import FEW, LEAST, MORE, Size, at, columns_named, read_in_a_day
from recs_platform.bench.registry import Options
from recs_platform.errors import ConfigError
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.query import parse_query

PIPELINE = pipelines()["vehicle_fitment"]


def test_without_an_emulator_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    (part,) = parts(Options(tmp_path))
    with pytest.raises(ConfigError, match="set BIGQUERY_EMULATOR_HOST"):
        part.prepare()


def test_rows_grow_in_a_straight_line() -> None:
    few, more = {"t": Size(FEW * 2 + 10, {"a": 8.0})}, {"t": Size(MORE * 2 + 10, {"a": 8.0})}
    assert at(1_000, few, more)["t"].rows == 2_010


def test_a_query_reads_the_columns_that_it_names_anywhere() -> None:
    def named(sql: str) -> frozenset[str] | None:
        return columns_named(parse_query("q", sql, "sql/q.sql", passing=True))

    assert named("SELECT a FROM t WHERE b > 1 ORDER BY t.c") == {"a", "b", "c"}
    assert named("SELECT COUNT(*) AS n FROM t WHERE d IS NULL") == {"d"}
    assert named("WITH u AS (SELECT * FROM t) SELECT a FROM u") is None


def test_a_small_day_costs_its_minimum_and_a_large_one_its_bytes() -> None:
    def day(rows: float) -> float:
        sizes = {
            name: Size(rows, dict.fromkeys((column.name for column in spec.columns), 8.0))
            for name, spec in PIPELINE.specs.items()
        }
        return sum(read_in_a_day(PIPELINE, sizes).values())

    tables = len(PIPELINE.tables)
    assert day(0) == day(1)
    assert day(0) % LEAST == 0
    assert day(0) > 3 * tables * LEAST
    assert 9.9 < day(1e9) / day(1e8) < 10.1

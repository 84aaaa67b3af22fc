"""Fixtures give on Google's reference executor what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.table import Kind
from recs_platform_tests.googlesql.executor import answered, judged
from recs_platform_tests.googlesql.server import GoogleSql
from recs_platform_tests.sql.case import Case, all_cases
from recs_platform_tests.sql.running import assert_says, difference, pipeline_of

pytestmark = pytest.mark.googlesql

_CASES = list(all_cases())


@pytest.mark.parametrize("case", [c for c in _CASES if not c.is_check], ids=str)
def test_query(case: Case, googlesql: GoogleSql) -> None:
    expected = [{name: _without_zone(value) for name, value in row.items()} for row in case.expected]
    rows = _of_the_days(case, answered(googlesql, case))
    differs = difference(expected, rows)
    assert not differs, f"{case}\n{differs}"
    if case.table in pipeline_of(case).questions and expected:
        assert [{column: row[column] for column in expected[0]} for row in rows] == expected, "an answer has an order"


@pytest.mark.parametrize("case", [c for c in _CASES if c.is_check], ids=str)
def test_check(case: Case, googlesql: GoogleSql) -> None:
    assert_says(case, judged(googlesql, case))


def _of_the_days(case: Case, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a log that a query makes, the days that are made: the others are not stored."""
    made = pipeline_of(case).tables.get(case.table)
    if not isinstance(made, SqlTable) or made.spec.kind is not Kind.LOG:
        return rows
    return [row for row in rows if row[made.spec.date_column] in case.days]


def _without_zone(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value

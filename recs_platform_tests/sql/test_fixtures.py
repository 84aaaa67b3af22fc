"""Every query and every check gives for its fixtures what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform_tests.sql.case import Case, all_cases
from recs_platform_tests.sql.running import assert_says, difference, pipeline_of, rows_of, verdict_of

_CASES = all_cases()


@pytest.mark.parametrize("case", [c for c in _CASES if not c.is_check], ids=str)
def test_query(case: Case, tmp_path: Path) -> None:
    rows = rows_of(case, tmp_path)
    differs = difference(case.expected, rows)
    assert not differs, f"{case}\n{differs}"
    if case.table in pipeline_of(case).questions and case.expected:
        answered = [{column: row[column] for column in case.expected[0]} for row in rows]
        assert answered == case.expected, f"{case}: an answer has an order"


@pytest.mark.parametrize("case", [c for c in _CASES if c.is_check], ids=str)
def test_check(case: Case, tmp_path: Path) -> None:
    assert_says(case, verdict_of(case, tmp_path))

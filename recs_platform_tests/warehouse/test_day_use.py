"""What a query does with its day: the rules admit what gives the same rows on another day, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.query_facts import DayUse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.sql.case import Case, all_cases
from recs_platform_tests.sql.running import pipeline_of, rows_of


def use(text: str) -> DayUse:
    return parse_query("asked", text, "sql/asked.sql").facts.day


@pytest.mark.parametrize(
    "text",
    [
        "SELECT @as_of AS as_of, x FROM t",
        "SELECT as_of, x FROM t",
        "SELECT t.as_of, x FROM t JOIN u USING (x)",
        "SELECT t.as_of AS as_of FROM t",
        "SELECT x, @as_of AS as_of FROM t UNION ALL SELECT y, @as_of FROM u",
        "SELECT @as_of AS as_of, COUNT(*) AS n FROM t",
        "WITH c AS (SELECT x FROM t) SELECT @as_of AS as_of, * EXCEPT (y), 1 AS y FROM (SELECT * FROM c) AS d",
        "SELECT @as_of AS as_of, x FROM t WHERE source_day IS NOT NULL",
        "SELECT @as_of AS as_of, first.x FROM t AS first JOIN t AS second ON first.x = second.y",
    ],
)
def test_a_day_that_is_only_given_is_no_use_of_it(text: str) -> None:
    # An outermost star is refused elsewhere.
    assert use(text.replace("* EXCEPT (y), 1 AS y", "d.x")) == DayUse("")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT @as_of AS as_of, DATE_DIFF(@as_of, day, DAY) AS age FROM t",
        "SELECT @as_of AS as_of, @as_of AS made_on FROM t",
        "SELECT @as_of AS as_of, t.as_of AS before FROM t",
        "SELECT @as_of AS as_of, x FROM t WHERE as_of > '2025-01-01'",
        "SELECT @as_of AS as_of, x FROM t JOIN u USING (x, as_of)",
        "SELECT @as_of AS as_of, x FROM t NATURAL JOIN u",
        "SELECT @as_of AS as_of, x FROM t ORDER BY as_of LIMIT 5",
        "SELECT @as_of AS as_of, x FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY x ORDER BY as_of) = 1",
        "WITH c AS (SELECT as_of, x FROM t) SELECT as_of, COUNT(*) AS n FROM c GROUP BY as_of",
        "SELECT DATE_ADD(@as_of, INTERVAL 0 DAY) AS as_of, x FROM t",
        "SELECT @as_of AS as_of, TO_JSON_STRING(t) AS row_text FROM t",
        "SELECT @as_of AS as_of, TO_JSON_STRING(u) AS row_text FROM t AS u",
        "SELECT @as_of AS as_of, source_day FROM t",
        "SELECT @as_of AS as_of, COALESCE(source_day, day) AS day FROM t",
        "SELECT x FROM t WHERE (SELECT @as_of) IS NOT NULL",
        "SELECT @as_of AS as_of, x FROM t WHERE DATE(at_time) BETWEEN @as_of AND @as_of",
        # Compared, but not with a column of the only table of its SELECT.
        "SELECT @as_of AS as_of, x FROM t JOIN u USING (x) WHERE t.day <= @as_of",
        "SELECT @as_of AS as_of, x FROM t, u WHERE day <= @as_of",
        "WITH c AS (SELECT DATE_ADD(day, INTERVAL 9 DAY) AS d FROM t) SELECT @as_of AS as_of FROM c WHERE d <= @as_of",
        "SELECT @as_of AS as_of, DATE_ADD(day, INTERVAL 9 DAY) AS day FROM t QUALIFY day <= @as_of",
        "SELECT @as_of AS as_of, x FROM t GROUP BY x HAVING MAX(day) <= @as_of",
        "SELECT @as_of AS as_of, x FROM t WHERE DATE_ADD(day, INTERVAL 1 DAY) <= @as_of",
        "SELECT @as_of AS as_of, x FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t.day <= @as_of)",
        "SELECT @as_of AS as_of, x FROM t WHERE DATE(at_time, 'Europe/Berlin') <= @as_of",
    ],
)
def test_any_other_use_is_a_reason(text: str) -> None:
    assert "the day" in use(text).reason or "one name" in use(text).reason


@pytest.mark.parametrize(
    "comparison", ["DATE(at_time) {} @as_of", "@as_of {} day", "u.day {} u.as_of", "day {} source_day"]
)
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "=", "<>"])
def test_a_comparison_is_told_with_its_column(comparison: str, sign: str) -> None:
    told = use(f"SELECT @as_of AS as_of, x FROM t AS u WHERE {comparison.format(sign)}")
    assert (told.reason, told.compared) == ("", (("t", "at_time" if "at_time" in comparison else "day"),))


def test_a_star_is_told_with_its_table() -> None:
    text = (
        "WITH c AS (SELECT * FROM t), d AS (SELECT v.* FROM u AS v JOIN w USING (x)) SELECT @as_of AS as_of FROM c, d"
    )
    assert use(text).whole == ("t", "u")


def _given_alone(case: Case) -> bool:
    """Whether it is a case of a snapshot whose query only gives its day, and reads nothing of other days."""
    pipeline = pipeline_of(case)
    made = pipeline.tables.get(case.table)
    if not isinstance(made, SqlTable) or made.spec.kind is not Kind.SNAPSHOT or pipeline.looks[case.table].earlier:
        return False
    facts, specs = made.query.facts, pipeline.specs
    logs = {name for name in facts.tables & specs.keys() if specs[name].kind is Kind.LOG}
    return facts.day == DayUse("") and not logs and not facts.parameters & {"sent_from", "sent_to"}


_GIVEN_ALONE = [case for case in all_cases() if not case.is_check and _given_alone(case)]


def test_there_are_such_queries() -> None:
    assert {"fitment", "eligible_parts", "landed_catalog"} <= {case.table for case in _GIVEN_ALONE}


@pytest.mark.parametrize("case", _GIVEN_ALONE, ids=str)
def test_the_same_inputs_on_another_day_give_the_same_rows(case: Case, tmp_path: Path) -> None:
    later = _Later(case.folder)
    before, after = rows_of(case, tmp_path / "before"), rows_of(later, tmp_path / "after")
    dated = [{**row, "as_of": later.days.last} for row in before]
    assert sorted(map(repr, after)) == sorted(map(repr, dated))


class _Later(Case):
    """The same case 40 days later."""

    @property
    def days(self) -> Days:
        day = super().days.last + timedelta(days=40)
        return Days.one(day)

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:  # type: ignore[override]
        return {
            name: [{**row, "as_of": self.days.last} if "as_of" in row else row for row in rows]
            for name, rows in super().tables.items()
        }

"""A person's own query on a lake in a folder and behind a URL: the same answers, and the same refusals."""

from __future__ import annotations

from typing import Any

import pytest

from recs_platform.errors import QueryError
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import ALL_DAYS
from recs_platform_tests.warehouse.tables import DATASET, PROFILES, VISITS, day, days, visits, write

NUMBER = 4369912345


@pytest.fixture
def filled(any_lake: Lake) -> Lake:
    write(any_lake, days(0, 1), visits(days(0, 1)))
    write(any_lake, days(0, 0), [{"as_of": day(0), "customer_id": "c1", "phone": NUMBER}], PROFILES)
    return any_lake


def asked(lake: Lake, text: str, time_limit: float | None = 20) -> list[dict[str, Any]]:
    query = parse_query("query", text, "query", passing=True)
    views = tuple(View(spec.name, spec, ALL_DAYS, False) for spec in (VISITS, PROFILES) if spec.name in query.tables)
    with lake.run(BoundQuery(query, DATASET, {}, views, time_limit=time_limit)) as rows:
        answer: list[dict[str, Any]] = rows.read_all().to_pylist()
    return answer


def refused(lake: Lake, text: str, time_limit: float | None = 20) -> str:
    with pytest.raises(QueryError) as caught:
        asked(lake, text, time_limit)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_it_answers_as_the_platforms_own_query_does(filled: Lake) -> None:
    text = (
        "SELECT v.event_date, COUNT(*) AS n, MAX(p.phone) AS phone FROM visits AS v CROSS JOIN profiles AS p GROUP BY 1"
    )
    answer = sorted(asked(filled, text), key=str)
    assert answer == sorted(asked(filled, text, None), key=str)
    assert answer == [{"event_date": d, "n": 3, "phone": NUMBER} for d in days(0, 1)]


def test_it_leaves_nothing_behind_and_disturbs_nobody(filled: Lake) -> None:
    with filled.engine.connect() as connection:
        connection.execute("CREATE TEMP TABLE mine AS SELECT 1 AS one")
        asked(filled, "SELECT visit_id FROM visits")
        assert connection.execute("SELECT one FROM mine").fetchall() == [(1,)]
    assert not list(filled.engine.spill.glob("query-*"))
    write(filled, days(2, 2), visits(days(2, 2)))
    assert len(asked(filled, "SELECT visit_id FROM visits")) == 9


@pytest.mark.parametrize("time_limit", [20, None])
def test_an_error_tells_a_value_only_where_it_is_nobodys(filled: Lake, time_limit: float | None) -> None:
    hidden = (
        "query:1: meets a value that it cannot work with ({}). The value is not shown: profiles holds personal data"
    )
    bare = "SELECT ERROR(CAST(phone AS STRING)) AS a FROM profiles"
    assert refused(filled, bare, time_limit) == hidden.format("invalid input")
    cast = "SELECT CAST(CONCAT('x', CAST(phone AS STRING)) AS INT64) AS a FROM profiles"
    assert refused(filled, cast, time_limit) == hidden.format("conversion")
    told = refused(filled, "SELECT CAST(CONCAT('x', CAST(visit_id AS STRING)) AS INT64) AS a FROM visits", time_limit)
    assert told.startswith("query:1: Conversion: Could not convert string 'x")


def test_a_column_that_is_not_there_is_named(filled: Lake) -> None:
    assert 'Referenced column "colour" not found' in refused(filled, "SELECT colour FROM visits")


def test_time_is_limited(filled: Lake) -> None:
    endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT MAX(n) AS n FROM r"
    assert refused(filled, endless, 0.3).startswith("query:1: ran for 0.3 s and was stopped")

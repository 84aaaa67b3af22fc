"""How often BigQuery is asked for one piece of work: each call takes part of a second, and a day has hundreds."""

from __future__ import annotations

import pytest

from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.warehouse.bigquery.wire import Wire
from recs_platform_tests.warehouse.tables import (
    DATASET,
    PROFILES,
    VISITS,
    day,
    days,
    marks,
    ref,
    subject,
    visits,
    write,
)

pytestmark = pytest.mark.slow
COPY = "SELECT event_date, visit_id, seen_at, email, pages + 1 AS pages, spent, is_member FROM visits"


def copying() -> BoundQuery:
    return BoundQuery(
        parse_query("visits", COPY, "sql/visits.sql"), DATASET, {}, (View("visits", VISITS, days(0, 1), False),)
    )


def calls(wire: Wire) -> list[str]:
    found = list(wire.requests)
    wire.clear()
    return found


def test_a_slice_takes_eleven_calls_at_most_once_its_table_is_there(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    write(warehouse, days(0, 1), visits(days(0, 1)))
    first = calls(wire)
    write(warehouse, days(0, 1), visits(days(0, 1)))
    from_python = calls(wire)
    warehouse.replace(subject(days(0, 1)), copying(), audits=(SCHEMA_AUDIT,))
    by_query = calls(wire)
    assert (len(first), len(from_python), len(by_query)) == (19, 10, 11)
    assert marks(warehouse) == {day(0): [2] * 3, day(1): [2] * 3}


def test_reading_takes_one_call(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    write(warehouse, days(0, 1), visits(days(0, 1)))
    calls(wire)
    marks(warehouse)
    assert len(calls(wire)) == 1
    assert len(warehouse.slices(ref())) == 2
    assert len(calls(wire)) == 1, "where the table is; the rest is in the platform database"


def test_where_tables_are_is_asked_once_for_all_views_of_a_query(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    write(warehouse, days(0, 0), [{"as_of": day(0), "customer_id": "c1", "score": 1.5}], PROFILES)
    text = "SELECT customer_id FROM profiles JOIN before USING (customer_id) JOIN older USING (customer_id)"
    names = ("profiles", "before", "older")
    shown = tuple(View(name, PROFILES, days(0, 0), required=True) for name in names)
    calls(wire)
    with warehouse.run(BoundQuery(parse_query("q", text, "sql/q.sql"), DATASET, {}, shown)) as rows:
        assert rows.read_all().num_rows == 1
    asked = calls(wire)
    assert len([one for one in asked if "_versions" in one]) == 1

"""Whose each job is, as Google's own list of jobs says it: the labels company, asset and run, in the letters that
Google lets them have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.check import judge, read_check
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Rows, Subject
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.publication.shop import PICKS, outlet_of
from recs_platform_tests.warehouse.bigquery.wire import Wire, wired
from recs_platform_tests.warehouse.conftest import open_bigquery
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, reader, visits
from recs_platform_tests.warehouse.test_schema_evolution import GROWN, grown

pytestmark = pytest.mark.slow

COMPANY, RUN = "Shop.EU", f"Run.{'7' * 70}"
MINE = {"company": "shop_eu", "run": f"run_{'7' * 59}"}
"""As Google lets it be written: at most 63 characters."""
HERE, LIVE = (TableRef(DATASET, replace(VISITS, name=name), COMPANY) for name in ("visits", "live_visits"))
SHOWN = View("visits", VISITS, days(0, 1), required=False)
CHECK = """-- Nobody sees fewer pages than none.
-- table: visits
-- severity: error
SELECT visit_id FROM visits WHERE pages < 0"""


@pytest.fixture
def warehouse(bigquery: str, tmp_path: Path) -> BigQueryWarehouse:
    """Of a run."""
    opened = open_bigquery(bigquery, tmp_path / "scratch")
    return replace(opened, jobs=replace(opened.jobs, run=RUN))


@pytest.fixture
def wire(warehouse: BigQueryWarehouse) -> Wire:
    return wired(warehouse)


def made(warehouse: BigQueryWarehouse, rows: Rows, table: TableRef = HERE) -> None:
    warehouse.replace(Subject("toy/visits", COMPANY, table, days(0, 1)), rows, audits=(SCHEMA_AUDIT,))


def asked(text: str) -> BoundQuery:
    query = parse_query("visits", text, "sql/visits.sql")
    return BoundQuery(query, DATASET, {}, (SHOWN,), company=COMPANY)


def kinds(wire: Wire, asset: str) -> list[str]:
    """Of the jobs since the last time, all of which bear the labels of this asset."""
    assert [labels for _, labels in wire.labels] == [{**labels, **MINE, "asset": asset} for _, labels in wire.labels]
    found = [kind for kind, _ in wire.labels]
    wire.clear()
    return found


def test_each_job_of_a_slice_says_whose_it_is(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    made(warehouse, reader(visits(days(0, 1))))
    # The first commit finds no books, so they are begun.
    assert kinds(wire, "visits") == ["load", "query", "commit", "change", "commit"]
    made(warehouse, asked("SELECT event_date, visit_id, seen_at, email, 2 AS pages, spent, is_member FROM visits"))
    assert kinds(wire, "visits") == ["change", "query", "commit"]


def test_so_does_each_that_lets_a_table_grow(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    made(warehouse, reader(visits(days(0, 1))))
    wire.clear()
    made(warehouse, reader(grown(0), GROWN), TableRef(DATASET, GROWN, COMPANY))
    assert kinds(wire, "visits") == ["load", "query", "change", "change", "commit"]


def test_each_job_of_a_reader_a_check_and_an_inspection_says_whose_it_is(
    warehouse: BigQueryWarehouse, wire: Wire
) -> None:
    made(warehouse, reader(visits(days(0, 1))))
    wire.clear()
    with warehouse.read(HERE) as rows:
        assert rows.read_all().num_rows == 6
    assert kinds(wire, "visits") == ["query"]
    assert warehouse.checksum(HERE) == warehouse.checksum(HERE)
    assert kinds(wire, "visits") == ["query"] * 4
    assert warehouse.inspect(HERE).findings == ()
    assert kinds(wire, "visits") == ["query"]
    check = read_check(parse_query("no_pages", CHECK, "sql/no_pages.sql"), {"visits": VISITS}, frozenset())
    assert judge(warehouse, check, replace(asked("SELECT 1 AS n FROM visits"), query=check.query)).passed
    assert kinds(wire, "no_pages__judged") == ["query"]


def test_each_job_of_a_publication_and_its_restoration_says_whose_it_is(
    warehouse: BigQueryWarehouse, wire: Wire
) -> None:
    made(warehouse, reader(visits(days(0, 1))))
    wire.clear()
    first = warehouse.publish(HERE, day(0), LIVE, {})
    assert kinds(wire, "live_visits") == ["change", "commit", "change", "commit"]
    warehouse.publish(HERE, day(1), LIVE, {})
    assert kinds(wire, "live_visits") == ["change", "commit"]
    warehouse.restore(LIVE, first)
    assert kinds(wire, "live_visits") == ["query", "commit"]


def test_what_a_company_publishes_is_known_as_its_own(warehouse: BigQueryWarehouse, platform_db: Engine) -> None:
    outlet = replace(outlet_of(warehouse, platform_db, PICKS), dataset=DATASET)
    assert (outlet.source.company, outlet.live.company) == ("shop", "shop")

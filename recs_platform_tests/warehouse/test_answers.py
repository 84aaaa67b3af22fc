"""What every warehouse answers a query with: the types that GoogleSQL gives, whatever the engine computes in."""

from __future__ import annotations

import pyarrow as pa
import pytest

from recs_platform.errors import QueryError
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import ALL_DAYS
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, visits, write


def answered(warehouse: Warehouse, selected: str) -> pa.Table:
    query = parse_query("asked", f"SELECT {selected} FROM visits", "sql/asked.sql")
    views = (View("visits", VISITS, ALL_DAYS, required=False),)
    with warehouse.run(BoundQuery(query, DATASET, {}, views)) as reader:
        return reader.read_all()


def test_a_sum_of_whole_numbers_is_one(any_engine: Warehouse) -> None:
    write(any_engine, days(0, 1), visits([day(0), day(1)], each=2, pages=3))
    answer = answered(any_engine, "SUM(pages) AS pages, SUM(pages) / 2 AS half")
    assert answer.schema.field("pages").type == pa.int64()
    assert answer.to_pylist() == [{"pages": 12, "half": 6.0}]


def test_a_sum_that_is_no_int64_is_refused(lake: Lake) -> None:
    write(lake, days(0, 0), visits([day(0)], each=3, pages=2**62))
    with pytest.raises(QueryError, match=r"sql/asked.sql:1: a whole number that it gives does not fit into INT64"):
        answered(lake, "SUM(pages) AS pages")

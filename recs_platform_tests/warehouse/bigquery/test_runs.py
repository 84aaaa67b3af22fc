"""Runs of Dagster with the resource of production: each job says whose it is, and all of them together read no more
than a run may.

The emulator counts no bytes, so the wire tells of each query that it would read six gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.companies.model import Company
from recs_platform.definitions import build_defs
from recs_platform.errors import ConfigError, SourceError
from recs_platform.pipeline.adhoc import adhoc_query
from recs_platform.settings import settings
from recs_platform.sources.connectors.base import SourceRequest, open_source
from recs_platform.warehouse.bigquery import client as way_to_bigquery
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.pipeline.toy import DAY, START, STRATEGY, Toy, VisitCounts, Visits, failure, visits_of
from recs_platform_tests.warehouse.bigquery.wire import Wire

pytestmark = pytest.mark.slow

GIB = 2**30
STRANGERS = """-- Every visit is of a page.
-- table: visits
-- severity: error
SELECT event_date, visit_id FROM visits WHERE pages < 0"""
Allow = Callable[[str], None]


@pytest.fixture
def wire(bigquery: str, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Of every client that this process opens."""
    wire, opened = Wire(reads=6 * GIB), way_to_bigquery.open_client

    def wired(project: str, location: str | None) -> Any:
        client = opened(project, location)
        client._http.mount("http://", wire)
        return client

    monkeypatch.setattr(way_to_bigquery, "open_client", wired)
    monkeypatch.setattr("recs_platform.sources.connectors.bigquery.open_client", wired)
    return wire


@pytest.fixture
def allow(bigquery: str, monkeypatch: pytest.MonkeyPatch) -> Allow:
    """So much may a run read, from now on."""
    monkeypatch.setenv("RECS_WAREHOUSE", "bigquery")
    monkeypatch.setenv("RECS_GCP_PROJECT", bigquery)
    monkeypatch.setenv("RECS_BIGQUERY_QUERY_BYTES", "10GiB")

    def allow(amount: str) -> None:
        monkeypatch.setenv("RECS_BIGQUERY_RUN_BYTES", amount)
        settings.cache_clear()

    return allow


@dataclass
class Cloud(Toy):
    """Of a company whose dataset is not called as it is, in the warehouse of the settings."""

    @property
    def store(self) -> Warehouse:
        return open_warehouse()

    @property
    def company(self) -> Company:
        return shop(self.folder, dataset="of_the_shop", lost_days=super().company.lost_days)

    def definitions(self) -> dg.Definitions:
        return build_defs(
            companies=self.companies,
            strategies={STRATEGY: self.pipeline()},
            resources={"journal": dg.ResourceDefinition.none_resource()},
        )


def test_each_job_of_a_run_bears_its_company_its_asset_and_its_run(tmp_path: Path, wire: Wire, allow: Allow) -> None:
    allow("1TiB")
    result = Cloud(tmp_path, checks=[STRANGERS]).run()
    assert result.success
    assert {labels["company"] for _, labels in wire.labels} == {"shop"}
    assert {labels["run"] for _, labels in wire.labels} == {result.run_id}
    kinds: dict[str, set[str]] = {}
    for kind, labels in wire.labels:
        kinds.setdefault(labels["asset"], set()).add(kind)
    assert {name: kinds[name] >= {"commit"} for name in kinds} == {
        "visits": True, "profiles": True, "visit_counts": True, "scores": True, "check_0__judged": False,
    }  # fmt: skip
    assert kinds["visits"] >= {"load", "query", "commit"}
    assert kinds["visit_counts"] >= {"change", "query", "commit"}


def test_a_run_that_would_read_more_than_it_may_ends_before_it_does(tmp_path: Path, wire: Wire, allow: Allow) -> None:
    """Its two checks, which one query counts, are within the limit; the query after them is not. What stands there is
    the first run's."""
    allow("1TiB")
    assert Cloud(tmp_path, checks=[STRANGERS, STRANGERS], features=()).run().success
    allow("11GiB")
    wire.clear()
    cloud = Cloud(tmp_path, checks=[STRANGERS, STRANGERS], features=(), visits=lambda days: visits_of(days).head(1))
    table, said = failure(cloud.run())
    assert table == "visit_counts"
    assert said.endswith(
        "replenishment/visit_counts, shop 2025-09-10: would read 6.0 GiB after 6.0 GiB of this run, and "
        "RECS_BIGQUERY_RUN_BYTES allows a run 11.0 GiB. Nothing more was read. Run fewer days at once, or allow more."
    )
    assert [labels["asset"] for _, labels in wire.labels if labels["asset"] == "visit_counts"] == []
    assert {row["customer_id"]: row["visits"] for row in cloud.rows(VisitCounts)} == {"c1": 1, "c2": 1}
    assert len(cloud.rows(Visits)) == 1
    # Another run begins anew.
    allow("12GiB")
    assert cloud.run().success
    assert {row["customer_id"]: row["visits"] for row in cloud.rows(VisitCounts)} == {"c1": 1}


def test_a_check_is_refused_too_and_who_is_no_run_may_ask_for_ever(tmp_path: Path, wire: Wire, allow: Allow) -> None:
    allow("13GiB")
    cloud = Cloud(tmp_path)
    company, of_a_run = cloud.company, open_warehouse("r1")
    query = adhoc_query(cloud.pipeline(), company, "SELECT COUNT(*) AS n FROM visits", DAY, seconds=60)
    for _ in range(2):
        with of_a_run.run(query) as rows:
            assert rows.read_all().to_pylist() == [{"n": 0}]
    assert [labels for _, labels in wire.labels] == [{"company": "shop", "asset": "query", "run": "r1"}] * 2
    wire.clear()
    with pytest.raises(ConfigError) as refused, of_a_run.run(query):
        pass
    assert str(refused.value) == (
        "query, shop: would read 6.0 GiB after 12.0 GiB of this run, and RECS_BIGQUERY_RUN_BYTES allows a run "
        "13.0 GiB. Nothing more was read. Run fewer days at once, or allow more."
    )
    assert wire.labels == []
    for _ in range(4):
        with open_warehouse().run(query) as rows:
            assert rows.read_all().num_rows == 1


FEED = {"connector": "bigquery", "query": "SELECT 1 AS item_id, 2.5 AS price, @as_of AS day"}


def feed_of(company: Company, days: int) -> BoundQuery:
    request = SourceRequest(company, company.tables["catalog"], START, START + timedelta(days=days - 1))
    query = parse_query("landed", "SELECT COUNT(*) AS n FROM feed", "sql/landed.sql")
    return BoundQuery(query, company.dataset, {}, (), {"feed": partial(open_source, request)}, company=company.name)


def test_a_feed_from_bigquery_is_part_of_the_run_that_reads_it(tmp_path: Path, wire: Wire, allow: Allow) -> None:
    """Each day of it is a query: two of them and the one that takes them in are within the limit."""
    allow("20GiB")
    company, of_a_run = shop(tmp_path, sources={"catalog": FEED}), open_warehouse("r1")
    with of_a_run.run(feed_of(company, 2)) as rows:
        assert rows.read_all().to_pylist() == [{"n": 2}]
    fed = [labels for _, labels in wire.labels if "feed" in labels]
    assert fed == [{"company": "shop", "feed": "catalog", "run": "r1"}] * 2
    wire.clear()
    with pytest.raises(SourceError) as refused, of_a_run.run(feed_of(company, 1)):
        pass
    assert str(refused.value) == (
        "shop: source table catalog: its query: would read 6.0 GiB after 18.0 GiB of this run, and "
        "RECS_BIGQUERY_RUN_BYTES allows a run 20.0 GiB. Nothing more was read. Run fewer days at once, or allow more. "
        "Then sources.catalog.query can be read."
    )
    assert wire.labels == []
    for _ in range(2):
        with open_warehouse().run(feed_of(company, 2)) as rows:
            assert rows.read_all().to_pylist() == [{"n": 2}]
    with (
        pytest.raises(SourceError, match=r"would read 6.0 GiB after 18.0 GiB"),
        open_warehouse("r2").run(feed_of(company, 4)),
    ):
        pass

"""A company that is connected to files and databases: its sources, its queries, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.companies.loader import read_company
from recs_platform.companies.source_config import FilesSource, SimulatedSource, SqlSource
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.companies.shop import FILES, SQL, complaint, shop, shop_file


def test_a_connected_company(tmp_path: Path) -> None:
    sources = {
        "events": {**FILES, "path": "events/{date}.csv"},
        "catalog": {**FILES, "path": "/data/c.csv"},
        "customers": SQL,
    }
    found = shop(tmp_path, sources=sources).sources
    assert found["events"] == FilesSource(connector="files", path=f"{tmp_path}/events/{{date}}.csv")
    assert found["catalog"] == FilesSource(connector="files", path="/data/c.csv")
    assert found["customers"] == SqlSource(connector="sql", url_env="SHOP_URL", query="SELECT 1", chunk_rows=50_000)
    assert isinstance(found["treatments"], SimulatedSource)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;",
        "select * from t",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT 'DELETE; it''s ok', \"update\", updated_at FROM t WHERE at::date = :as_of",
        r"SELECT '12:30', 'a\:b' FROM t",
    ],
)
def test_queries_that_read_are_accepted(tmp_path: Path, query: str) -> None:
    source = shop(tmp_path, sources={"catalog": {**SQL, "query": query}}).sources["catalog"]
    assert isinstance(source, SqlSource)
    assert source.dated == (":as_of" in query)


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("", "must be one query that starts with SELECT or WITH."),
        ("DELETE FROM t", "must be one query that starts with SELECT or WITH."),
        ("CALL clean()", "must be one query that starts with SELECT or WITH."),
        ("SELECT 1; SELECT 2", "must be one query; take out the `;`."),
        (
            "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
            "must only read, but has DELETE (quote it if it is a column's name).",
        ),
        ("SELECT * INTO copy FROM t", "must only read, but has INTO (quote it if it is a column's name)."),
        (
            "SELECT * FROM t WHERE day = :asof",
            r"unknown value :asof. Allowed: :as_of (write \: for a colon).",
        ),
        ("SELECT 'open", "has a quote or a comment that is never closed."),
        *(
            (query, "has a comment; write it beside the query, as a comment of YAML.")
            for query in (
                "-- the newest first\nSELECT * FROM t",
                "SELECT * FROM t /* insert */",
                "SELECT /*+ hint */ * FROM t",
                "SELECT 1; -- 2",
                "/* SELECT 1 */",
                "/* /* */ DELETE FROM t -- */ SELECT 1",
            )
        ),
    ],
)
def test_other_queries_are_not(tmp_path: Path, query: str, rule: str) -> None:
    path = shop_file(tmp_path, sources={"catalog": {**SQL, "query": query}})
    assert complaint(path) == f"shop.yaml: sources.catalog.query: {rule}"


def test_a_database_url_in_the_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    message = complaint(shop_file(tmp_path, sources={"catalog": {**SQL, "url_env": "postgresql://u:s3cret@host/db"}}))
    assert message == (
        "shop.yaml: sources.catalog.url_env: must be the NAME of an environment variable that holds the database URL, "
        "such as HOLLEY_DATABASE_URL."
    )


def test_an_email_in_a_wrong_place_is_masked(tmp_path: Path) -> None:
    message = complaint(shop_file(tmp_path, alerts={"channel": "jane.doe@shop.example"}))
    assert "jane" not in message
    assert "j***@***.example" in message


def test_a_slack_channel_by_its_former_name(tmp_path: Path) -> None:
    path = shop_file(tmp_path, alerts={"slack_channel": "#recs-shop", "email": "ops@shop.example"})
    found = read_company(path, STRATEGIES).alerts
    assert (found.channel, found.email) == ("#recs-shop", ("ops@shop.example",))
    message = complaint(shop_file(tmp_path, alerts={"slack_channel": "#a", "channel": "#b"}))
    assert message.startswith("shop.yaml: alerts.slack_channel: unknown key.")

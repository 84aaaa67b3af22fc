"""A warehouse in BigQuery with the ledger of an environment, and what comes and goes between it and the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform_tests.warehouse.bigquery.steps import Opened
from recs_platform_tests.warehouse.bigquery.wire import Wire, wired
from recs_platform_tests.warehouse.conftest import open_bigquery


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'platform.db'}"


@pytest.fixture
def warehouse(bigquery: str, tmp_path: Path, database: str) -> BigQueryWarehouse:
    return open_bigquery(bigquery, tmp_path / "scratch", ledger=DatabaseLedger(database))


@pytest.fixture
def next_process(bigquery: str, tmp_path: Path, database: str) -> Opened:
    """The warehouse as somebody sees it who has just come."""
    return lambda: open_bigquery(bigquery, tmp_path / "scratch", ledger=DatabaseLedger(database))


@pytest.fixture
def wire(warehouse: BigQueryWarehouse) -> Wire:
    return wired(warehouse)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client tries again at once."""
    for module in ("google.api_core.retry.retry_unary", "google.resumable_media.requests._request_helpers"):
        monkeypatch.setattr(f"{module}.time.sleep", lambda _: None)

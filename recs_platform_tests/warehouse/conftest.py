"""Warehouses of their own for the tests: lakes in a folder, behind a URL and in real stores; and in BigQuery."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.warehouse.bigquery.client import open_client
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.stores.fixtures import EVERYWHERE, IN_STORES, root_named


def open_lake(
    root: str,
    scratch: Path,
    *,
    memory_limit: str = "1GiB",
    retention_days: int = 7,
    ledger: SliceLedger | None = None,
) -> Lake:
    engine = Engine(memory_limit, 2, scratch / "spill")
    return Lake(root, engine, timedelta(days=retention_days), scratch, ledger or MemoryLedger())


def open_bigquery(
    project: str, scratch: Path, *, retention_days: int = 7, ledger: SliceLedger | None = None
) -> BigQueryWarehouse:
    """On the server that `BIGQUERY_EMULATOR_HOST` names."""
    jobs = Jobs(open_client(project, "EU"))
    return BigQueryWarehouse(jobs, timedelta(days=retention_days), scratch, ledger or MemoryLedger(), prefix="recs_")


def open_at(root: str, scratch: Path, *, ledger: SliceLedger | None = None) -> Warehouse:
    """The warehouse that stands there: in a folder, in a store, or in a project of BigQuery."""
    if root.startswith(_IN_BIGQUERY):
        return open_bigquery(root.removeprefix(_IN_BIGQUERY), scratch, ledger=ledger)
    return open_lake(root, scratch, ledger=ledger)


def place_of(warehouse: Warehouse) -> tuple[str, Path]:
    """Where another process opens it, and the scratch folder."""
    if isinstance(warehouse, BigQueryWarehouse):
        return f"{_IN_BIGQUERY}{warehouse.jobs.client.project}", warehouse.scratch
    assert isinstance(warehouse, Lake)
    return warehouse.root, warehouse.scratch


_IN_BIGQUERY = "bigquery://"
BIGQUERY = pytest.param("bigquery", marks=pytest.mark.slow)


def root_anywhere(request: pytest.FixtureRequest, name: str, folder: Path) -> str:
    """Where a warehouse of this kind has a place of its own."""
    if name == "bigquery":
        return f"{_IN_BIGQUERY}{request.getfixturevalue('bigquery')}"
    return root_named(request, name, folder)


@pytest.fixture(params=[*EVERYWHERE, BIGQUERY])
def any_warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """A warehouse of every kind, wherever it can be: for what each of them promises."""
    return open_at(root_anywhere(request, request.param, tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=["folder", *IN_STORES, BIGQUERY])
def real_warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """The same without the URL that stands for a store: for tests that take long."""
    return open_at(root_anywhere(request, request.param, tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=["folder", BIGQUERY])
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """One of each engine: for tests to which it is one where a lake is."""
    return open_at(root_anywhere(request, request.param, tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake in a folder."""
    return open_lake(str(tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=["folder", "url"])
def near_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A lake in a folder, and the same one reached as an object store is, through a URL and delta-rs: for tests that
    look at its files."""
    return open_lake(root_named(request, request.param, tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=EVERYWHERE)
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A lake wherever one can be."""
    return open_lake(root_named(request, request.param, tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=["folder", *IN_STORES])
def real_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """The same without the URL that stands for a store: for tests that take long."""
    return open_lake(root_named(request, request.param, tmp_path / "lake"), tmp_path / "scratch")

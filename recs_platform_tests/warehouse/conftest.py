"""Lakes of their own for the tests: in a folder, and behind a URL as an object store is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.ledger import MemoryLedger, SliceLedger


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


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake in a folder."""
    return open_lake(str(tmp_path / "lake"), tmp_path / "scratch")


@pytest.fixture(params=["folder", "url"])
def any_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A lake in a folder, and one that is reached as an object store is: through a URL and delta-rs."""
    root = tmp_path / "lake"
    return open_lake(str(root) if request.param == "folder" else f"file://{root}", tmp_path / "scratch")

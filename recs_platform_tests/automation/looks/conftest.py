from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings
from recs_platform_tests.automation.looks.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Nothing ever ran in it."""
    url = f"sqlite:///{tmp_path / 'platform.db'}"
    monkeypatch.setenv("RECS_DATABASE_URL", url)
    monkeypatch.setenv("RECS_HOME", str(tmp_path))
    settings.cache_clear()
    database = opened_database(url)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Shop(instance, database)
    database.dispose()

"""A house of models for each test, with its own registry and store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.platform_db.engine import engine
from recs_platform_tests.serving.models.worlds import House
from recs_platform_tests.serving.models.worlds import house as open_house


@pytest.fixture
def house(tmp_path: Path, migrated_file: Path, own_home: Path) -> Iterator[House]:
    shutil.copy(migrated_file, tmp_path / "models.db")
    database = engine(f"sqlite:///{tmp_path / 'models.db'}")
    scratch = tmp_path / "spoiled"
    scratch.mkdir()
    yield open_house(database, scratch)
    database.dispose()

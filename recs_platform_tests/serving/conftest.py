"""A home with a platform database and small companies, and no day that was made: for services that start quickly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal, small_companies


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def terminal(tmp_path: Path, migrated_file: Path) -> Terminal:
    small_companies(tmp_path)
    (tmp_path / ".recs").mkdir()
    shutil.copy(migrated_file, tmp_path / ".recs" / "platform.db")
    return Terminal(tmp_path)

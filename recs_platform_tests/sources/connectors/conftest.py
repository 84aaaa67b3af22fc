"""Fixtures of the connector tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recs_platform_tests.sources.connectors.reading import Reader


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], None]:
    """Write a file below the folder that the shop's file is in."""

    def write(name: str, content: str | bytes) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write

"""A toy strategy of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform_tests.pipeline.toy import Toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)

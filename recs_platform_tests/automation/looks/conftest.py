from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform_tests.automation.looks.shop import Shop, new_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path) as made:
        yield made

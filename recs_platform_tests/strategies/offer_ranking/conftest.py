"""One small shop for the tests of what is explained."""

from __future__ import annotations

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.strategies.offer_ranking.shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(Terminal(tmp_path_factory.mktemp("shop")))

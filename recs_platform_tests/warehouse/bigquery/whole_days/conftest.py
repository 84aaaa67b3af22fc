"""The two sides of each strategy, made by the first test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.warehouse.bigquery.whole_days.worlds import World, made_world

STRATEGIES = ("measurement", "replenishment", "vehicle_fitment", "offer_ranking")


@pytest.fixture(
    scope="session",
    # Each takes minutes.
    params=[pytest.param(name, marks=pytest.mark.cloud) for name in STRATEGIES],
)
@takes_seconds
def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    bigquery_emulator: str,
    postgres_url: str,
    s3_server: Store,
) -> Iterator[World]:
    strategy: str = request.param
    folder = tmp_path_factory.mktemp(strategy)
    with made_world(strategy, folder, bigquery_emulator, postgres_url, s3_server) as made:
        yield made

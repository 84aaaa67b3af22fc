"""Serving stores of the tests: the platform database on each engine, and a real server that speaks Redis's protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform.platform_db.engine import opened_database
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import ServingStore
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform_tests.conftest import new_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow), "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[ServingStore]:
    """Each kind, empty."""
    if request.param == "redis":
        yield RedisStore(request.getfixturevalue("redis_url"))
        return
    postgres_url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with new_database(request.getfixturevalue("tmp_path"), postgres_url) as url:
        database = opened_database(url)
        yield DatabaseStore(database)
        database.dispose()

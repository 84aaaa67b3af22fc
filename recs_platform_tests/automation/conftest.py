"""A database of production as a first start leaves it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from recs_platform.automation.postgres_storage import make_tables
from recs_platform_tests.conftest import end_connections, new_database


@pytest.fixture(scope="session")
def dagster_template(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, migrated_template: str
) -> Iterator[str]:
    """The name of a database with Dagster's tables and the platform's, which new ones are copies of."""
    with new_database(tmp_path_factory.mktemp("template"), postgres_url, migrated_template) as url:
        make_tables(url)
        # Dagster's storages keep their connections.
        end_connections(url)
        yield str(make_url(url).database)

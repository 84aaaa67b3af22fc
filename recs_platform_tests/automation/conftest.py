"""A database of production as a first start leaves it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from recs_platform.automation.postgres_storage import make_tables
from recs_platform_tests.conftest import new_database


@pytest.fixture(scope="session")
def dagster_template(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, migrated_template: str
) -> Iterator[str]:
    """The name of a database with Dagster's tables and the platform's, which new ones are copies of."""
    with new_database(tmp_path_factory.mktemp("template"), postgres_url, migrated_template) as url:
        make_tables(url)
        # Nothing is copied that somebody is connected to, and Dagster's storages keep their connections.
        plain = make_url(url).set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        yield str(make_url(url).database)

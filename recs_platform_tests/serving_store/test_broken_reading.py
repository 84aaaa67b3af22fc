"""A platform database that breaks while lists are read from it says so in one sentence, as for every other question."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import QueuePool, text

from recs_platform.errors import StorageError, UnavailableError
from recs_platform.platform_db.engine import opened_database
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform_tests.conftest import end_connections, new_database
from recs_platform_tests.serving_store.stored import put, stored

MANY = [f"c{n}" for n in range(12_345)]


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    with new_database(tmp_path, None) as url:
        database = opened_database(url)
        store = DatabaseStore(database)
        served = put(store, 1, MANY)
        with database.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.dispose()
        file = Path(str(database.url.database))
        whole = file.read_bytes()
        place = whole.rindex(b'"for":"c9')
        start = place - place % 4096
        file.write_bytes(whole[:start] + b"\xff" * 4096 + whole[start + 4096 :])
        with (
            pytest.raises(StorageError, match=r"^platform database sqlite:///.*Restore it from a backup"),
            store.lists(served) as chunks,
        ):
            for _ in chunks:
                pass
        database.dispose()


@pytest.mark.slow
def test_a_server_that_ends_the_connection(tmp_path: Path, postgres_url: str) -> None:
    with new_database(tmp_path, postgres_url) as url:
        database = opened_database(url)
        store = DatabaseStore(database)
        served = put(store, 1, [f"{who}{'x' * 900}" for who in MANY])
        with (
            pytest.raises(UnavailableError, match=r"^platform database postgresql"),
            store.lists(served) as reading,
        ):
            assert next(reading)
            end_connections(url)
            for _ in reading:
                pass
        assert len(stored(store, served)) == len(MANY)
        with database.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        database.dispose()


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_who_fails_while_reading_keeps_no_connection(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Also while the failure is held: a connection whose driver is in the middle of a copy cannot be taken back."""
    server = request.getfixturevalue("postgres_url") if engine == "postgres" else None
    with new_database(tmp_path, server) as url:
        database = opened_database(url)
        store = DatabaseStore(database)
        served = put(store, 1, MANY)
        with pytest.raises(RuntimeError) as failure, store.lists(served) as reading:
            assert next(reading)
            raise RuntimeError("what is filled from them broke")
        assert failure.value.__traceback__
        assert isinstance(database.pool, QueuePool)
        assert database.pool.checkedout() == 0
        assert len(stored(store, served)) == len(MANY)
        database.dispose()

"""Dagster's own databases, as the platform opens them. How a first start makes them: attacks/test_first_start.py."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from recs_platform.automation.instance import instance, prepared_home
from recs_platform.platform_db.engine import SQLITE_WAIT_MS


def test_who_meets_another_writer_waits_as_long_as_in_the_platforms_database() -> None:
    home = prepared_home()
    with instance() as opened, opened.run_storage.connect() as connection:  # type: ignore[attr-defined]
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == SQLITE_WAIT_MS
    elsewhere = create_engine(f"sqlite:///{home.parent / 'elsewhere.db'}")
    with elsewhere.connect() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 5_000
    elsewhere.dispose()


def test_what_a_killed_start_had_begun_goes_though_all_databases_are_there() -> None:
    home = prepared_home()
    left = home / ".new-abc" / "history"
    left.mkdir(parents=True)
    prepared_home()
    assert not left.parent.exists()

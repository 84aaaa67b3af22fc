"""One engine for each database and process: nothing piles up, and a forked child has connections of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from recs_platform.model_registry.shelf import open_shelf
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.platform_db.tables import JobRun
from recs_platform.settings import settings

_OFTEN = 700


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_database_has_one_engine(database: str) -> None:
    assert engine(database) is engine(database) is opened_database(database)
    engine(database).dispose()


def test_opening_often_keeps_no_descriptors(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECS_DATABASE_URL", database)
    settings.cache_clear()
    shelves = [open_shelf("metro", run_id="first")]
    assert shelves[0].trainings("offers") == ()
    before = open_descriptors()
    for number in range(_OFTEN):
        shelves.append(open_shelf("metro", run_id=str(number)))
        assert shelves[-1].trainings("offers") == ()
    assert open_descriptors() <= before + 1
    engine(database).dispose()


def test_only_the_first_to_open_a_database_migrates_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'platform.db'}"
    with opened_database(url).begin() as connection:
        connection.execute(text(f"DROP TABLE {JobRun.__tablename__}"))
    with opened_database(url).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 'job_log'")) == 0
    engine(url).dispose()


def test_a_database_that_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    path.mkdir()
    url = f"sqlite:///{path}"
    with pytest.raises(Exception, match="cannot be used"):
        opened_database(url)
    path.rmdir()
    with opened_database(url).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM job_log")) == 0
    engine(url).dispose()


def test_a_forked_child_does_not_touch_its_parents_connections(postgres_url: str) -> None:
    def backend() -> int:
        with engine(postgres_url).connect() as connection:
            process: int = connection.scalar(text("SELECT pg_backend_pid()"))
        return process

    ours = backend()
    assert backend() == ours, "the pool keeps the connection"
    theirs = in_a_forked_child(backend)
    assert theirs not in (0, ours)
    assert backend() == ours, "the child has not closed it"
    engine(postgres_url).dispose()


def in_a_forked_child(answer: Callable[[], int]) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(answer()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answered:
        said = answered.read()
    os.waitpid(child, 0)
    return int(said or 0)

"""Two processes that create a home at once find one home; one that an older version damaged so mends itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dagster._core.storage.sqlite import LAST_KNOWN_STAMPED_SQLITE_ALEMBIC_REVISION

from recs_platform.automation.instance import instance
from recs_platform.errors import StorageError
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.first_starts import DAGSTER_DATABASES, damage, start_at_once, versions
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start

PAIRS = 20


@pytest.mark.slow
def test_two_processes_that_create_a_home_at_once(tmp_path: Path, some: Some[int], count: Count) -> None:
    said: list[str] = []
    damaged = {}
    pairs = some(range(PAIRS), 5)
    for pair in pairs:
        home = tmp_path / str(pair) / "home"
        gate, answers = FORKING.Barrier(2), FORKING.Queue()
        both = [start(start_at_once, home, gate, answers) for _ in range(2)]
        said += [answers.get(timeout=PATIENCE) for _ in both]
        for process in both:
            process.join(PATIENCE)
        if found := damage(home):
            damaged[pair] = found
    assert damaged == {}
    assert said == ["0 runs"] * 2 * len(pairs)
    count("pairs of processes that create a home at once", without_damage=len(pairs))


def test_a_home_that_was_damaged_so_mends_itself(own_home: Path) -> None:
    instance().dispose()
    dagster = own_home.parent / ".dagster"
    before = {name: versions(dagster / name) for name in DAGSTER_DATABASES}
    for name in DAGSTER_DATABASES:
        with closing(sqlite3.connect(dagster / name)) as opened, opened:
            opened.execute("INSERT INTO alembic_version VALUES (?)", (LAST_KNOWN_STAMPED_SQLITE_ALEMBIC_REVISION,))
        assert len(versions(dagster / name)) == 2
    with instance() as mended:
        assert mended.get_runs_count() == 0
    assert {name: versions(dagster / name) for name in DAGSTER_DATABASES} == before


def test_a_home_of_versions_that_nobody_knows_is_left_as_it_is(own_home: Path) -> None:
    instance().dispose()
    path = own_home.parent / ".dagster" / "history" / "runs.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("DELETE FROM alembic_version")
        opened.executemany("INSERT INTO alembic_version VALUES (?)", [("aaa",), ("bbb",)])
    with pytest.raises(StorageError, match=r"runs.db says that it is of 2 versions \(aaa, bbb\)") as error:
        instance()
    assert "\n" not in str(error.value)
    assert sorted(versions(path)) == ["aaa", "bbb"]

"""A publisher that is killed at any moment leaves one whole version live, and an inventory that can be put right."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, reconcile
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.processes import (
    AFTER_THE_COMMIT,
    BEFORE_THE_COMMIT,
    CUSTOMERS,
    live_versions,
    outlet_in,
    publish_and_die,
    publish_for_ever,
    publish_when_let_go,
)
from recs_platform_tests.publication.shop import D, day, make, make_live, seen, states
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start

KILLS = 10
"""On each kind of database."""

LONGEST_LIFE = 0.3
"""Seconds: several publications and rollbacks, of some hundredths of a second each."""


@pytest.fixture
def open_outlet(tmp_path: Path, outlet: Outlet) -> tuple[Outlet, Path, str]:
    """An outlet with both days made and the first one live, and what another process needs to open it."""
    for offset in (1, 0):
        make(outlet, day(offset), customers=CUSTOMERS[offset])
    make_live(outlet, day(0), customers=CUSTOMERS[0])
    return outlet, tmp_path, outlet.database.url.render_as_string(hide_password=False)


def one_life(folder: Path, database: str, seconds: float) -> int:
    """A publisher that is killed so long after its first publication; how many it reported."""
    listening, telling = FORKING.Pipe(duplex=False)
    publisher = start(publish_for_ever, folder, database, telling)
    telling.close()
    assert listening.poll(PATIENCE)
    listening.recv()
    time.sleep(seconds)
    publisher.kill()
    publisher.join(PATIENCE)
    told = 1
    try:
        while listening.poll():
            listening.recv()
            told += 1
    except EOFError:
        pass
    return told


def assert_one_whole_version(outlet: Outlet) -> None:
    rows = seen(outlet)
    (as_of,) = {row["as_of"] for row in rows}
    assert [row["customer_id"] for row in rows] == [f"c{n}" for n in range(CUSTOMERS[(as_of - D).days])]


def test_a_killed_publisher_leaves_one_whole_version_live(open_outlet: tuple[Outlet, Path, str]) -> None:
    outlet, folder, database = open_outlet
    chance = random.Random(20251201)
    reported = 0
    for _ in range(KILLS):
        reported += one_life(folder, database, chance.uniform(0, LONGEST_LIFE))
        assert_one_whole_version(outlet)
        assert len(live_versions(outlet)) <= 1
        live = reconcile(outlet)
        assert live is not None
        assert live_versions(outlet) == [live.version]
        assert "publishing" not in states(outlet).values()
        assert verify(outlet, live).rows == len(seen(outlet))
    made = [p for p in publications(outlet) if p.status != "abandoned"]
    assert len(made) >= 1 + reported > KILLS, "what was reported stands"
    assert {str(p.kind) for p in made} == {"publish", "rollback"}


def test_a_publisher_killed_before_its_commit_has_published_nothing(open_outlet: tuple[Outlet, Path, str]) -> None:
    outlet, folder, database = open_outlet
    start(publish_and_die, folder, database, 1, BEFORE_THE_COMMIT).join(PATIENCE)
    assert states(outlet) == {1: "live", 2: "publishing"}
    assert {row["as_of"] for row in seen(outlet)} == {day(0)}
    assert [(p.version, p.status) for p in publications(outlet)] == [(2, "abandoned"), (1, "live")]
    assert make_live(outlet, day(1), customers=CUSTOMERS[1]).version == 3


def test_a_publisher_killed_after_its_commit_has_published(open_outlet: tuple[Outlet, Path, str]) -> None:
    outlet, folder, database = open_outlet
    start(publish_and_die, folder, database, 1, AFTER_THE_COMMIT).join(PATIENCE)
    assert states(outlet) == {1: "live", 2: "publishing"}
    assert {row["as_of"] for row in seen(outlet)} == {day(1)}
    assert [(p.version, p.status) for p in publications(outlet)] == [(2, "live"), (1, "backup")]
    live = reconcile(outlet)
    assert live is not None
    assert verify(outlet, live).customers == CUSTOMERS[1]


def test_of_two_publishers_at_once_one_wins_and_the_other_is_told(open_outlet: tuple[Outlet, Path, str]) -> None:
    outlet, folder, database = open_outlet
    for _ in range(3):
        before = max(states(outlet))
        gate, answers = FORKING.Barrier(2), FORKING.Queue()
        both = [start(publish_when_let_go, folder, database, offset, gate, answers) for offset in range(2)]
        said = [answers.get(timeout=PATIENCE) for _ in both]
        for publisher in both:
            publisher.join(PATIENCE)
        won = [answer for answer in said if isinstance(answer, int)]
        refused = [answer for answer in said if isinstance(answer, str)]
        assert won == [before + 1]
        assert "have changed since. Nothing was published" in refused[0]
        assert live_versions(outlet) == won
        assert_one_whole_version(outlet)


def test_an_inventory_kept_by_another_process_is_the_same(open_outlet: tuple[Outlet, Path, str]) -> None:
    outlet, folder, database = open_outlet
    other = outlet_in(folder, database)
    assert [p.version for p in publications(other)] == [p.version for p in publications(outlet)] == [1]
    other.database.dispose()

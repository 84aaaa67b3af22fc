"""A run that ends with the daemon and the code location of this version: those of the next one start it again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest

from recs_platform_tests.automation.house import House, production_house, until
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.e2e.server import free_port
from recs_platform_tests.upgrade.days import asked, ok
from recs_platform_tests.upgrade.next_version import NextVersion

pytestmark = pytest.mark.slow


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    with production_house(tmp_path, postgres_url, "north") as house:
        yield house


def working(house: House, run_id: str) -> int:
    """The number of a run's process, as soon as it works."""
    found: list[int] = []

    def look() -> bool:
        found.extend(filter(None, [house.status(run_id)[1]]))
        return bool(found)

    until(look, "the run works")
    return found[0]


@pytest.fixture
def following(tmp_path: Path) -> Iterator[NextVersion]:
    with NextVersion.made_in(tmp_path / "next", serves_this_one=True) as made:
        yield made


def test_a_run_that_was_ended_with_its_version_is_made_by_the_next_one(house: House, following: NextVersion) -> None:
    with house.ui() as before:
        first = house.launch("north")
        worker = working(house, first)
        # As a container is stopped: everything at once, and nobody can say anything any more.
        os.killpg(before.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):  # it ends with its parent
            os.kill(worker, signal.SIGKILL)
    ok(following.recs(house.terminal, "migrate"))
    variables = {**house.terminal.variables, "PYTHONPATH": str(following.folder)}
    later = House(Terminal(house.terminal.folder, variables), house.slack, free_port())
    with later.ui():
        until(lambda: later.succeeded("north"), "the next version makes the run again, and it ends well")
    runs = asked(house.terminal, "SELECT run_id, status, made_by FROM job_log ORDER BY id")
    assert runs[0][:2] == (first, "failed")
    assert runs[-1][1:] == ("succeeded", "the next version")
    assert house.status(first)[0] is dg.DagsterRunStatus.FAILURE
    days = asked(house.terminal, "SELECT table_name, day, count(*) FROM ledger_slices GROUP BY 1, 2")
    assert {count for _, _, count in days} == {1}
    ok(following.recs(house.terminal, "verify", "north"))

"""The whole chain as in production: nothing of Dagster's or the platform's state stands in a file of this machine.

Not here: a run that is killed there and started again (recs_platform_tests/upgrade/test_daemons.py), and what is told
of it (sensors/test_alerts_of_a_daemon.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.automation.instance import instance
from recs_platform.automation.postgres_storage import BatchedPostgresEventLog
from recs_platform_tests.automation.house import House, production_house, until

pytestmark = pytest.mark.slow


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    with production_house(tmp_path, postgres_url, "north", "south") as house:
        yield house


def test_two_runs_at_once(house: House) -> None:
    wrong = house.terminal.companies / "wrong.yaml"
    wrong.write_text("strategy: none\n")
    with house.ui():
        north, south = house.launch("north"), house.launch("south")
        until(lambda: house.status(south)[1] and house.status(north)[1], "both runs work at once")
        until(lambda: house.succeeded("north") and house.succeeded("south"), "both end well")
        until(lambda: house.about("file of wrong"), "what is wrong is told")
    wrong.unlink()
    assert house.terminal.recs("status", "--json").code == 0
    done = house.terminal.recs("run", "north", "--date", "2025-09-02")
    assert (done.code, done.told.count("checks passed")) == (0, 1), done.told
    with house.terminal.inside(), instance() as of_home:
        assert isinstance(of_home.event_log_storage, BatchedPostgresEventLog)
        assert of_home.get_run_by_id(south).status is dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
        told = of_home.event_log_storage.get_records_for_run(north).records
    numbers, entries = [one.storage_id for one in told], [one.event_log_entry for one in told]
    assert numbers == sorted(numbers)
    kinds = [one.dagster_event_type for one in entries if one.dagster_event_type]
    assert kinds.index(dg.DagsterEventType.RUN_START) < kinds.index(dg.DagsterEventType.STEP_START)
    assert kinds.index(dg.DagsterEventType.RUN_SUCCESS) > len(kinds) - 5
    steps = [one.timestamp for one in entries if one.step_key]
    assert steps == sorted(steps)
    assert not list(house.terminal.folder.rglob("*.db"))

"""`recs housekeeping` and the nightly job, in a folder where days of a company were run: what they free and say."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.automation.instance import instance
from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.definitions import build_defs
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.promises.platform import quietly

pytestmark = pytest.mark.slow

_DAY = 24 * 3_600


@pytest.fixture
def old(used: Terminal, tmp_path: Path) -> Terminal:
    """A copy of that folder, with what a killed run and an old report have left in it."""
    folder = tmp_path / "old"
    shutil.copytree(used.folder, folder)
    for path, age in ((".recs/lake/.staging/killed/part.parquet", 2), (".recs/reports/concord/2025-09-02/a.svg", 91)):
        left = folder / path
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"12345")
        for touched in (left, left.parent):
            os.utime(touched, (time.time() - age * _DAY,) * 2)
    (folder / ".recs/reports/concord/2025-09-03").mkdir(parents=True, exist_ok=True)
    (folder / ".recs/reports/concord/2025-09-03/b.svg").write_bytes(b"1")
    return Terminal(folder)


def left_of(terminal: Terminal) -> set[str]:
    home = terminal.folder / ".recs"
    return {str(path.relative_to(home)) for place in ("lake/.staging", "reports") for path in (home / place).rglob("*")}


def test_it_says_what_it_would_free_and_then_what_it_freed(old: Terminal) -> None:
    before = left_of(old)
    foretold = old.recs("housekeeping", "--dry-run", "--json")
    assert foretold.code == 0
    assert left_of(old) == before
    freed = old.recs("housekeeping", "--json")
    assert freed.code == 0
    sizes = {one["what"]: (one["files"], one["size"]) for one in freed.json}
    assert sizes["leftovers of killed runs"] == (1, 5)
    assert sizes["reports"] == (1, 5)
    of_files = [[one for one in told.json if one["what"] != "room in databases"] for told in (foretold, freed)]
    assert of_files[0] == of_files[1]
    gone = {path for path in before if "killed" in path or path.endswith("2025-09-02/a.svg")}
    assert len(gone) == 3
    assert left_of(old) == before - gone
    state = old.recs("status", "concord", "--json").json[0]
    assert state["newest"] == "2025-09-03"
    assert old.recs("verify", "concord").code == 0
    again = old.recs("housekeeping")
    assert "leftovers of killed runs 0 0 0 bytes" in again.told


def test_the_nightly_run_says_the_same(old: Terminal) -> None:
    with old.inside(), quietly(), instance() as dagster:
        ended = (
            build_defs()
            .resolve_job_def(HOUSEKEEPING_JOB)
            .execute_in_process(
                instance=dagster, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
            )
        )
        logged = [entry.user_message for entry in dagster.all_logs(ended.run_id) if not entry.is_dagster_event]
    assert ended.success
    assert "leftovers of killed runs: 1 file, 5 bytes freed" in logged
    (output,) = [e for e in ended.all_events if e.event_type is dg.DagsterEventType.STEP_OUTPUT]
    told = output.step_output_data.metadata
    assert told["freed bytes"].value >= 10
    assert "| reports | 1 | 0 | 5 bytes |  |" in str(told["freed"].value)


def test_where_nothing_was_ever_made_nothing_is_made(terminal: Terminal) -> None:
    ended = terminal.recs("housekeeping")
    assert ended.code == 2
    assert "nothing was ever made here" in ended.told
    assert not (terminal.folder / ".recs").exists()

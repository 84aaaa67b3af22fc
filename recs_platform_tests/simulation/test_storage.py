"""A killed process leaves nothing half, and several processes may write at once."""

from __future__ import annotations

import multiprocessing
import signal
import time
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recs_platform.simulation import storage
from recs_platform.simulation.world import WorldSpec, read_truth
from recs_platform_tests.simulation.test_reproducibility import contents
from recs_platform_tests.simulation.worlds import FIRST, ensure, simulate

LAST = FIRST + timedelta(days=30)
FORKING = multiprocessing.get_context("fork")


def test_no_half_day_after_an_interruption_between_write_and_rename(
    tiny: WorldSpec, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure(tiny, landing, "events", FIRST)

    def interrupted(self: Path, target: Path) -> Path:
        assert (self / storage.PART).exists(), "the files are complete before they are moved"
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "rename", interrupted)
        ensure(tiny, landing, "events", FIRST + timedelta(days=1))
    assert [path.name for path in (landing / "tiny" / "events").iterdir()] == [FIRST.isoformat()]

    simulate(tiny, landing, FIRST, LAST)
    assert not any((landing / "tiny" / ".writing").iterdir())


@pytest.mark.slow
def test_no_half_day_after_a_kill_and_the_next_run_completes_it(tiny: WorldSpec, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    for days, pause in ((3, 0.01), (9, 0.03)):
        process = FORKING.Process(target=simulate, args=(tiny, landing, FIRST, FIRST + timedelta(days=364)))
        process.start()
        while len(list(landing.glob("tiny/events/*"))) < days:
            assert process.is_alive()
            time.sleep(0.005)
        time.sleep(pause)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        for table in (path for path in (landing / "tiny").glob("[a-z]*") if path.is_dir() and path.name != "truth"):
            for day in table.iterdir():
                assert (day / storage.PART).exists(), f"{day} is half"
                for part in day.iterdir():
                    pq.read_table(part)
    simulate(tiny, landing, FIRST, LAST)
    simulate(tiny, tmp_path / "undisturbed", FIRST, LAST)
    for path, content in contents(tmp_path / "undisturbed", "snapshot").items():
        if "interactions/2025-10-01" not in path:  # its late rows are there only if the next day was made, too
            assert (landing / path).read_bytes() == content, path


def _ensure_events(spec: WorldSpec, landing: Path) -> None:
    for age in range(10):
        ensure(spec, landing, "events", FIRST + timedelta(days=age))
        ensure(spec, landing, "interactions", FIRST + timedelta(days=9 - age))


@pytest.mark.slow
def test_two_processes_may_make_the_same_days(tiny: WorldSpec, landing: Path, tmp_path: Path) -> None:
    both = [FORKING.Process(target=_ensure_events, args=(tiny, landing)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    _ensure_events(tiny, tmp_path / "alone")
    assert contents(landing) == contents(tmp_path / "alone")
    assert len(read_truth(landing, "tiny")["days"]) == 10

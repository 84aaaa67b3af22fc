"""The frame: turns, medians, ratios, and the memory of the work alone."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from recs_platform.bench.measure import Aim, Stopwatch, measure
from recs_platform_tests.bench import toy


def test_both_sides_take_turns_after_the_data_is_made_each_in_a_process_of_its_own(tmp_path: Path) -> None:
    part = toy.part(
        tmp_path, partial(toy.work, tmp_path, "ours", [3.0, 9.0]), partial(toy.work, tmp_path, "theirs", [1.0, 2.0])
    )
    said: list[str] = []
    measure(part, 2, said.append)
    assert [name for name, _ in toy.told(tmp_path)] == ["prepare", "ours", "theirs", "ours", "theirs"]
    processes = {process for _, process in toy.told(tmp_path)}
    assert len(processes) == 5
    assert str(os.getpid()) not in processes
    assert said[0] == "toy: making the data"
    assert said[-1] == "toy: baseline, 2 of 2"


def test_the_median_of_each_side_counts(tmp_path: Path) -> None:
    ours, theirs = [9.0, 2.0, 4.0], [1.0, 3.0, 2.0]
    measured = measure(
        toy.part(tmp_path, partial(toy.work, tmp_path, "ours", ours), partial(toy.work, tmp_path, "theirs", theirs)), 3
    )
    assert (measured.platform.seconds, measured.baseline.seconds) == (4.0, 2.0)
    assert measured.ratio == 0.5
    assert measured.platform.steps == {"most": 3.0, "rest": 1.0}
    assert measured.met


def test_sides_that_handled_different_rows_are_not_compared(tmp_path: Path) -> None:
    part = toy.part(
        tmp_path,
        partial(toy.work, tmp_path, "ours", [1.0], rows=999),
        partial(toy.work, tmp_path, "theirs", [1.0], rows=1_000),
    )
    with pytest.raises(RuntimeError, match=r"toy: 999 rows, but the baseline 1,000"):
        measure(part, 1)


def test_work_that_handles_other_rows_the_second_time_is_refused(tmp_path: Path) -> None:
    part = toy.part(tmp_path, partial(_growing, tmp_path), partial(toy.work, tmp_path, "theirs", [1.0, 1.0]))
    with pytest.raises(RuntimeError, match=r"\[1, 2\] rows"):
        measure(part, 2)


def _growing(folder: Path) -> toy.Done:
    turn = sum(name == "ours" for name, _ in toy.told(folder)) + 1
    return toy.work(folder, "ours", [1.0, 1.0], rows=turn)


def test_the_peak_is_the_works_own_memory(tmp_path: Path) -> None:
    mine = b"x" * (300 * 1024 * 1024)
    measured = measure(toy.part(tmp_path, partial(toy.hold, 200), partial(toy.hold, 1)), 1)
    assert measured.platform.peak_mb - measured.baseline.peak_mb == pytest.approx(199, abs=20)
    assert measured.baseline.peak_mb < len(mine) / 1024 / 1024


def test_work_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the work failed"):
        measure(toy.part(tmp_path, toy.fail, toy.fail), 1)


@pytest.mark.parametrize(
    ("aim", "seconds", "ratio", "met"),
    [
        (Aim(ratio=0.4), 100, 0.4, True),
        (Aim(ratio=0.4), 100, 0.39, False),
        (Aim(seconds=10), 9.9, 0.01, True),
        (Aim(seconds=10), 10, 2, False),
        (Aim(ratio=0.4, seconds=10), 1, 0.3, False),
        (Aim(ratio=0.4, seconds=10), 1, 0.5, True),
    ],
)
def test_aims(aim: Aim, seconds: float, ratio: float, met: bool) -> None:
    assert aim.met(seconds, ratio) is met


def test_aims_in_words() -> None:
    assert str(Aim(ratio=0.4, seconds=10)) == "ratio at least 0.40 and under 10 s"


def test_a_stopwatch_adds_up_what_a_step_took_in_several_goes() -> None:
    watch = Stopwatch()
    for step in ("read", "write", "read"):
        with watch.step(step):
            pass
    done = watch.done(rows=7)
    assert list(done.steps) == ["read", "write"]
    assert done.seconds == sum(done.steps.values())
    assert done.rows == 7

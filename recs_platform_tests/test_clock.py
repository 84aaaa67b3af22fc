"""The clock of a run on times that are known beforehand: its parts add up to the run, and no moment counts twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from recs_platform import clock
from recs_platform.clock import Laps, billed, making, phase, recording, shown, spent_on, tallied
from recs_platform.timings import Inputs, Phase, Reread, Took, together


@dataclass(frozen=True)
class File:
    path: str
    rows: int
    size: int


DAYS = [File(f"day={n}", 10, 100) for n in range(3)]
Pass = Callable[[float], None]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Pass:
    """Time that passes when a test says so; of each second half is CPU."""
    now = [0.0]
    monkeypatch.setattr(clock, "_now", lambda: Took(now[0], now[0] / 2))

    def pass_(seconds: float) -> None:
        now[0] += seconds

    return pass_


def test_a_moment_belongs_to_one_phase_of_one_table(passes: Pass) -> None:
    with recording() as recorder:
        passes(1)
        with making("orders", Phase.PREPARE):
            passes(2)
            with phase(Phase.WRITE):
                passes(4)
            passes(8)
        passes(16)
        with making("live", Phase.SERVE):
            passes(32)
            with phase(Phase.CHECK, "few_orders"):
                passes(64)
        run = recorder.timings()
    assert run.tables["orders"].phases == {Phase.PREPARE: Took(10, 5), Phase.WRITE: Took(4, 2)}
    assert run.tables["live"].phases == {Phase.SERVE: Took(32, 16), Phase.CHECK: Took(64, 32)}
    assert (run.whole, run.dagster) == (Took(127, 63.5), Took(17, 8.5))
    assert run.slowest == ["live", "orders"]
    assert sum(took.seconds for took in run.phases.values()) + run.dagster.seconds == run.whole.seconds


def test_what_fails_is_over(passes: Pass) -> None:
    with recording() as recorder:
        with pytest.raises(ValueError, match="no"), making("orders", Phase.PREPARE), phase(Phase.WRITE):
            passes(2)
            raise ValueError("no")
        passes(3)
    assert recorder.timings().tables["orders"].phases == {Phase.WRITE: Took(2, 1), Phase.PREPARE: Took(0, 0)}
    assert recorder.timings().dagster == Took(3, 1.5)


def test_marks_tell_phases_of_one_piece_of_work(passes: Pass) -> None:
    with recording() as recorder, making("orders", Phase.DESCRIBE):
        passes(1)
        laps = Laps()
        passes(2)
        laps.mark(Phase.WRITE)
        passes(4)
        laps.mark(Phase.AUDIT)
        passes(8)
    assert {name: took.seconds for name, took in recorder.timings().tables["orders"].phases.items()} == {
        Phase.DESCRIBE: 9,
        Phase.WRITE: 2,
        Phase.AUDIT: 4,
    }
    assert list(laps.seconds) == ["write", "audit"]


def test_what_was_input_more_than_once(passes: Pass) -> None:
    passes(0)
    with recording() as recorder:
        with making("orders", Phase.WRITE):
            shown("events", DAYS)
        with making("orders", Phase.CHECK), phase(Phase.CHECK, "few_orders"):
            shown("events", DAYS[1:])
            shown("orders", [File("day=9", 5, 50)])
        with making("lists", Phase.WRITE):
            shown("events", DAYS[2:])
        run = recorder.timings()
    assert run.reread == {"events": Reread(200, 3, 300, ("orders", "few_orders", "lists"))}
    assert run.tables["orders"].inputs == Inputs(55, 550)
    assert run.tables["lists"].inputs == Inputs(10, 100)
    assert run.inputs == Inputs(65, 650)


def test_nothing_is_recorded_outside_of_a_run(passes: Pass) -> None:
    with making("orders", Phase.WRITE), phase(Phase.AUDIT):
        shown("events", DAYS)
        billed(5)
        passes(1)
    assert spent_on("orders") is None
    with tallied() as tally:
        passes(2)
    assert (tally.took, tally.inputs) == (Took(2, 1), Inputs())


def test_a_run_within_a_run_is_that_run(passes: Pass) -> None:
    with recording() as outer, recording() as inner, making("orders", Phase.WRITE):
        passes(1)
        billed(5)
    assert inner is outer
    assert outer.of_table("orders").inputs == Inputs(billed=5)
    assert spent_on("orders") is None


def test_a_tally_is_of_its_own_work_alone(passes: Pass) -> None:
    with recording(), making("orders", Phase.CHECK):
        shown("events", DAYS)
        passes(1)
        with tallied() as tally:
            shown("events", DAYS[:1])
            passes(2)
    assert (tally.took, tally.inputs) == (Took(2, 1), Inputs(10, 100))


def test_another_thread_has_no_say(passes: Pass) -> None:
    def helper() -> None:
        with making("other", Phase.WRITE):
            passes(1)

    with recording() as recorder, making("orders", Phase.WRITE):
        thread = threading.Thread(target=helper)
        thread.start()
        thread.join()
    assert recorder.timings().tables.keys() == {"orders"}
    assert recorder.timings().tables["orders"].took == Took(1, 0.5)


def test_several_runs_together(passes: Pass) -> None:
    runs = []
    for _ in range(2):
        with recording() as recorder:
            for _ in range(2):
                with making("orders", Phase.WRITE):
                    passes(2)
                    shown("events", DAYS[:1])
            runs.append(recorder.timings())
    whole = together(runs)
    assert whole.whole == Took(8, 4)
    assert whole.tables["orders"].phases == {Phase.WRITE: Took(8, 4)}
    assert whole.reread == {"events": Reread(200, 2, 200, ("orders",))}

"""The frame of every benchmark: a piece of work and its baseline, in turns, each time in a new process of its own.

A process of its own means that nothing is warm but the disk cache, and that the peak memory is that work's alone. Not
here: what is measured (a module per benchmark) and how it is shown (`report.py`, `cli/bench.py`).
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TypeVar

from recs_platform.process import collect_garbage_rarely
from recs_platform.timings import Took

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Done:
    """What a piece of work says of itself. It times itself, so that what it needs beforehand does not count."""

    seconds: float
    steps: Mapping[str, float]
    rows: int = 0
    """Both sides must handle the same number; 0 when rows are not the point."""
    peak_mb: float | None = None
    """The most memory of the process that did the work, where it was not the one that measured."""
    cpu: Mapping[str, float] = field(default_factory=dict)
    """CPU seconds of the steps, of all threads of this process."""
    cpu_seconds: float | None = None
    """Of all of it; None where other processes did the work."""
    spilled_mb: float | None = None
    """The most that DuckDB had on disk at once, where somebody looked."""


Work = Callable[[], Done]
"""A function of a module, or a `partial` of one: it is sent to another process."""


@dataclass(frozen=True)
class Aim:
    ratio: float | None = None
    """At least this share of the baseline's speed."""
    seconds: float | None = None
    """At most so many seconds."""
    of_cpu: bool = False
    """The ratio is that of CPU seconds, which other work on the machine changes less."""

    def met(self, seconds: float, ratio: float) -> bool:
        return (self.ratio is None or ratio >= self.ratio) and (self.seconds is None or seconds < self.seconds)

    def __str__(self) -> str:
        of = "CPU ratio" if self.of_cpu else "ratio"
        aims = [f"{of} at least {self.ratio:.2f}"] if self.ratio is not None else []
        return " and ".join([*aims, *([f"under {self.seconds:g} s"] if self.seconds is not None else [])])


@dataclass(frozen=True)
class MeasuredPart:
    """A piece of the platform's work, and what it is compared with."""

    name: str
    sizes: Mapping[str, int]
    prepare: Callable[[], object]
    """Makes what both sides need; like them it runs in a process of its own, and nobody counts its seconds."""
    work: Work
    baseline_name: str
    baseline: Work
    aim: Aim


@dataclass(frozen=True)
class Side:
    """What one side of a comparison took: medians over the repeats, and the highest peak."""

    seconds: float
    steps: Mapping[str, float]
    rows: int
    peak_mb: float
    cpu: Mapping[str, float] = field(default_factory=dict)
    cpu_seconds: float | None = None
    spilled_mb: float | None = None


@dataclass(frozen=True)
class Measurement:
    part: MeasuredPart
    platform: Side
    baseline: Side

    @property
    def ratio(self) -> float:
        """The baseline's seconds over the platform's: 1.0 is as fast as the baseline, 0.5 takes twice as long."""
        return self.baseline.seconds / self.platform.seconds

    @property
    def met(self) -> bool:
        return self.part.aim.met(self.platform.seconds, self.cpu_ratio if self.part.aim.of_cpu else self.ratio)

    @property
    def cpu_ratio(self) -> float:
        if self.platform.cpu_seconds is None or self.baseline.cpu_seconds is None:
            raise RuntimeError(f"{self.part.name}: its CPU seconds are not known")
        return self.baseline.cpu_seconds / self.platform.cpu_seconds


def measure(part: MeasuredPart, repeat: int, on_turn: Callable[[str], None] = lambda _: None) -> Measurement:
    """Both sides in turns, so that whatever else the machine does meanwhile slows both."""
    on_turn(f"{part.name}: making the data")
    in_own_process(part.prepare)
    turns: tuple[list[_Turn], list[_Turn]] = ([], [])
    for number in range(1, repeat + 1):
        for name, work, taken in zip(("platform", "baseline"), (part.work, part.baseline), turns, strict=True):
            on_turn(f"{part.name}: {name}, {number} of {repeat}")
            taken.append(in_own_process(_observed, work))
    platform, baseline = _side(turns[0]), _side(turns[1])
    if platform.rows != baseline.rows:
        raise RuntimeError(f"{part.name}: {platform.rows:,} rows, but the baseline {baseline.rows:,}: no comparison")
    return Measurement(part, platform, baseline)


_Result = TypeVar("_Result")


def in_own_process(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Call a function in a new process, which ends with it and looks for cycles as rarely as a command's does."""
    fresh = multiprocessing.get_context("spawn")  # a forked one would begin with this one's memory
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh, initializer=collect_garbage_rarely) as pool:
        return pool.submit(function, *arguments).result()


@dataclass
class Stopwatch:
    """Seconds by step, and CPU seconds."""

    steps: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun, used = time.perf_counter(), time.process_time()
        yield
        self.steps[name] = self.steps.get(name, 0.0) + time.perf_counter() - begun
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - used

    def done(self, rows: int = 0, parts: Mapping[str, Took] | None = None) -> Done:
        """`parts` of the steps are told beside them, and are in their sum already."""
        parts = parts or {}
        seconds = {**self.steps, **{name: took.seconds for name, took in parts.items()}}
        cpu = {**self.cpu, **{name: took.cpu for name, took in parts.items()}}
        return Done(sum(self.steps.values()), seconds, rows, cpu=cpu, cpu_seconds=sum(self.cpu.values()))


@dataclass(frozen=True)
class _Turn:
    done: Done
    peak_mb: float


def _observed(work: Work) -> _Turn:
    done = work()
    return _Turn(done, peak_memory() if done.peak_mb is None else done.peak_mb)


def _side(turns: Sequence[_Turn]) -> Side:
    rows = {turn.done.rows for turn in turns}
    if len(rows) != 1:
        raise RuntimeError(f"the same work handled {sorted(rows)} rows")
    cpu = [turn.done.cpu_seconds for turn in turns]
    return Side(
        seconds=median(turn.done.seconds for turn in turns),
        steps=_medians([turn.done.steps for turn in turns]),
        rows=rows.pop(),
        peak_mb=max(turn.peak_mb for turn in turns),
        cpu=_medians([turn.done.cpu for turn in turns]),
        cpu_seconds=_known(cpu, median),
        spilled_mb=_known([turn.done.spilled_mb for turn in turns], max),
    )


def _known(of_turns: Sequence[float | None], one: Callable[[Sequence[float]], float]) -> float | None:
    """One figure of several turns, if each has one."""
    known = [figure for figure in of_turns if figure is not None]
    return one(known) if len(known) == len(of_turns) else None


def _medians(turns: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Which tables are the slowest may differ from turn to turn: a step counts in those that name it."""
    return {step: median(turn[step] for turn in turns if step in turn) for step in dict.fromkeys(chain(*turns))}


def peak_memory() -> float:
    """The most memory that this process ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a Linux process begins with what its parent held
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024

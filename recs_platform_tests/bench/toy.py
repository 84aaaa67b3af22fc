"""Benchmarks whose numbers are known beforehand: work that says how long it took without taking that long.

Work runs in other processes, so it is functions of a module, and tells the test what it did through a file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from recs_platform.bench.measure import Aim, Done, MeasuredPart, Work
from recs_platform.bench.registry import Options


def told(folder: Path) -> list[list[str]]:
    """What ran, in its order: the name and the process of each."""
    return [line.split() for line in (folder / "told").read_text().splitlines()]


def prepare(folder: Path) -> None:
    _tell(folder, "prepare")


def work(folder: Path, name: str, seconds: Sequence[float], rows: int = 1_000) -> Done:
    """The first turn takes the first of these seconds, the second the second; three quarters of it are one step."""
    turn = sum(said == name for said, _ in told(folder))
    _tell(folder, name)
    took = seconds[turn]
    cpu = {"most": took * 0.375}
    return Done(took, {"most": took * 0.75, "rest": took * 0.25}, rows, cpu=cpu, cpu_seconds=took / 2)


def hold(mebibytes: int) -> Done:
    _ = b"x" * (mebibytes * 1024 * 1024)
    return Done(1.0, {})


def fail() -> Done:
    raise ValueError("the work failed")


def part(folder: Path, platform: Work, baseline: Work, *, name: str = "toy", aim: Aim | None = None) -> MeasuredPart:
    return MeasuredPart(
        name, {"rows": 1_000}, partial(prepare, folder), platform, "by hand", baseline, aim or Aim(ratio=0.4)
    )


def parts(options: Options) -> list[MeasuredPart]:
    """Two parts: one takes twice as long as its baseline, one half as long and misses its aim of seconds."""
    folder = options.folder
    slow, quick = partial(work, folder, "slow", [4.0] * 9), partial(work, folder, "quick", [1.0] * 9)
    first, second = partial(work, folder, "first", [2.0] * 9), partial(work, folder, "second", [2.0] * 9)
    return [
        part(folder, slow, first, name="slow", aim=Aim(ratio=0.4)),
        part(folder, quick, second, name="quick", aim=Aim(seconds=0.5)),
    ]


def one_part(options: Options) -> list[MeasuredPart]:
    return parts(options)[:1]


def _tell(folder: Path, name: str) -> None:
    with (folder / "told").open("a") as file:
        file.write(f"{name} {os.getpid()}\n")

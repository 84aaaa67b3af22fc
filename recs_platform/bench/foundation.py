"""`recs bench foundation`: what the platform itself costs, on top of DuckDB and of Dagster."""

from __future__ import annotations

from functools import partial

from recs_platform.bench import slices, strategy_day
from recs_platform.bench.measure import Aim, MeasuredPart
from recs_platform.bench.registry import Options

ROWS = 5_000_000
DAYS = 90
CUSTOMERS = 50


def parts(options: Options) -> list[MeasuredPart]:
    rows = options.rows or ROWS
    return [_write(options, rows), _read(options, rows), _overhead(options)]


def _write(options: Options, rows: int) -> MeasuredPart:
    folder = options.folder / "write"
    return MeasuredPart(
        name="write",
        sizes={"rows": rows, "slices": 1},
        prepare=partial(slices.land, folder, rows),
        work=partial(slices.replace_slice, folder),
        baseline_name="DuckDB, COPY of the same SELECT into one file",
        baseline=partial(slices.copy_slice, folder),
        aim=Aim(ratio=0.8),
    )


def _read(options: Options, rows: int) -> MeasuredPart:
    folder = options.folder / "read"
    return MeasuredPart(
        name="read",
        sizes={"rows": rows // DAYS * DAYS, "slices": DAYS},
        prepare=partial(slices.fill, folder, DAYS, rows),
        work=partial(slices.read_slices, folder, DAYS),
        baseline_name="DuckDB, one file with the same rows",
        baseline=partial(slices.read_file, folder),
        aim=Aim(ratio=0.8),
    )


def _overhead(options: Options) -> MeasuredPart:
    home, steps = options.folder / "overhead", strategy_day.steps_of_a_day()
    return MeasuredPart(
        name="overhead",
        sizes={"customers": CUSTOMERS, "steps": steps},
        prepare=partial(strategy_day.prepare, home, CUSTOMERS),
        work=partial(strategy_day.run_day, home, CUSTOMERS),
        baseline_name="Dagster, a job of as many empty steps",
        baseline=partial(strategy_day.run_empty_steps, home, steps),
        aim=Aim(seconds=5),
    )

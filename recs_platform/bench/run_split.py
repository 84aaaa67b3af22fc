"""Where the time of a run went, as steps of a benchmark: by phase, Dagster's own, and the tables that took longest."""

from __future__ import annotations

from collections.abc import Collection

from recs_platform.timings import RunTimings, Took

_SLOWEST = 8


def run_split(run: RunTimings, prefix: str = "", without: Collection[str] = ()) -> dict[str, Took]:
    """Phases and Dagster add up to the run, and so do its tables and Dagster; both without some tables, if any are
    named."""
    tables = {name: run.tables[name].took for name in run.slowest if name not in without}
    steps: dict[str, Took] = {}
    for name in tables:
        for phase, took in run.tables[name].phases.items():
            steps[phase] = steps.get(phase, Took()) + took
    steps = dict(sorted(steps.items(), key=lambda item: -item[1].seconds)) | {"Dagster": run.dagster}
    named, others = list(tables)[:_SLOWEST], list(tables)[_SLOWEST:]
    steps |= {f"table {name}": tables[name] for name in named}
    if others:
        steps["other tables"] = sum((tables[name] for name in others), Took())
    return {f"{prefix}{name}": took for name, took in steps.items()}

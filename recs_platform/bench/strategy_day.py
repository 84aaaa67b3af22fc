"""What `foundation` measures of Dagster: a strategy's whole day on almost no data, against a job of empty steps.

Every function runs in a process of its own, whose environment it changes. Imports are part of what is measured, so
they stand inside the functions.
"""

from __future__ import annotations

import logging
import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.run_split import run_split
from recs_platform.strategies.catalogue import KNOWN

if TYPE_CHECKING:
    from recs_platform.companies.model import Company

_STRATEGY = "vehicle_fitment"
START = date(2025, 9, 1)
DAY = START + timedelta(days=92)
"""The last day of a full look-back window."""


def steps_of_a_day() -> int:
    """Every table is a step of the run, and so are the checks of a table that block, and those that warn."""
    from recs_platform.pipeline.check_steps import check_steps
    from recs_platform.strategies.catalogue import pipelines

    pipeline = pipelines()[_STRATEGY]
    return len(pipeline.tables) + len(check_steps(pipeline))


def prepare(home: Path, customers: int) -> None:
    """Simulate the world, load its history, and run the day once."""
    live_in(home)
    from recs_platform.automation.instance import instance
    from recs_platform.automation.launch import launch
    from recs_platform.automation.plan import last_day_that_is_over, plan
    from recs_platform.definitions import build_defs
    from recs_platform.settings import settings
    from recs_platform.sources.connectors.simulated import simulate_company
    from recs_platform.strategies.catalogue import pipelines
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.slices import Days

    company, pipeline = bench_company(customers), pipelines()[_STRATEGY]
    simulate_company(
        company,
        settings().landing.absolute(),
        START,
        DAY,
    )
    defs = build_defs(companies={company.name: company})
    with instance() as dagster:
        planned = plan(company, pipeline, open_warehouse(), Days.one(DAY), newest=last_day_that_is_over())
        for step in planned.steps:
            outcome = launch(defs, dagster, step)
            if not outcome.success:
                raise RuntimeError(f"{step}: {'; '.join(outcome.summary.errors)}")


def run_day(home: Path, customers: int) -> Done:
    """What `recs run` does once a company's history is there."""
    live_in(home)
    watch = Stopwatch()
    with watch.step("imports"):
        from recs_platform.automation.instance import instance
        from recs_platform.automation.launch import launch
        from recs_platform.automation.plan import Step
        from recs_platform.definitions import build_defs
        from recs_platform.warehouse.slices import Days
    company = bench_company(customers)
    with watch.step("definitions"):
        defs = build_defs(companies={company.name: company})
    with watch.step("run"), instance() as dagster:
        outcome = launch(defs, dagster, Step(company.name, _STRATEGY, Days.one(DAY), history=False))
    if not outcome.success:
        raise RuntimeError("; ".join(outcome.summary.errors))
    return watch.done(parts=run_split(outcome.timings, "run: "))


def run_empty_steps(home: Path, steps: int) -> Done:
    """The baseline: as many steps that do nothing, one after the other, on the same Dagster instance."""
    live_in(home)
    watch = Stopwatch()
    with watch.step("imports"):
        import dagster as dg

        from recs_platform.automation.instance import instance
    with watch.step("definitions"):

        @dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
        def nothing() -> None:
            """Does nothing."""

        @dg.job(executor_def=dg.in_process_executor, logger_defs={"console": dg.LoggerDefinition(_silence)})
        def empty() -> None:
            done = nothing.alias("step_1")()
            for number in range(2, steps + 1):
                done = nothing.alias(f"step_{number}")(done)

    with watch.step("run"), instance() as dagster:
        result = empty.execute_in_process(instance=dagster, run_config={"loggers": {"console": {}}})
    if len(result.get_step_success_events()) != steps:
        raise RuntimeError(f"the empty job did not run {steps} steps")
    return watch.done()


def _silence(context: object) -> logging.Logger:  # noqa: ARG001  (Dagster's signature)
    logger = logging.getLogger("recs.bench")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


def live_in(home: Path) -> None:
    """This process is the platform's own: nothing of the person's settings, lake or Dagster instance is touched."""
    for name in [name for name in os.environ if name.startswith("RECS_") or name == "DAGSTER_HOME"]:
        del os.environ[name]
    os.environ["RECS_HOME"] = str(home / "recs")
    from recs_platform.settings import settings

    settings.cache_clear()


def bench_company(customers: int, strategy: str = _STRATEGY, start: date = START) -> Company:
    from recs_platform.companies.model import Company

    return Company.model_validate(
        {
            "name": "bench",
            "strategy": strategy,
            "dataset": "bench",
            "timezone": "UTC",
            "currency": "USD",
            "start_date": start,
            "simulation": {"seed": 1, "customers": customers},
        },
        context=KNOWN,
    )

"""What `replenishment` measures: the weekly job as a run does it, from stored orders to published lists, and plainly.

Every function runs in a process of its own, whose environment it changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench import order_rows
from recs_platform.bench.made_up import plain_folder
from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.order_rows import BEFORE, DAY, OrderSize, order_company
from recs_platform.bench.run_split import run_split
from recs_platform.bench.strategy_day import live_in
from recs_platform.timings import Took

if TYPE_CHECKING:
    import pandas as pd

ALIKE = 0.99
"""Of the places of plain lists, the share that must hold the same item. Sums of 32 bits decide some ties otherwise."""
_TRAINING = ("training_plan", "replenishment_examples", "ranking_model", "drift_report")


def measure_week(home: Path, size: OrderSize, rows: int | None = None) -> Done:
    """Every weekly table, audit and check, the comparison with what is live and its publication, in a Dagster run.
    `rows` instead of the clients, where they are not the point."""
    done = _run(home, size, DAY)
    _lists(home, size).to_parquet(home / "lists.parquet")
    return done if rows is None else replace(done, rows=rows)


def fill_with_week_before(home: Path, size: OrderSize) -> None:
    """Lists of the week before are live, and where the version has a model, it is trained."""
    if not plain_folder(home).exists():
        order_rows.fill(home, size)
        _run(home, size, DAY - timedelta(days=BEFORE))
        if size.version == "v4":
            activate_model(home, size)


def activate_model(home: Path, size: OrderSize) -> None:
    """In made-up orders there is nothing to learn, so that a model does not serve by itself: a person says it does."""
    live_in(home)
    from recs_platform.model_registry.shelf import open_shelf
    from recs_platform.strategies.replenishment.task import TASK

    models = open_shelf(order_company(size).name, run_id="bench")
    if models.serving(TASK.model, DAY) is None:
        models.activate(TASK.model, 1, TASK.features, by="bench")
    if models.serving(TASK.model, DAY) is None:
        raise RuntimeError("no model serves the day, so there is nothing to measure")


def measure_lists_plainly(home: Path, size: OrderSize, sample: int, *, compared: bool = True) -> Done:
    """Client by client in pandas, for some of them; their seconds times as many as there are for one of these. What is
    not `compared` is of another version."""
    import pandas as pd

    from recs_platform.bench.plain_replenishment import weekly_lists
    from recs_platform.strategies.replenishment.parameters import parameters_of

    ours = pd.read_parquet(home / "lists.parquet")
    served = sorted(ours["customer_id"].unique())
    chosen = served[:: max(1, len(served) // sample)][:sample]
    watch = Stopwatch()
    plain = weekly_lists(plain_folder(home), DAY, parameters_of(order_company(size)), chosen, watch)
    share = share_alike(ours, plain) if compared else 1.0
    if share < ALIKE:
        raise RuntimeError(f"the two sides disagree: {share:.2%} of the places of plain lists hold the same item")
    steps = {**watch.steps, "lists": watch.steps["lists"] * len(served) / len(chosen)}
    return Done(sum(steps.values()), steps, size.clients)


def share_alike(ours: pd.DataFrame, plain: pd.DataFrame) -> float:
    """Of the places of plain lists, the share that hold the same item of the same kind."""
    place = ["customer_id", "rank", "item_id", "kind"]
    return len(plain.merge(ours, on=place)) / len(plain)


def _run(home: Path, size: OrderSize, day: date) -> Done:
    live_in(home)
    from recs_platform.automation.instance import instance
    from recs_platform.automation.launch import launch
    from recs_platform.automation.plan import Step
    from recs_platform.definitions import build_defs
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.slices import Days

    company, pipeline = order_company(size), pipeline_of(order_company(size))
    defs = build_defs(companies={company.name: company})
    step = Step(company.name, company.strategy.name, Days.one(day), history=False, tables=pipeline.weekly)
    with instance() as dagster:
        outcome = launch(defs, dagster, step)
    if not outcome.success:
        raise RuntimeError("; ".join((*outcome.summary.errors, *outcome.summary.warnings)))
    made = outcome.timings.tables
    training = sum((made[name].took for name in _TRAINING if name in made), Took())
    parts = run_split(outcome.timings, without=_TRAINING)
    if size.version == "v4":
        parts["training, counted apart"] = training
    week, cpu = outcome.timings.whole - training, {name: took.cpu for name, took in parts.items()}
    seconds = {name: took.seconds for name, took in parts.items()}
    return Done(week.seconds, seconds, size.clients, cpu=cpu, cpu_seconds=week.cpu)


def _lists(home: Path, size: OrderSize) -> pd.DataFrame:
    live_in(home)
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.slices import Days

    company = order_company(size)
    with open_warehouse().read(pipeline_of(company).ref("weekly_recommendations", company), Days.one(DAY)) as reader:
        listed: pd.DataFrame = reader.read_all().select(["customer_id", "rank", "item_id", "kind"]).to_pandas()
    return listed

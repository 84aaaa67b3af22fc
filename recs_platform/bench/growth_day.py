"""What `growth` measures: one more day of a simulated company, by the platform's own run, at several sizes.

Every function runs in a process of its own, whose environment it changes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.run_split import run_split
from recs_platform.bench.strategy_day import bench_company, live_in

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.companies.model import Company
    from recs_platform.timings import Took
    from recs_platform.warehouse.slices import Days

DAY = date(2025, 11, 30)
"""A Sunday: what is made once a week is made of it."""
_LOOK_SECONDS = 0.05
_MIB = 1024 * 1024
_CAMPAIGN = {"campaign_window_days": 8, "interaction_window_days": 5, "feedback_window_days": 14}
SHORT = {
    "vehicle_fitment": {**_CAMPAIGN, "intent_window_days": 3, "purchase_exclusion_days": 8, "backtest_days": 8},
    "offer_ranking": {**_CAMPAIGN, "feature_window_days": 3, "label_days": 2, "training_window_days": 19},
    "replenishment": {**_CAMPAIGN, "active_window_days": 3, "history_days": 8, "evaluated_weeks": 0},
}
"""Windows of two to four weeks, so that ten times the days are not years."""
_ANY_CHANGE = (
    *("max_customers_lost", "max_customer_change", "max_global_share", "max_price_drop"),
    *("max_repurchases_lost", "max_discovery_move", "max_score_move", "max_lists_changed"),
    *("max_order_changed", "max_offers_lost", "max_customers_without_candidates"),
)
"""Limits of guardrails: of few customers any day changes much, and a day that is refused is no measurement."""


@dataclass(frozen=True)
class GrowthSize:
    strategy: str
    customers: int
    days: int
    """Of history, before the day that is measured."""
    short: bool = False
    """With windows of less than a month."""
    memory: str | None = None
    """RECS_MEMORY_LIMIT; None for the platform's own."""


def growing_company(size: GrowthSize) -> Company:
    company = bench_company(size.customers, size.strategy, DAY - timedelta(days=size.days))
    limits = {name: 1.0 for name in _ANY_CHANGE if hasattr(company.parameters, name)}
    changed = {**(SHORT[size.strategy] if size.short else {}), **limits}
    return company.model_copy(update={"parameters": company.parameters.model_copy(update=changed)})


def make_history(home: Path, size: GrowthSize) -> None:
    """All days of the logs in one run, then the day before the one that is measured, which is what is live then."""
    if home.exists():
        return
    _live(home, size)
    from recs_platform.automation.plan import Step
    from recs_platform.settings import settings
    from recs_platform.sources.connectors.simulated import simulate_company
    from recs_platform.warehouse.slices import Days

    company, before = growing_company(size), DAY - timedelta(days=1)
    simulate_company(company, settings().landing.absolute(), company.start_date, DAY)
    logs = Days(company.start_date, before - timedelta(days=1))
    _carry_out(company, [Step(company.name, size.strategy, logs, history=True)])
    _carry_out(company, _planned(company, Days.one(before)))


def measure_day(home: Path, size: GrowthSize) -> Done:
    """Everything that is due on a Sunday, from the landed feeds to what is published."""
    _live(home, size)
    from recs_platform.settings import settings
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import lake_of
    from recs_platform.warehouse.slices import Days

    company, watch = growing_company(size), Stopwatch()
    pipeline_of(company)  # loads what every run needs
    with _spilled(lake_of(settings()).engine.spill) as spill, watch.step("day"):
        parts = _carry_out(company, _planned(company, Days.one(DAY)))
    return replace(watch.done(parts=parts), spilled_mb=spill.highest / _MIB)


def _live(home: Path, size: GrowthSize) -> None:
    live_in(home)
    if size.memory is not None:
        from recs_platform.settings import settings

        os.environ["RECS_MEMORY_LIMIT"] = size.memory
        settings.cache_clear()


def _planned(company: Company, days: Days) -> list[Step]:
    from recs_platform.automation.plan import last_day_that_is_over, plan
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    newest = max(last_day_that_is_over(), days.last)
    return list(plan(company, pipeline_of(company), open_warehouse(), days, newest=newest, only=True).steps)


def _carry_out(company: Company, steps: list[Step]) -> dict[str, Took]:
    from recs_platform.automation.instance import instance
    from recs_platform.automation.launch import launch
    from recs_platform.definitions import build_defs

    parts: dict[str, Took] = {}
    defs = build_defs(companies={company.name: company})
    with instance() as dagster:
        for step in steps:
            outcome = launch(defs, dagster, step)
            if not outcome.success:
                raise RuntimeError(f"{step}: {'; '.join((*outcome.summary.errors, *outcome.summary.warnings))}")
            parts |= run_split(outcome.timings, "day: ")
    return parts


@dataclass
class _Spill:
    highest: int = 0
    """Bytes that DuckDB had on disk at once, at most, as far as somebody looked at that moment."""


@contextmanager
def _spilled(folder: Path) -> Iterator[_Spill]:
    seen, over = _Spill(), threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            seen.highest = max(seen.highest, _size(folder))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # it is gone again
            continue
    return total

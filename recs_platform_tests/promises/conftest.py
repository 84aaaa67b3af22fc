"""A simulated world per strategy, loaded once: what the tests of the promises look at.

They are larger than they would have to be for the runs, because every kind of dirt has to be in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest

from recs_platform.companies.model import Company, Simulation
from recs_platform.simulation.world import read_truth
from recs_platform.sources.connectors.simulated import simulate_company
from recs_platform.strategies.catalogue import load_companies
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Contents, Platform, violations
from recs_platform_tests.slow import takes_seconds

# Company: customers, and a day on which interactions happen that arrive late. What replenishment is fed with, these
# are fed with too, and by the same queries.
_WORLDS = {
    "holley": (12_000, date(2025, 9, 9)),
    "metro": (10_000, date(2025, 9, 10)),
}
_SEED = 4


@dataclass
class Loaded:
    """A world, and what was seen while it was loaded and run again in the order of the tests' story."""

    platform: Platform
    company: Company
    day: date
    """The last day that was loaded, D."""
    history: Days
    truth: dict[str, Any]
    """As it stood when the history was loaded; of D + 1 too."""
    history_run: dg.ExecuteInProcessResult
    history_violations: dict[str, int]
    interactions_before: int
    """Of D, before D + 1 brought the late ones."""
    day_run: dg.ExecuteInProcessResult
    day_violations: dict[str, int]
    contents: Contents
    """Of D, after its own run."""
    contents_of_history: Contents
    contents_again: Contents
    """Of D, run once more after D + 1."""
    contents_of_history_again: Contents


# One worker of a parallel run loads a world for all of its tests.
@pytest.fixture(scope="session", params=list(_WORLDS))
@takes_seconds
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The story: history up to D in one run, D + 1 lands, D's run, D + 1's run, D's run again."""
    customers, day = _WORLDS[request.param]
    built_in = load_companies()[request.param]
    company = built_in.model_copy(update={"simulation": Simulation(seed=_SEED, customers=customers)})
    platform = Platform(tmp_path_factory.mktemp(company.name), [company])
    history, next_day = Days(company.start_date, day), day + timedelta(days=1)

    history_run = platform.succeeded(platform.load_days(company.name, history))
    before = len(platform.rows(company.name, "interactions", Days.one(day)))
    simulate_company(
        company,
        platform.landing,
        next_day,
        next_day,
        snapshot_days=[day, next_day],
    )
    day_run = platform.succeeded(platform.run_day(company.name, day))
    contents = platform.contents(company.name, Days.one(day))
    earlier = Days(company.start_date, day - timedelta(days=1))
    contents_of_history = platform.contents(company.name, earlier)
    for again in (next_day, day):
        platform.succeeded(platform.run_day(company.name, again))
    return Loaded(
        platform=platform,
        company=company,
        day=day,
        history=history,
        truth=read_truth(platform.landing, company.name),
        history_run=history_run,
        history_violations=violations(history_run),
        interactions_before=before,
        day_run=day_run,
        day_violations=violations(day_run),
        contents=contents,
        contents_of_history=contents_of_history,
        contents_again=platform.contents(company.name, Days.one(day)),
        contents_of_history_again=platform.contents(company.name, earlier),
    )

"""A small company of each strategy, whose days were made twice from the same feeds: on the lake of a laptop, and in
production, on BigQuery, PostgreSQL and an object store. By the commands that people type, in this process.

Not here: what must be the same of both (test_parity.py, test_production_day.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import engine
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.conftest import new_database
from recs_platform_tests.emulator import EMULATOR
from recs_platform_tests.stores.fixtures import Store

_START = date(2025, 9, 1)
_STARTS: Mapping[str, date] = {"replenishment": date(2025, 8, 1)}
"""A model of lists needs some weeks of habits before the weeks that it learns from."""
FIRST, SECOND = date(2025, 9, 24), date(2025, 9, 25)
_SHARED = {
    # Messages go out on Tuesdays: two of them before the release, and two from it on.
    "campaign_window_days": 22,
    "interaction_window_days": 5,
    "attribution_window_days": 3,
    "covariate_days": 5,
    "comparison_days": 10,
    "releases": ["2025-09-16"],
    "planned_arm_shares": {"personalised": 0.8, "random": 0.1, "holdout": 0.1},
}
_SIMULATED: Mapping[str, Mapping[str, int]] = {
    "measurement": {"customers": 150},
    "replenishment": {"customers": 150},
    "vehicle_fitment": {"customers": 500},
    "offer_ranking": {"customers": 100, "items_per_offer": 2},
}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "measurement": {},
    "replenishment": {
        "active_window_days": 20,
        "trend_days": 7,
        "trend_min_orders": 3,
        "experiment": "all versions",
        "experiment_shares": {"2025-08-01": {"v31": 0.2, "v32": 0.2, "v4": 0.5}},
    },
    "vehicle_fitment": {"intent_window_days": 14, "purchase_exclusion_days": 14, "backtest_days": 1},
    "offer_ranking": {
        "feature_window_days": 7,
        "label_days": 1,
        "training_window_days": 17,
        "retrain_weekday": None,
    },
}


@dataclass(frozen=True)
class Side:
    """One of the two platforms."""

    terminal: Terminal
    company_name: str
    told: Mapping[str, Ended]
    """What each command of the story said, by the command."""

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """In its environment, which whoever uses it needs too."""
        with self.terminal.inside():
            yield open_warehouse()

    def recs(self, *arguments: str) -> Ended:
        return self.terminal.recs(*arguments)


@dataclass(frozen=True)
class World:
    strategy: str
    lake: Side
    cloud: Side

    @cached_property
    def company(self) -> Company:
        with self.lake.terminal.inside():
            return company_named(self.lake.company_name)

    @property
    def pipeline(self) -> Pipeline:
        return pipelines()[self.strategy]


def story(company: str, pipeline: Pipeline) -> Mapping[str, tuple[str, ...]]:
    """What happens on either side: two days, each of which is published, what is made of the comparison, and the way
    back to the first. What is weekly is asked for on both days, which are none of its own."""
    products = tuple(pipeline.products)
    commands: dict[str, tuple[str, ...]] = {
        "run": ("run", company, "--date", str(FIRST), "--to", str(SECOND), "--only", "--json"),
    }
    weekly = [word for part in sorted(pipeline.weekly) for word in ("--table", part)]
    for day in (FIRST, SECOND) if weekly else ():
        commands[f"run weekly {day}"] = ("run", company, "--date", str(day), "--only", "--json", *weekly)
    commands["status"] = ("status", company, "--json")
    if "recommendations" in products:
        commands["compare"] = ("compare", company, "--a", str(FIRST), "--b", str(SECOND), "--json")
    for product in products:
        of = ("--product", product, "--json")
        commands[f"published {product}"] = ("publications", company, *of)
        commands[f"rollback {product}"] = ("rollback", company, "--to", "1", "--by", "ann", *of)
        commands[f"publications {product}"] = ("publications", company, *of)
    return commands


@contextmanager
def made_world(strategy: str, folder: Path, emulator: str, postgres_url: str, store: Store) -> Iterator[World]:
    """Both sides, with the story told on each."""
    name, start = f"small_{strategy}", _STARTS.get(strategy, _START)
    commands = story(name, pipelines()[strategy])
    lake = _terminal(strategy, name, start, folder / "lake")
    with ExitStack() as opened:
        platform, dagster = (opened.enter_context(new_database(folder, postgres_url)) for _ in range(2))
        opened.callback(lambda: engine(platform).dispose())
        cloud = Terminal(
            folder / "cloud",
            {
                "RECS_ENV": "production",
                "RECS_WAREHOUSE": "bigquery",
                "RECS_GCP_PROJECT": f"test-{strategy.replace('_', '-')}",
                "RECS_DATABASE_URL": platform,
                "RECS_DAGSTER_DATABASE_URL": dagster,
                "RECS_COMPANIES_DIR": str(lake.companies),
                "RECS_LANDING_DIR": str(lake.folder / ".recs" / "landing"),
                "RECS_FILES_URL": store.new_folder(),
                EMULATOR: emulator,
                **store.environment,
            },
        )
        cloud.folder.mkdir()
        # All feeds are there before either side reads one: some rows of a day come with the feed of the next.
        _ended(lake.recs("simulate", name, "--days", str((SECOND - start).days + 1)), "simulate")
        yield World(strategy, _told(lake, name, commands), _told(cloud, name, commands))


def _terminal(strategy: str, name: str, start: date, folder: Path) -> Terminal:
    simulation, parameters = {"seed": 7, **_SIMULATED[strategy]}, {**_SHARED, **_PARAMETERS[strategy]}
    terminal = Terminal(folder)
    terminal.companies.mkdir(parents=True)
    (terminal.companies / f"{name}.yaml").write_text(
        f"name: {name}\nstrategy: {strategy}\ndataset: {name}\ntimezone: UTC\ncurrency: EUR\nstart_date: {start}\n"
        f"simulation: {json.dumps(simulation)}\nparameters: {json.dumps(parameters)}\n"
    )
    return terminal


def _told(terminal: Terminal, company: str, commands: Mapping[str, tuple[str, ...]]) -> Side:
    told = {}
    for name, command in commands.items():
        told[name] = _ended(terminal.recs(*command), name)
    return Side(terminal, company, told)


def _ended(ended: Ended, name: str) -> Ended:
    if ended.code != 0:
        pytest.fail(f"{name}: {ended.told[-3_000:]}")
    return ended

"""A day gives what it gives: run twice, after a later day, alone or within a range. Late rows are picked up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.companies.model import Simulation
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import load_companies
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.conftest import Loaded
from recs_platform_tests.promises.platform import Platform

_ALONE = 2


def test_late_interactions_are_picked_up_when_the_day_is_run_again(loaded: Loaded) -> None:
    next_day = loaded.truth["days"][str(loaded.day + timedelta(days=1))]
    late = next_day["late"]["late_interactions_arriving"]
    assert late > 0
    after = len(loaded.platform.rows(loaded.company.name, "interactions", Days.one(loaded.day)))
    assert after == loaded.interactions_before + late


def test_a_day_run_again_after_the_next_gives_the_same_rows_in_every_table(loaded: Loaded) -> None:
    assert all(content.startswith("1 days") for content in loaded.contents.values())
    assert loaded.contents_again == loaded.contents


def test_a_later_day_changes_nothing_before_it(loaded: Loaded) -> None:
    assert loaded.contents_of_history_again == loaded.contents_of_history


def test_logs_loaded_day_by_day_are_those_loaded_as_a_range(loaded: Loaded, tmp_path: Path) -> None:
    name, first = loaded.company.name, loaded.company.start_date
    days = Days(first, first + timedelta(days=_ALONE - 1))
    other = Platform(tmp_path, [loaded.company], landing=loaded.platform.landing)
    for day in days:
        other.succeeded(other.load_days(name, Days.one(day)))
    assert len(other.rows(name, "events")) > 0
    logs = other.logs(name)
    assert other.contents(name, days, logs) == loaded.platform.contents(name, days, logs)
    assert not any(other.days(name, table) for table, spec in other.tables(name).items() if spec.kind is Kind.SNAPSHOT)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acme", "metro", "concord"])
def test_a_whole_day_run_twice_gives_the_same_rows_in_every_table_of_its_strategy(name: str, tmp_path: Path) -> None:
    company = load_companies()[name].model_copy(update={"simulation": Simulation(seed=1, customers=400)})
    day = company.start_date + timedelta(days=2)
    platform = Platform(tmp_path, [company]).beginning_on(name, day)
    tables = platform.all_tables(name)
    platform.succeeded(platform.run_day(name, day, only=tables))
    before = platform.contents(name, Days.one(day), tables)
    platform.succeeded(platform.run_day(name, day, only=tables))
    assert platform.contents(name, Days.one(day), tables) == before

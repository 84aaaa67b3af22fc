"""Answers and reactions go once their day has landed and is old, and never before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from recs_platform.automation.housekeeping.served import sweep_served
from recs_platform.companies.model import Company
from recs_platform.platform_db.serving_tables import ServedAnswer, ServedReaction
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform_tests.sources.connectors.test_service import keep_answer, keep_reaction

NOW = datetime(2025, 12, 31, 3, 30, tzinfo=UTC)
BEFORE = NOW - timedelta(days=90)
OLD = date(2025, 10, 1)
"""It ended 90 days and some hours ago."""


def made(day: date, days_later: int = 1, hour: int = 6) -> SimpleNamespace:
    return SimpleNamespace(day=day, made_at=datetime.combine(day + timedelta(days=days_later), time(hour), UTC))


def sweep(database: Engine, slices: Sequence[Any], company: Company | None = None, *, dry_run: bool = False) -> int:
    company = company or company_named("acme")
    warehouse: Any = SimpleNamespace(slices=lambda _: slices)
    pipeline = pipelines()[company.strategy.name]
    return sweep_served(company, pipeline, warehouse, database, BEFORE, dry_run=dry_run).rows


def kept(database: Engine) -> tuple[int, int]:
    with database.connect() as connection:
        answers, reactions = (
            connection.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (ServedAnswer, ServedReaction)
        )
    return answers, reactions


@pytest.fixture
def old_rows(platform_db: Engine) -> Engine:
    """An answer and a reaction of the first and last moment of an old day, and of the days around it."""
    moments = [datetime.combine(OLD, time(), UTC), datetime.combine(OLD, time(23, 59, 59), UTC)]
    moments += [moments[0] - timedelta(seconds=1), moments[1] + timedelta(seconds=1)]
    for number, moment in enumerate(moments):
        keep_answer(platform_db, f"a{number}", moment, company="acme")
        keep_reaction(platform_db, f"e{number}", moment, company="acme")
    keep_reaction(platform_db, "other", moments[0], company="concord")
    return platform_db


def test_a_landed_day_goes_and_no_other_and_of_nobody_else(old_rows: Engine) -> None:
    assert sweep(old_rows, [made(OLD)], dry_run=True) == 4
    assert kept(old_rows) == (4, 5)
    assert sweep(old_rows, [made(OLD)]) == 4
    assert kept(old_rows) == (2, 3)


@pytest.mark.parametrize(
    "slices",
    [
        [],
        [made(OLD + timedelta(days=1))],
        [made(OLD, days_later=0, hour=22)],
        [made(OLD, days_later=1, hour=0)],
        [made(OLD - timedelta(days=2))],
    ],
    ids=["never landed", "not old enough", "landed before it was over", "landed as it ended", "another day"],
)
def test_what_may_not_have_landed_stays(old_rows: Engine, slices: Sequence[Any]) -> None:
    assert sweep(old_rows, slices) == 0
    assert kept(old_rows) == (4, 5)


def test_what_nobody_lands_stays(old_rows: Engine) -> None:
    acme = company_named("acme")
    sources = {name: source for name, source in acme.sources.items() if not name.startswith(("served", "recomm"))}
    assert sweep(old_rows, [made(OLD)], acme.model_copy(update={"sources": sources})) == 0

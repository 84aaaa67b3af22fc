"""What of a rectangle is left to do. That one that was broken off goes on: cli/test_backfill.py."""

from __future__ import annotations

from datetime import date
from typing import Any

import dagster as dg

from recs_platform.automation.backfill import backfill
from recs_platform.companies.model import Company
from recs_platform.platform_db.engine import opened_database
from recs_platform.strategies.catalogue import KNOWN
from recs_platform.warehouse.slices import Days, TableRef

DAYS = Days(date(2025, 9, 1), date(2025, 9, 5))


class _Empty:
    """A lake of which nothing was made."""

    def days(self, table: TableRef) -> list[date]:
        return []

    def slices(self, table: TableRef) -> list[Any]:
        return []


def test_companies_are_taken_as_they_are_given_and_their_files_read_by_nobody() -> None:
    described = {"name": "shop", "strategy": "replenishment", "dataset": "shop", "timezone": "UTC", "currency": "EUR"}
    of_no_file = Company.model_validate({**described, "start_date": DAYS.first, "simulation": {}}, context=KNOWN)
    empty: Any = _Empty()
    with dg.DagsterInstance.ephemeral() as instance:
        planned = backfill([of_no_file], DAYS, instance, empty, opened_database())
    assert {day for step in planned.steps for day in step.days if day in DAYS} == set(DAYS)
    assert planned.skipped == {"shop": 0}

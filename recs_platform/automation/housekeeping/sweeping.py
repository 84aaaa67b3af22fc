"""All of housekeeping, in order, one thing after the other; what fails keeps nothing else from being swept.

Not here: what of each thing may go (a module each), and when this happens (nightly.py, `recs housekeeping`).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine

from recs_platform.alerts.record import forget
from recs_platform.automation.housekeeping.dagster_history import sweep_dagster_history
from recs_platform.automation.housekeeping.databases import sqlite_databases, sweep_databases
from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.automation.housekeeping.leftovers import sweep_exports, sweep_leftovers, sweep_reports
from recs_platform.automation.housekeeping.served import sweep_served
from recs_platform.automation.housekeeping.tables import sweep_tables
from recs_platform.companies.model import Company
from recs_platform.errors import LockBusyError, PlatformError
from recs_platform.file_store.environment import open_files
from recs_platform.file_store.protocol import FileStore
from recs_platform.masking import mask_text
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.locks import lock
from recs_platform.settings import settings
from recs_platform.warehouse.protocol import Warehouse

PATIENCE_SECONDS = 300.0
"""For a company whose run goes on. After that it has its turn the next time."""
_BUSY = "housekeeping is under way"


@dataclass(frozen=True)
class Swept:
    """Where everything stands, and for how long what can be made again is kept."""

    companies: Mapping[str, Company]
    pipelines: Mapping[str, Pipeline]
    """By strategy."""
    warehouse: Warehouse
    database: Engine
    instance: dg.DagsterInstance
    files: FileStore
    """Where reports are."""
    now: datetime
    keep: timedelta
    """Runs of Dagster that ended, and reports. How long versions of tables are kept the warehouse knows."""

    @classmethod
    def as_set(
        cls,
        companies: Mapping[str, Company],
        pipelines: Mapping[str, Pipeline],
        warehouse: Warehouse,
        instance: dg.DagsterInstance,
    ) -> Swept:
        """With the database, the folders and the days of the settings, and now."""
        chosen, now = settings(), datetime.now(UTC)
        keep = timedelta(days=chosen.run_retention_days)
        return cls(companies, pipelines, warehouse, opened_database(), instance, open_files(), now, keep)

    def sweep(self, *, dry_run: bool = False, patience: float = PATIENCE_SECONDS) -> Iterator[Freed]:
        """Sweep one thing after the other, and say of each what it freed. One at a time does, whoever asks for it."""
        with ExitStack() as held:
            try:
                if not dry_run:
                    held.enter_context(lock(self.database, "housekeeping", patience=0, busy=_BUSY))
            except LockBusyError as error:
                yield Freed("housekeeping", problem=f"left alone: {error}", busy=True)
                return
            yield from self._tables(dry_run=dry_run, patience=patience)
            before, dagster_home = self.now - self.keep, Path(self.instance.root_directory)
            yield _told("leftovers", lambda: sweep_leftovers(self.warehouse, dry_run=dry_run))
            yield _told("reports", lambda: sweep_reports(self.files, before, dry_run=dry_run))
            yield _told("exports", lambda: sweep_exports(self.files, before, dry_run=dry_run))
            yield _told("books of alerts", lambda: self._books(before, dry_run=dry_run))
            for company in self.companies.values():
                yield _told(
                    f"answers and reactions of {company.name}", partial(self._served, company, before, dry_run=dry_run)
                )
            yield _told("Dagster's history", lambda: sweep_dagster_history(self.instance, before, dry_run=dry_run))
            databases = sqlite_databases(self.database, dagster_home)
            yield _told("room in databases", lambda: sweep_databases(databases, dry_run=dry_run))

    def _served(self, company: Company, before: datetime, *, dry_run: bool) -> Freed:
        pipeline = self.pipelines[company.strategy.name]
        return sweep_served(company, pipeline, self.warehouse, self.database, before, dry_run=dry_run)

    def _books(self, before: datetime, *, dry_run: bool) -> Freed:
        """What was told and is over; what is wrong, or waits to be told, stays."""
        return Freed("books of alerts", rows=forget(self.database, before, dry_run=dry_run))

    def _tables(self, *, dry_run: bool, patience: float) -> Iterator[Freed]:
        """Companies whose run goes on come last, and only they are waited for."""
        busy = []
        for company in self.companies.values():
            freed = self._of_company(company, dry_run=dry_run, patience=0)
            if freed.busy and patience:
                busy.append(company)
            else:
                yield freed
        for company in busy:
            yield self._of_company(company, dry_run=dry_run, patience=patience)

    def _of_company(self, company: Company, *, dry_run: bool, patience: float) -> Freed:
        pipeline = self.pipelines[company.strategy.name]
        return _told(
            f"tables of {company.name}",
            lambda: sweep_tables(company, pipeline, self.warehouse, self.database, dry_run=dry_run, patience=patience),
        )


def _told(what: str, sweep: Callable[[], Freed]) -> Freed:
    try:
        return sweep()
    except PlatformError as error:
        return Freed(what, problem=str(error))
    except Exception as error:  # a defect in one is told, and the others have their turn
        return Freed(what, problem=mask_text("".join(traceback.format_exception_only(error)).strip()))

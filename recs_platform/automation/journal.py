"""Every run, from wherever it was started, in the job log: a resource that opens with the run and closes with it.

What a run did is read from Dagster's own event log, so there is nothing to keep in step. A run that is killed writes
nothing more; who holds its company's lock next knows that it is dead, and says so here and in Dagster (dead_runs.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import dagster as dg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.automation.burial import bury_others
from recs_platform.automation.failures import retried
from recs_platform.automation.locks import company_lock
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.rerun import curable_alone, say_if_curable
from recs_platform.automation.run_process import say_which_process
from recs_platform.automation.run_summary import RunSummary, summary
from recs_platform.automation.run_timings import say_where_time_went
from recs_platform.clock import Recorder, recording
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Status
from recs_platform.warehouse.slices import Days

PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

_log = logging.getLogger(__name__)


class RunJournal(dg.ConfigurableResource[None]):
    """Writes a row of the job log when a run starts and again when it ends. A company's runs wait for each other.

    It has no fields: Dagster keeps them, and its UI shows them, while the database's URL may hold a password.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[None]:
        with recording() as recorder:
            yield from self._opened(context, recorder)

    def _opened(self, context: dg.InitResourceContext, recorder: Recorder) -> Iterator[None]:
        run, instance = context.run, context.instance
        keys = asked_partitions(run) if run else []
        if run is not None and instance is not None:
            say_which_process(instance, run.run_id)
        if run is None or instance is None or not keys:
            yield None
            return
        company, days = company_and_days(keys)
        warn = context.log.warning if context.log else _log.warning
        with curable_alone(context):
            database = retried(opened_database, warn)
        with company_lock(company):
            try:
                with curable_alone(context):
                    retried(partial(self._start, database, instance, run, company, days), warn)
            except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
                # A Ctrl-C may come when the row is written already.
                self._broken_off(database, run)
                raise
            yield from self._logged(run, instance, database, warn)
            say_where_time_went(instance, run.run_id, recorder.timings(), warn)

    @staticmethod
    def _start(database: Engine, instance: dg.DagsterInstance, run: dg.DagsterRun, company: str, days: Days) -> None:
        bury_others(database, instance, company, run.run_id)
        job_log.started(
            database,
            run_id=run.run_id,
            job=run.job_name,
            strategy=_strategy(run),
            company=company,
            first_date=days.first,
            last_date=days.last,
            started_at=datetime.now(UTC),
        )

    @staticmethod
    def _broken_off(database: Engine, run: dg.DagsterRun) -> None:
        with suppress(LookupError, SQLAlchemyError):
            job_log.ended(
                database,
                run.run_id,
                status=Status.FAILED,
                ended_at=datetime.now(UTC),
                message="interrupted; run it again",
            )

    @staticmethod
    def _logged(
        run: dg.DagsterRun, instance: dg.DagsterInstance, database: Engine, warn: Callable[[str], None]
    ) -> Iterator[None]:
        try:
            yield None
        finally:
            done = summary(instance, run.run_id)
            _summaries[run.run_id] = done
            if done.errors:
                say_if_curable(instance, run.run_id, curable=done.transient)
            end = partial(
                job_log.ended,
                database,
                run.run_id,
                status=Status.FAILED if done.errors else Status.SUCCEEDED,
                ended_at=datetime.now(UTC),
                assets=done.assets,
                rows=done.rows,
                checks_passed=done.checks_passed,
                checks_warned=done.checks_warned,
                checks_failed=done.checks_failed,
                message=done.errors[0] if done.errors else "",
                failed_tables=done.failed_tables,
            )
            retried(end, warn)


def asked_partitions(run: dg.DagsterRun) -> list[str]:
    """The partition that a run was started for, or the first and the last of a range."""
    return [run.tags[tag] for tag in (PARTITION, RANGE_START, RANGE_END) if tag in run.tags]


def ended_summary(instance: dg.DagsterInstance, run_id: str, *, success: bool) -> RunSummary:
    """What a run of this process did, as its journal added it up: a range's events are thousands. What a failed run
    says last comes after its journal has closed."""
    added_up = _summaries.pop(run_id, None)
    return added_up if added_up and success else summary(instance, run_id)


_summaries: dict[str, RunSummary] = {}
"""Of runs that have just ended in this process."""


def _strategy(run: dg.DagsterRun) -> str:
    selected = sorted(key.path[0] for key in run.asset_selection or ())
    return selected[0] if selected else run.job_name.rpartition("_")[0]

"""Every run that waits in Dagster's queue says whose it is, so that the queue lets one run of a company go at a time.

Schedules, sensors and commands say so themselves. A run over a range of days that somebody starts in the UI has only
the first and the last of its partitions.

How many runs go on at once is a setting (`RECS_CONCURRENT_RUNS`), since dagster.yaml is one file everywhere.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import RunQueueConfig

from recs_platform.automation.dagster_storage import chosen_settings
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import asked_partitions
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.run_process import PROCESS_TAG
from recs_platform.errors import ConfigError

_TRIES, _SECONDS_BETWEEN = 30, 60
"""Of a run that cannot be started because the code server or the cluster is away: they may be being renewed."""


class CompanyRunCoordinator(QueuedRunCoordinator[dg.DagsterInstance]):
    def get_run_queue_config(self) -> RunQueueConfig:
        """How many runs go on at once, the environment says."""
        return (
            super()
            .get_run_queue_config()
            ._replace(
                max_concurrent_runs=chosen_settings().concurrent_runs,
                max_user_code_failure_retries=_TRIES,
                user_code_failure_retry_delay=_SECONDS_BETWEEN,
            )
        )

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        run = context.dagster_run
        if COMPANY_TAG not in run.tags and (company := _company(run)):
            self._instance.add_run_tags(run.run_id, {COMPANY_TAG: company})
        if PROCESS_TAG in run.tags:
            # A run that is started again has the tags of the one before, whose process is gone.
            self._instance.add_run_tags(run.run_id, {PROCESS_TAG: ""})
        return super().submit_run(context)


def _company(run: dg.DagsterRun) -> str | None:
    keys = asked_partitions(run)
    try:
        return company_and_days(keys)[0] if keys else None
    except ConfigError:  # of several companies: the run itself refuses that, and says so
        return None

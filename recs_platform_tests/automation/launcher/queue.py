"""Dagster's queue, launcher and monitoring over a cluster, tick by tick as the daemon does it: its own code, in this
process, without the code server that only a retry needs.

The runs are of jobs that do nothing: what a run does is not the launcher's matter (test_pods_at_work.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from recs_platform.automation.instance import prepared_home
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.journal import PARTITION
from recs_platform.automation.origin import job_origin
from recs_platform.automation.pods.pod import job_name
from recs_platform.settings import settings
from recs_platform_tests.promises.platform import definitions_of

IMAGE = "registry.example.com/acme/recs-platform:1.2.3"
DAY = "2025-09-01"


@dg.op
def nothing() -> None: ...


@dataclass
class Queue:
    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext
    daemon: QueuedRunCoordinatorDaemon

    def submit(self, company: str, job: str = "replenishment_daily", tags: Mapping[str, str] | None = None) -> str:
        """A run of a company's day, which then waits."""

        @dg.job(name=job)
        def of_nothing() -> None:
            nothing()

        return self._submitted(of_nothing, {COMPANY_TAG: company, PARTITION: f"{company}|{DAY}", **(tags or {})})

    def submit_whole(self, company: str, job: str = "replenishment_daily") -> str:
        """The same of the platform's own job."""
        dimensions = {"dagster/partition/company": company, "dagster/partition/date": DAY}
        made = definitions_of().resolve_job_def(job)
        return self._submitted(made, {COMPANY_TAG: company, PARTITION: f"{company}|{DAY}", **dimensions})

    def _submitted(self, job: dg.JobDefinition, tags: Mapping[str, str]) -> str:
        origin = job_origin(job.name)
        run = self.instance.create_run_for_job(
            job,
            status=dg.DagsterRunStatus.NOT_STARTED,
            tags=tags,
            remote_job_origin=origin.remote,
            job_code_origin=origin.code,
        )
        context = self.workspace.create_request_context()
        return self.instance.run_coordinator.submit_run(SubmitRunContext(run, context)).run_id

    def tick(self, at: float | None = None) -> None:
        """What waits and may go is launched."""
        for _ in self.daemon.run_iteration(self.workspace, fixed_iteration_time=at):
            pass

    def monitor(self) -> None:
        for _ in execute_run_monitoring_iteration(self.workspace, logging.getLogger("tests")):
            pass

    def run(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def status(self, run_id: str) -> dg.DagsterRunStatus:
        return self.run(run_id).status

    def job(self, run_id: str) -> str:
        return job_name(self.run(run_id))

    def works(self, run_id: str) -> None:
        """What a pod says first."""
        self._said(run_id, dg.DagsterEventType.RUN_START)

    def succeeds(self, run_id: str) -> None:
        """What a pod says last."""
        self._said(run_id, dg.DagsterEventType.RUN_SUCCESS)

    def words(self, run_id: str) -> str:
        """All that the run's page shows."""
        entries = self.instance.all_logs(run_id)
        return "\n".join((entry.dagster_event.message if entry.dagster_event else "") or "" for entry in entries)

    def _said(self, run_id: str, kind: dg.DagsterEventType) -> None:
        self.instance.report_dagster_event(dg.DagsterEvent(kind.value, self.run(run_id).job_name), run_id)


@contextmanager
def queue_on(
    databases: tuple[str, str], kubeconfig: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: str
) -> Iterator[Queue]:
    """With the settings of a daemon that starts pods."""
    variables = {
        "RECS_DATABASE_URL": databases[0],
        "RECS_DAGSTER_DATABASE_URL": databases[1],
        "RECS_RUN_LAUNCHER": "kubernetes",
        "RECS_RUN_IMAGE": IMAGE,
        "RECS_RUN_KUBECONFIG": str(kubeconfig),
        "DAGSTER_HOME": str(folder / "dagster"),
        **more,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    home = prepared_home()
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace,
        QueuedRunCoordinatorDaemon(interval_seconds=1) as daemon,
    ):
        yield Queue(instance, workspace, daemon)

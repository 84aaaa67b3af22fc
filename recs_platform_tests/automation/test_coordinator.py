"""A run that waits in Dagster's queue says whose it is, whoever submitted it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import reconstructable
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext
from dagster._utils.tags import TagConcurrencyLimitsCounter

from recs_platform.automation.coordinator import CompanyRunCoordinator
from recs_platform.automation.instance import shipped_file
from recs_platform.automation.journal import PARTITION, RANGE_END, RANGE_START


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copy(shipped_file("dagster.yaml"), tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


@dg.op
def nothing() -> None: ...


@dg.job
def daily() -> None:
    nothing()


def submitted(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> dg.DagsterRun:
    code = RegisteredCodeLocationOrigin("shop")
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(code, "__repository__"), "daily")
    job = reconstructable(daily)
    run = instance.create_run_for_job(
        daily,
        tags=tags,
        status=dg.DagsterRunStatus.NOT_STARTED,
        remote_job_origin=origin,
        job_code_origin=job.get_python_origin(),
    )
    workspace: Any = None  # the queue does not ask for it
    return instance.run_coordinator.submit_run(SubmitRunContext(run, workspace))


def test_the_instance_has_this_coordinator(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_coordinator, CompanyRunCoordinator)


@pytest.mark.parametrize(
    "tags",
    [
        {RANGE_START: "acme|2025-09-01", RANGE_END: "acme|2025-09-08"},
        {PARTITION: "acme|2025-09-01"},
        {PARTITION: "acme|2025-09-01", "recs/company": "acme"},
    ],
)
def test_a_run_that_waits_says_whose_it_is(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> None:
    run = submitted(instance, tags)
    assert run.status is dg.DagsterRunStatus.QUEUED
    assert run.tags["recs/company"] == "acme"
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert TagConcurrencyLimitsCounter(list(queue.tag_concurrency_limits), [run]).is_blocked(submitted(instance, tags))


@pytest.mark.parametrize("tags", [{}, {RANGE_START: "acme|2025-09-01", RANGE_END: "holley|2025-09-08"}])
def test_of_a_run_of_no_company_or_of_several_nothing_is_said(
    instance: dg.DagsterInstance, tags: Mapping[str, str]
) -> None:
    run = submitted(instance, tags)
    assert run.status is dg.DagsterRunStatus.QUEUED
    assert "recs/company" not in run.tags

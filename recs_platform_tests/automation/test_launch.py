"""Runs from the terminal, as the pages of the UI ask for them: none of a run's story is missing there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recs_platform.automation.instance import instance
from recs_platform.automation.launch import Outcome, launch
from recs_platform.automation.plan import Step
from recs_platform.definitions import build_defs
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.ui_queries import LOCATION, REPOSITORY, Pages, pages
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.slow import takes_seconds

COMPANY, STRATEGY = "concord", "replenishment"
FIRST, LAST = date(2025, 9, 1), date(2025, 9, 3)
_OF_THE_DAY = frozenset({"landed_catalog", "catalog"})

_TIMELINE = """
query Timeline($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
  jobName status repositoryOrigin { repositoryName repositoryLocationName } tags { key value }
  assetSelection { path } pipelineSnapshotId
} } } }"""
_JOB = """
query Job($job: PipelineSelector!) { pipelineOrError(params: $job) { ... on Pipeline {
  pipelineSnapshotId runs(limit: 5) { status tags { key value } }
} } }"""
_OVERVIEW = """
query Overview($repository: RepositorySelector!) { repositoryOrError(repositorySelector: $repository) {
  ... on Repository { pipelines { name runs(limit: 5) { status } } } } }"""
_PARTITION_RUNS = """
query Partitions($repository: RepositorySelector!, $set: String!) {
  partitionSetOrError(repositorySelector: $repository, partitionSetName: $set) { ... on PartitionSet {
    partitionStatusesOrError { ... on PartitionStatuses { results { partitionName runStatus } } } } } }"""
_ASSETS = """
query Assets($job: PipelineSelector!) { assetNodes(pipeline: $job) {
  assetKey { path } partitionStats { numMaterialized numFailed }
  assetPartitionStatuses { ... on MultiPartitionStatuses { ranges { primaryDimStartKey primaryDimEndKey
    secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions } } } } } } }"""


@pytest.fixture(scope="module")
@takes_seconds
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Outcome], Pages]]:
    """Two runs in this process, a history and a part of a day, and the UI's answers over their instance."""
    folder = tmp_path_factory.mktemp("launched")
    small_companies(folder)
    with Terminal(folder).inside(), instance() as dagster:
        defs = build_defs()
        runs = {
            "history": launch(defs, dagster, Step(COMPANY, STRATEGY, Days(FIRST, LAST), history=True)),
            "day": launch(defs, dagster, Step(COMPANY, STRATEGY, Days.one(LAST), history=False, tables=_OF_THE_DAY)),
        }
        assert all(run.success for run in runs.values())
        with pages(dagster) as asked:
            yield runs, asked


def _tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["tags"]}


def _job(name: str) -> dict[str, str]:
    return {**REPOSITORY, "pipelineName": name}


@pytest.mark.parametrize("job", ["replenishment_daily", "replenishment_history"])
def test_a_jobs_pages_list_its_runs(told: tuple[dict[str, Outcome], Pages], job: str) -> None:
    (run,) = told[1].ask(_JOB, job=_job(job))["pipelineOrError"]["runs"]
    assert run["status"] == "SUCCESS"
    assert _tags(run)["recs/company"] == COMPANY


def test_the_overview_of_all_jobs_shows_them(told: tuple[dict[str, Outcome], Pages]) -> None:
    jobs = told[1].ask(_OVERVIEW, repository=REPOSITORY)["repositoryOrError"]["pipelines"]
    assert {job["name"]: len(job["runs"]) for job in jobs if job["runs"]} == {
        "replenishment_daily": 1,
        "replenishment_history": 1,
    }


def test_the_timeline_knows_where_each_run_is_from(told: tuple[dict[str, Outcome], Pages]) -> None:
    runs = told[1].ask(_TIMELINE, filter={"statuses": ["SUCCESS"]})["runsOrError"]["results"]
    assert [run["jobName"] for run in runs] == ["replenishment_daily", "replenishment_history"]
    assert all(run["repositoryOrigin"] == REPOSITORY for run in runs)
    assert all(_tags(run)["dagster/code_location"] == LOCATION for run in runs)
    assert {asset["path"][1] for asset in runs[0]["assetSelection"]} == _OF_THE_DAY
    assert runs[1]["assetSelection"] is None


def test_a_run_is_of_the_job_that_the_ui_shows_today(told: tuple[dict[str, Outcome], Pages]) -> None:
    """Otherwise its page says that the job has changed since."""
    (history,) = told[1].ask(_TIMELINE, filter={"pipelineName": "replenishment_history"})["runsOrError"]["results"]
    current = told[1].ask(_JOB, job=_job("replenishment_history"))["pipelineOrError"]["pipelineSnapshotId"]
    assert history["pipelineSnapshotId"] == current


def test_a_day_has_the_tags_of_its_partition(told: tuple[dict[str, Outcome], Pages]) -> None:
    (run,) = told[1].ask(_JOB, job=_job("replenishment_daily"))["pipelineOrError"]["runs"]
    assert {
        "dagster/partition": f"{COMPANY}|{LAST}",
        "dagster/partition/company": COMPANY,
        "dagster/partition/date": str(LAST),
        "dagster/partition_set": "replenishment_daily_partition_set",
    }.items() <= _tags(run).items()


def test_the_partition_of_a_job_has_the_state_of_its_run(told: tuple[dict[str, Outcome], Pages]) -> None:
    answer = told[1].ask(_PARTITION_RUNS, repository=REPOSITORY, set="replenishment_daily_partition_set")
    states = answer["partitionSetOrError"]["partitionStatusesOrError"]["results"]
    assert {state["partitionName"]: state["runStatus"] for state in states if state["runStatus"]} == {
        f"{COMPANY}|{LAST}": "SUCCESS"
    }


def test_a_range_of_days_fills_the_partitions_of_its_tables(told: tuple[dict[str, Outcome], Pages]) -> None:
    nodes = told[1].ask(_ASSETS, job=_job("replenishment_history"))["assetNodes"]
    assert len(nodes) > 3
    for node in nodes:
        (made,) = node["assetPartitionStatuses"]["ranges"]
        assert (made["primaryDimStartKey"], made["primaryDimEndKey"]) == (str(FIRST), str(LAST))
        assert made["secondaryDim"]["materializedPartitions"] == [COMPANY]
        assert node["partitionStats"] == {"numMaterialized": 3, "numFailed": 0}


def test_nothing_is_left_in_the_instance_but_its_databases(told: tuple[dict[str, Outcome], Pages]) -> None:
    """What a step hands on is in the warehouse: Dagster stores no values of its own."""
    with instance() as dagster:
        home = Path(dagster.root_directory)
    assert not (home / "storage").exists()

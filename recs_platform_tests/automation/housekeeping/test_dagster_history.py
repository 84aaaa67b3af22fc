"""Runs of Dagster are forgotten, and what is made stays made: real runs of a small job on a real storage."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from recs_platform.automation.housekeeping.dagster_history import sweep_dagster_history
from recs_platform.automation.housekeeping.databases import sqlite_databases, sweep_databases
from recs_platform.automation.instance import shipped_file
from recs_platform.platform_db.engine import opened_database
from recs_platform_tests.automation.small import PARTITIONS
from recs_platform_tests.conftest import new_database
from recs_platform_tests.promises.platform import quietly

pytestmark = pytest.mark.slow

KEY = dg.AssetKey(["shop", "orders"])
CHECK = dg.AssetCheckKey(KEY, "has_orders")
LATER = datetime.now(UTC) + timedelta(days=10)
"""When all runs of today are history."""


@dg.asset(key=KEY, partitions_def=PARTITIONS)
def orders() -> dg.MaterializeResult[Any]:
    print("made")
    return dg.MaterializeResult(metadata={"rows": 3, "preview": dg.MetadataValue.md("| a |" * 1_000)})


with quietly():

    @dg.asset_check(asset=orders, name="has_orders", partitions_def=PARTITIONS)
    def has_orders() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"violations": 7, "sql": "SELECT 1 " * 500}
        )


def instance_in(home: Path) -> dg.DagsterInstance:
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped_file("dagster.yaml"), home)
    return dg.DagsterInstance.from_config(str(home))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with instance_in(tmp_path / "dagster") as instance:
        yield instance


def run(instance: dg.DagsterInstance, *days: int) -> None:
    with quietly():
        defs = dg.Definitions([orders], asset_checks=[has_orders], jobs=[dg.define_asset_job("all")])
        for day in days:
            defs.resolve_job_def("all").execute_in_process(
                instance=instance,
                partition_key=f"acme|2025-09-{day:02}",
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )


def told(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the UI says of the asset, its partitions and its check."""
    log, made = instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    verdicts: dict[str, Any] = {}
    for record in log.get_asset_check_execution_history(CHECK, limit=100):
        verdict = record.event.dagster_event.asset_check_evaluation_data
        verdicts.setdefault(
            str(record.partition), (verdict.passed, verdict.description, verdict.metadata["violations"].value)
        )
    return {
        "partitions": instance.get_materialized_partitions(KEY),
        "ids": log.get_latest_storage_id_by_partition(KEY, made),
        "tags": log.get_latest_tags_by_partition(KEY, made, ["dagster/partition/company"]),
        "newest": log.get_latest_materialization_events([KEY])[KEY],
        "figures": {
            r.partition_key: {
                name: one.value for name, one in r.asset_materialization.metadata.items() if name == "rows"
            }
            for r in instance.fetch_materializations(KEY, limit=100).records
        },
        "verdicts": verdicts,
    }


def bytes_in(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


def test_what_is_made_stays_made_when_its_runs_are_forgotten(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run(instance, 2, 3, 4, 3)
    before, files = told(instance), set((tmp_path / "dagster").rglob("*"))
    foretold = sweep_dagster_history(instance, LATER, dry_run=True)
    assert told(instance) == before
    assert set((tmp_path / "dagster").rglob("*")) >= files
    assert len(instance.get_runs()) == 4
    freed = sweep_dagster_history(instance, LATER)
    assert (freed.files, freed.size) == (foretold.files, foretold.size)
    assert freed.files >= 4
    assert freed.rows > 4
    assert instance.get_runs() == []
    assert told(instance) == before
    assert before["partitions"] == {f"acme|2025-09-0{day}" for day in (2, 3, 4)}
    assert list((tmp_path / "dagster" / "history" / "runs").glob("*-*.db")) == []
    assert sweep_dagster_history(instance, LATER).rows == 0


def test_a_day_that_is_made_again_leaves_one_event(instance: dg.DagsterInstance) -> None:
    """Of runs that were forgotten before, too."""
    for _ in range(3):
        run(instance, 2)
        sweep_dagster_history(instance, LATER)
    with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        kinds = connection.exec_driver_sql("SELECT dagster_event_type FROM event_logs").fetchall()
        verdicts = connection.exec_driver_sql("SELECT COUNT(*) FROM asset_check_executions").fetchall()
    assert [kind for (kind,) in kinds] == ["ASSET_MATERIALIZATION"]
    assert verdicts == [(1,)]


def test_of_what_stays_the_texts_go(instance: dg.DagsterInstance) -> None:
    run(instance, 2)
    sweep_dagster_history(instance, LATER)
    (record,) = instance.fetch_materializations(KEY, limit=10).records
    assert {*record.asset_materialization.metadata} == {"rows"}
    assert record.asset_materialization.partition == "acme|2025-09-02"
    with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        ((longest,),) = connection.exec_driver_sql("SELECT MAX(LENGTH(event)) FROM event_logs").fetchall()
        ((verdict,),) = connection.exec_driver_sql(
            "SELECT MAX(LENGTH(evaluation_event)) FROM asset_check_executions"
        ).fetchall()
    assert longest < 3_000
    assert verdict < 3_000


def test_what_ended_since_and_what_goes_on_stays(instance: dg.DagsterInstance) -> None:
    run(instance, 2)
    assert sweep_dagster_history(instance, datetime.now(UTC) - timedelta(days=1)).rows == 0
    (ended,) = instance.get_runs()
    assert len(instance.all_logs(ended.run_id)) > 5
    with quietly():
        job = dg.Definitions([orders], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
        goes_on = instance.create_run_for_job(job, tags={"dagster/partition": "acme|2025-09-05"})
    instance.report_run_canceling(goes_on)
    before = instance.all_logs(goes_on.run_id)
    sweep_dagster_history(instance, LATER)
    assert [one.run_id for one in instance.get_runs()] == [goes_on.run_id]
    assert instance.all_logs(goes_on.run_id) == before


def test_a_file_whose_run_was_deleted_in_the_ui_goes_too(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run(instance, 2, 3)
    deleted, stays = (one.run_id for one in instance.get_runs())
    instance.delete_run(deleted)
    folder = tmp_path / "dagster" / "history" / "runs"
    assert {path.stem for path in folder.glob("*-*.db")} == {deleted, stays}
    sweep_dagster_history(instance, datetime.now(UTC) - timedelta(days=1))
    assert (folder / f"{deleted}.db").exists(), "too young"
    os.utime(folder / f"{deleted}.db", (0, 0))
    sweep_dagster_history(instance, datetime.now(UTC) - timedelta(days=1))
    assert {path.stem for path in folder.glob("*-*.db")} == {stays}


def test_on_a_server_as_in_files(postgres_url: str, tmp_path: Path) -> None:
    with new_database(tmp_path, postgres_url) as url:
        home = tmp_path / "dagster"
        home.mkdir()
        storage = {"postgres": {"postgres_url": url.replace("+psycopg", "+psycopg2")}}
        (home / "dagster.yaml").write_text(json.dumps({"storage": storage, "telemetry": {"enabled": False}}))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            run(instance, 2, 3, 2)
            before = told(instance)
            assert sweep_dagster_history(instance, LATER).rows > 3
            assert instance.get_runs() == []
            assert told(instance) == before
            assert sweep_dagster_history(instance, LATER).rows == 0
            instance.dispose()


def test_backfills_that_ended_are_forgotten(instance: dg.DagsterInstance) -> None:
    for name, status in (("ended", BulkActionStatus.COMPLETED_SUCCESS), ("goes on", BulkActionStatus.REQUESTED)):
        instance.add_backfill(
            PartitionBackfill(
                backfill_id=name, status=status, from_failure=False, tags={"who": "ann"}, backfill_timestamp=0.0
            )
        )
    sweep_dagster_history(instance, LATER)
    assert [one.backfill_id for one in instance.get_backfills()] == ["goes on"]


def test_the_storage_stops_growing(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """The same days again and again, as late data makes them: without housekeeping each night adds as much."""
    sizes = []
    for _ in range(4):
        run(instance, 2, 3)
        sweep_dagster_history(instance, LATER)
        freed = sweep_databases(sqlite_databases(opened_database(), tmp_path / "dagster"))
        assert not freed.problem
        sizes.append(bytes_in(tmp_path / "dagster"))
    assert sizes[-1] <= sizes[0] * 1.05

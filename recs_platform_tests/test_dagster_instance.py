"""dagster.yaml is one that the installed Dagster understands, and it says what it is meant to say."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance, DagsterRun
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickStatus
from dagster._utils.tags import TagConcurrencyLimitsCounter

from recs_platform.automation.instance import prepared_home
from recs_platform.errors import ConfigError
from recs_platform.settings import settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        opened = DagsterInstance.from_config(str(tmp_path))
    with opened:
        yield opened


def a_run(company: str) -> DagsterRun:
    return DagsterRun(job_name="daily", tags={"recs/company": company})


def test_runs_of_a_company_go_one_at_a_time_and_companies_in_parallel(instance: DagsterInstance) -> None:
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 2
    running = TagConcurrencyLimitsCounter(list(queue.tag_concurrency_limits), [a_run("holley")])
    assert running.is_blocked(a_run("holley"))
    assert not running.is_blocked(a_run("acme"))


def test_the_environment_says_how_many_runs_go_on_at_once(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECS_CONCURRENT_RUNS", "40")
    settings.cache_clear()
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 40


def test_everything_is_kept_under_dagster_home(instance: DagsterInstance, tmp_path: Path) -> None:
    assert instance.root_directory == str(tmp_path)
    assert instance.run_storage.get_run_records(limit=1) == []
    assert list(tmp_path.glob("**/runs.db"))


def test_nothing_is_reported_to_anybody(instance: DagsterInstance) -> None:
    assert instance.telemetry_enabled is False
    assert instance.nux_enabled is False


def test_a_run_that_fell_silent_does_not_hold_its_company_for_ever(instance: DagsterInstance) -> None:
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds == 12 * 60 * 60


def test_what_ends_without_a_failed_step_is_started_again(instance: DagsterInstance) -> None:
    assert instance.run_retries_enabled
    assert instance.run_retries_max_retries == 2
    assert not instance.run_retries_retry_on_asset_or_op_failure


def test_ticks_are_purged(instance: DagsterInstance) -> None:
    sensors = instance.get_tick_retention_settings(InstigatorType.SENSOR)
    schedules = instance.get_tick_retention_settings(InstigatorType.SCHEDULE)
    assert sensors[TickStatus.SKIPPED] == 7
    assert all(days > 0 for days in [*sensors.values(), *schedules.values()])


def test_the_workspace_is_the_platforms_definitions() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    assert workspace == {"load_from": [{"python_module": "recs_platform.definitions"}]}


@pytest.mark.parametrize("place", ["/proc/not-there", "{folder}/file/below"])
def test_a_folder_that_cannot_be_made_is_one_sentence(
    place: str, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    chosen = place.format(folder=tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", chosen)
    with pytest.raises(ConfigError, match=f"DAGSTER_HOME: the folder {chosen} cannot be made"):
        prepared_home()

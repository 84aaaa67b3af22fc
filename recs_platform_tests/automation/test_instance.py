"""Where the instance stands: beside the home, or where DAGSTER_HOME says, whether that folder is there or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

from recs_platform.automation.event_log import BatchedSqliteEventLog
from recs_platform.automation.instance import (
    NoInstanceError,
    existing_instance,
    instance,
    prepared_home,
    shipped_file,
    whole_instance,
)
from recs_platform.automation.postgres_storage import BatchedPostgresEventLog, PostgresRuns, PostgresTicks
from recs_platform.errors import ConfigError
from recs_platform.settings import settings
from recs_platform_tests.conftest import new_database


@pytest.fixture(autouse=True)
def own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a first start puts into the environment is gone after the test."""
    for name in ("DAGSTER_HOME", "DAGSTER_EVENT_BATCH_SIZE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize("given", ["absolute", "relative"])
def test_a_folder_that_is_not_there_is_made_and_configured(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "elsewhere" / "instance"
    monkeypatch.setenv("DAGSTER_HOME", str(home if given == "absolute" else home.relative_to(tmp_path)))
    with instance() as opened:
        assert opened.root_directory == os.environ["DAGSTER_HOME"] == str(home)
        assert isinstance(opened.event_log_storage, BatchedSqliteEventLog)
        assert opened.get_concurrency_config().run_queue_config
    assert (home / "dagster.yaml").read_text() == shipped_file("dagster.yaml").read_text()
    assert (home / "history" / "runs" / "index.db").exists()
    assert "No dagster instance configuration" not in capfd.readouterr().err


def test_a_folder_of_somebody_elses_is_left_as_it_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert prepared_home() == tmp_path
    assert (tmp_path / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


def test_a_home_that_names_the_folder_of_its_log_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every home did before the log asked its instance, and the storage its settings."""
    (tmp_path / "dagster.yaml").write_text(
        "event_log_storage:\n  module: recs_platform.automation.event_log\n  class: BatchedSqliteEventLog\n"
        "  config:\n    base_dir:\n      env: DAGSTER_HOME\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with instance() as opened:
        assert isinstance(opened.event_log_storage, BatchedSqliteEventLog)
        assert opened.get_run_records() == []
    assert (tmp_path / "history" / "runs" / "index.db").exists()


@pytest.fixture
def on_postgres(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The variables of production, and a database for the platform and Dagster alike."""
    with new_database(tmp_path, postgres_url) as url:
        for name, value in {
            "RECS_ENV": "production",
            "RECS_LAKE_URL": str(tmp_path / "lake"),
            "RECS_DATABASE_URL": url,
            "RECS_DAGSTER_DATABASE_URL": url,
        }.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        yield url


@pytest.mark.slow
@pytest.mark.usefixtures("on_postgres")
def test_in_production_the_same_configuration_is_postgresql(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoInstanceError, match=r"RECS_DAGSTER_DATABASE_URL: Dagster has no tables there yet"):
        existing_instance()
    home = prepared_home()
    assert (home / "dagster.yaml").read_text() == shipped_file("dagster.yaml").read_text()
    with whole_instance() as opened:
        assert isinstance(opened.event_log_storage, BatchedPostgresEventLog)
        assert isinstance(opened.run_storage, PostgresRuns)
        assert isinstance(opened.schedule_storage, PostgresTicks)
        # Each pod has a disk of its own: what runs print is collected where they print it.
        assert isinstance(opened.compute_log_manager, NoOpComputeLogManager)
        shown = f"{opened.info_dict()}{opened.get_ref()}"
    assert "postgresql" not in shown
    assert not list(home.rglob("*.db"))
    # Another machine has the database and no folder.
    monkeypatch.setenv("DAGSTER_HOME", str(home.parent / "elsewhere"))
    with existing_instance() as found:
        assert found.get_run_records() == []
    assert not (home.parent / "elsewhere").exists()


@pytest.mark.slow
def test_machines_that_start_at_once_make_the_tables_once(on_postgres: str, tmp_path: Path) -> None:
    """As pods of a first deployment do, by the platform's commands or by Dagster's own."""
    start = {
        "recs": "from recs_platform.automation.instance import instance as opened",
        "dagster": "from dagster import DagsterInstance; opened = DagsterInstance.get",
    }
    processes = []
    for number, imported in enumerate(start.values()):
        folder = tmp_path / f"machine-{number}"
        folder.mkdir()
        shutil.copy(shipped_file("dagster.yaml"), folder)
        code = f"{imported}\nwith opened() as one: print(one.get_runs(), one.run_storage.alembic_version()[0])"
        variables = {"DAGSTER_HOME": str(folder), "RECS_HOME": str(folder / "home")}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code], env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
            )
        )
    said = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    (same,) = said
    assert same.startswith("[] ")


@pytest.mark.slow
@pytest.mark.usefixtures("on_postgres")
def test_a_configuration_that_names_another_storage_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of an older home: half of Dagster's books would stand in files of this machine."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=f"{tmp_path}/dagster.yaml names another storage. Put the shipped one there"):
        prepared_home()


def test_what_runs_print_is_kept_on_a_laptop() -> None:
    home = prepared_home()
    with whole_instance() as opened:
        manager = opened.compute_log_manager
        assert isinstance(manager, LocalComputeLogManager)
        assert Path(manager.get_captured_local_path(["run", "step"], "out")).is_relative_to(home / "storage")
        assert opened.run_storage.get_runs() == []
        assert opened.schedule_storage is not None


@pytest.mark.slow
def test_dagsters_own_commands_name_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(shipped_file("dagster.yaml"), tmp_path)
    ended = subprocess.run(
        [Path(sys.executable).with_name("dagster"), "instance", "info"],
        env={"PATH": os.environ["PATH"], "DAGSTER_HOME": str(tmp_path), "RECS_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: environment: RECS_ENV=production needs RECS_LAKE_URL (")
    assert "Traceback" not in ended.stderr
    for name in ("RECS_DATABASE_URL", "RECS_DAGSTER_DATABASE_URL"):
        assert name in ended.stderr

"""Where the instance stands: beside the home, or where DAGSTER_HOME says, whether that folder is there or not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recs_platform.automation.event_log import BatchedSqliteEventLog
from recs_platform.automation.instance import instance, prepared_home, shipped_file


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
    """As every home did before the log asked its instance."""
    config = "\n  config:\n    base_dir:\n      env: DAGSTER_HOME\n"
    (tmp_path / "dagster.yaml").write_text(shipped_file("dagster.yaml").read_text().rstrip() + config)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with instance() as opened:
        assert isinstance(opened.event_log_storage, BatchedSqliteEventLog)
        assert opened.get_run_records() == []
    assert (tmp_path / "history" / "runs" / "index.db").exists()

"""The doctor on variables, folders, disks, packages and the clock, each broken for real."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from recs_platform.alerts.finding import Severity
from recs_platform.automation.doctor import checkup
from recs_platform.automation.doctor.disk import _disk
from recs_platform.automation.doctor.examined import Examined, State
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.looks.stores import Disk, full
from recs_platform.file_store.bucket import Bucket
from recs_platform.platform_db import job_log
from recs_platform.warehouse.bigquery.client import open_client
from recs_platform_tests.automation.doctor.patient import Patient, names, typed
from recs_platform_tests.emulator import EMULATOR
from recs_platform_tests.stores.fixtures import Store

SECRET = "xoxb-1234-secret"


def test_of_a_home_that_is_well_nothing_is_wrong_and_nothing_is_changed(patient: Patient) -> None:
    before = names(patient.folder)
    found = patient.examined()
    assert [one.part for one in found if one.examined.state in (State.WRONG, State.SKIPPED)] == ["service"]
    assert {one.part for one in found} == set(checkup.PARTS)
    assert names(patient.folder) == before


def test_a_name_that_is_misspelt_is_told_with_what_was_meant(patient: Patient) -> None:
    patient.variables |= {"RECS_SLAK_TOKEN": SECRET, "RECS_XYZ": SECRET}
    (typo,) = patient.of("environment", State.WRONG)
    assert typo.startswith("RECS_SLAK_TOKEN is no setting, so it has no effect Did you mean RECS_SLACK_TOKEN?")
    (unknown,) = patient.of("environment", State.WARNING)
    assert unknown.startswith("RECS_XYZ is no setting of the platform")
    assert SECRET not in str(patient.examined())


def test_a_variable_that_a_company_names_is_no_unknown_one(patient: Patient) -> None:
    patient.variables["RECS_SHOP_DB"] = "sqlite:///shop.db"
    assert len(patient.of("environment")) == 1
    (patient.folder / "companies" / "shop.yaml").write_text(
        "name: shop\nstrategy: measurement\ndataset: shop\ntimezone: UTC\ncurrency: EUR\nstart_date: 2025-09-01\n"
        "sources:\n"
        "  treatments: {connector: sql, url_env: RECS_SHOP_DB, query: SELECT 1}\n"
        "  events: {connector: sql, url_env: RECS_SHOP_DB, query: SELECT 1}\n"
    )
    assert patient.of("company files") == []
    assert patient.of("environment") == []


def test_settings_that_are_no_settings_are_told_once(patient: Patient) -> None:
    patient.variables |= {"RECS_MEMORY_LIMIT": "lots", "RECS_SLAK_TOKEN": "x"}
    found = patient.examined()
    wrong = [one.examined.says for one in found if one.examined.state is State.WRONG]
    assert len(wrong) == 2
    assert '"lots" is not an amount of memory' in wrong[0]
    skipped = {one.part for one in found if one.examined.state is State.SKIPPED}
    assert {"storage", "databases", "runs", "alerts"} <= skipped


def test_settings_that_contradict_each_other(patient: Patient) -> None:
    patient.variables |= {"RECS_LAKE_URL": str(patient.folder), "RECS_THREADS": "1000", "RECS_MEMORY_LIMIT": "900TB"}
    told = " ".join(patient.of("environment"))
    assert f"RECS_COMPANIES_DIR ({patient.folder}/companies) lies in the lake" in told
    assert "RECS_THREADS is 1000" in told
    assert "RECS_MEMORY_LIMIT is 900TB" in told
    patient.variables |= {"RECS_BIGQUERY_QUERY_BYTES": "9TB"}
    assert "RECS_BIGQUERY_QUERY_BYTES (9TB) is more than RECS_BIGQUERY_RUN_BYTES" in " ".join(patient.of("environment"))
    patient.variables |= {
        "RECS_ENV": "production",
        "RECS_DATABASE_URL": f"sqlite:///{patient.home}/platform.db",
    }
    (told,) = patient.of("environment", State.WRONG)
    assert "needs RECS_DATABASE_URL (the platform database on PostgreSQL" in told
    assert "RECS_DAGSTER_DATABASE_URL" in told


@pytest.mark.parametrize("folder", [".recs", ".dagster"])
def test_a_folder_that_others_may_read_and_what_closes_it(patient: Patient, folder: str) -> None:
    (patient.folder / folder).chmod(0o755)
    (told,) = patient.of("storage")
    says, _, command = told.partition("(mode 755) ")
    assert says.startswith(f"{patient.folder / folder} is open to others on this machine")
    typed(command, patient.folder)
    assert patient.of("storage") == []


def test_a_home_of_a_team_is_open_to_its_group_alone(patient: Patient) -> None:
    patient.home.chmod(0o2770)
    assert patient.of("storage") == []
    patient.home.chmod(0o2775)
    (told,) = patient.of("storage")
    assert "chmod o-rwx" in told


def test_a_lake_that_cannot_be_written_to(patient: Patient) -> None:
    lake = patient.home / "lake"
    lake.rmdir()
    lake.write_text("a file")
    (told,) = patient.of("storage")
    assert told.startswith(f"lake {lake} is no folder")


@pytest.mark.slow
def test_buckets_are_tried_and_left_as_they_were(patient: Patient, store: Store) -> None:
    root = store.new_folder()
    patient.variables |= {"RECS_LAKE_URL": root, "RECS_FILES_URL": f"{store.scheme}://nobodys-bucket/files"}
    (told,) = patient.of("storage", State.WRONG)
    nowhere = f"{store.scheme}://nobodys-bucket/files"
    assert told.startswith(f"files {nowhere} cannot be used: RECS_FILES_URL: there is no bucket")
    patient.variables["RECS_FILES_URL"] = root
    assert patient.of("storage") == []
    assert Bucket(root, "").listed("") == {}


@pytest.mark.slow
def test_bigquery_is_tried_and_left_as_it_was(patient: Patient, bigquery: str) -> None:
    patient.variables |= {"RECS_WAREHOUSE": "bigquery", "RECS_GCP_PROJECT": bigquery}
    said = patient.of("storage", State.OK)
    assert f"BigQuery in {bigquery}: datasets and tables can be made, written, read and taken away" in said
    assert list(open_client(bigquery, "EU").list_datasets()) == []


@pytest.mark.slow
def test_bigquery_that_does_not_answer(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMULATOR, "http://127.0.0.1:9")
    monkeypatch.setattr("recs_platform.warehouse.bigquery.client.RETRY_SECONDS", 0.5)
    patient.variables |= {"RECS_WAREHOUSE": "bigquery", "RECS_GCP_PROJECT": "acme-recs"}
    (told,) = patient.of("storage", State.WRONG)
    assert told.startswith("BigQuery in acme-recs: BigQuery does not answer")
    assert "Correct RECS_GCP_PROJECT, " in told
    assert told.endswith("or wait until BigQuery answers")
    assert "RECS_LAKE_URL" not in told


def test_folders_of_somebody_else(patient: Patient) -> None:
    """A right is not asked of root: a process of another user looks."""
    with patient.inside():
        environment, now = dict(os.environ), datetime.now(UTC)
        found = by_nobody(lambda: [one.to_json() for one in checkup.check_up(environment, now)])
    assert isinstance(found, list), found
    wrong = {one["part"]: one["says"] for one in found if one["state"] == "wrong"}
    assert wrong["storage"].endswith("cannot be read and written (Permission denied)")
    assert {"storage", "databases"} <= set(wrong)
    assert not [one for one in found if "cannot be looked at" in one["says"]]


def by_nobody(work: Callable[[], Any]) -> Any:
    """What it gives in a process that may not look into other people's folders."""
    if os.geteuid():
        pytest.skip("only root can become somebody else")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            answer = json.dumps(work(), default=str)
        except BaseException as error:
            answer = json.dumps(repr(error))
        with os.fdopen(write, "w") as out:
            out.write(answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answered:
        found = json.load(answered)
    os.waitpid(child, 0)
    return found


def test_a_home_where_nothing_was_made_is_no_error_and_stays_so(tmp_path: Path) -> None:
    patient = Patient(tmp_path)
    (tmp_path / "companies").mkdir()
    assert patient.wrong() == {}
    assert "nothing was ever made here" in patient.of("storage")[0]
    assert names(tmp_path) == ["companies"]


def test_a_home_that_this_user_cannot_make() -> None:
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Patient(Path(folder)).inside():
            environment, now = dict(os.environ), datetime.now(UTC)
            found = by_nobody(lambda: [one.to_json() for one in checkup.check_up(environment, now)])
        told = [one["says"] for one in found if (one["part"], one["state"]) == ("storage", "wrong")]
        assert told[0] == f"{folder}/.recs is not there and cannot be made in {folder}"


def test_a_disk_that_will_soon_be_full(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    soon = _disk("lake", tmp_path, free / 3)
    assert soon.state is State.WRONG
    assert "so it is full in 3 days" in soon.says
    assert "the lake grows" not in _disk("home", tmp_path, None).says


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [
        (0.9, 10, State.WARNING),
        (0.1, 10, State.WRONG),
        (30, 1000, State.OK),
        (4, 1000, State.WARNING),
        (0.9, 1000, State.WRONG),
    ],
)
def test_little_room_is_what_the_alerts_call_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, total: float, state: State
) -> None:
    """In GiB."""
    inodes = {"f_files": 0, "f_favail": 0}
    room = SimpleNamespace(f_bavail=int(free * 2**20), f_blocks=int(total * 2**20), f_frsize=1024, **inodes)
    alert = full(Disk("home", room.f_bavail * 1024, room.f_blocks * 1024))
    monkeypatch.setattr(os, "statvfs", lambda _: room)
    assert _disk("home", tmp_path, None).state is state
    severity = {State.OK: None, State.WARNING: Severity.WARN, State.WRONG: Severity.ERROR}[state]
    assert (alert.severity if alert else None) is severity


def test_a_package_of_another_version_than_the_platform_needs(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site" / "recs_platform-0.1.0.dist-info"
    installed.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", "Name: recs-platform", "Version: 0.1.0"]
    needs = ["duckdb<1", "nowhere-to-be-found>=1", "pytest; extra == 'dev'", "nothing-at-all; extra == 'dev'"]
    (installed / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs)]))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    told = patient.of("versions")
    assert len(told) == 2
    assert "and the platform needs <1" in told[0]
    assert told[1].startswith("the package nowhere-to-be-found is missing")


def test_a_clock_that_went_back(patient: Patient) -> None:
    day = datetime(2025, 9, 2, tzinfo=UTC).date()
    with patient.database() as database:
        job_log.started(
            database, run_id="r", job="j", strategy="s", company="acme", first_date=day, last_date=day,
            started_at=datetime.now(UTC) + timedelta(hours=2),
        )  # fmt: skip
    (told,) = patient.of("clock")
    assert "the clock went back" in told


def test_a_part_that_fails_is_told_and_the_others_are_looked_at() -> None:
    def fails(_: Home) -> list[Examined]:
        raise RuntimeError("no such thing as canary@example.com")

    parts = {"first": fails, "second": lambda _: [Examined(State.OK, "well")]}
    first, second = checkup.check_up({}, datetime.now(UTC), parts)
    assert first.examined.state is State.WRONG
    assert "RuntimeError: no such thing as" in first.examined.says
    assert "canary@example.com" not in first.examined.says
    assert second.examined.state is State.OK

"""The doctor on what should go on: the daemon, schedules, runs, publications, alerts; and what was left over."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo
from sqlalchemy.orm import Session

from recs_platform.automation.doctor.examined import State
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.locks import company_lock
from recs_platform.automation.origin import job_origin
from recs_platform.automation.run_process import PROCESS_TAG, say_which_process
from recs_platform.platform_db import job_log
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.publication.lock import only_publisher
from recs_platform.warehouse.lake.spill import own_folder
from recs_platform_tests.automation.doctor.patient import Patient, company_file

DAY = date(2025, 9, 2)
JOB = "vehicle_fitment_daily"


def now() -> datetime:
    return datetime.now(UTC)


def queue(instance: dg.DagsterInstance, *, company: str = "acme") -> None:
    origin = job_origin(JOB).remote
    queued = dg.DagsterRunStatus.QUEUED
    instance.add_run(dg.DagsterRun(JOB, status=queued, tags={COMPANY_TAG: company}, remote_job_origin=origin))


def test_a_daemon_that_never_was_is_a_warning_until_something_waits_for_it(patient: Patient) -> None:
    assert "the daemon is not running and never was" in patient.of("daemon", State.WARNING)[0]
    with patient.instance() as instance:
        queue(instance)
    (told,) = patient.of("daemon", State.WRONG)
    assert told.endswith("and 1 runs wait Start it: recs ui")
    patient.variables["RECS_CODE_SERVER"] = "code:4000"
    (told,) = patient.of("daemon", State.WRONG)
    assert told.endswith("and 1 runs wait Start it: recs daemon")


def test_a_daemon_that_died_one_whose_part_died_and_one_that_fails(patient: Patient) -> None:
    with patient.instance() as instance:
        parts = sorted(instance.get_required_daemon_types())
        for part in parts:
            instance.add_daemon_heartbeat(DaemonHeartbeat(now().timestamp(), part, "one", None))
        assert patient.of("daemon") == []
        (told,) = patient.of("daemon", now=now() + timedelta(minutes=10))
        assert told.startswith("the daemon is not running since ")
        old, error = now().timestamp() - 600, SerializableErrorInfo("no lake\n", [], "OSError", None, None)
        instance.add_daemon_heartbeat(DaemonHeartbeat(old, parts[0], "one", None))
        instance.add_daemon_heartbeat(DaemonHeartbeat(now().timestamp(), parts[1], "one", [error]))
    silent, failing = patient.of("daemon", State.WRONG)
    assert parts[0] in silent and "no sign of life" in silent
    assert parts[1] in failing and "no lake" in failing


def turn(instance: dg.DagsterInstance, kind: InstigatorType, name: str, status: InstigatorStatus) -> None:
    origin = RemoteInstigatorOrigin(job_origin(JOB).remote.repository_origin, name)
    data = ScheduleInstigatorData("0 6 * * *") if kind is InstigatorType.SCHEDULE else SensorInstigatorData()
    instance.add_instigator_state(InstigatorState(origin, kind, status, data))


def test_companies_without_a_schedule_and_alerts_that_are_off(patient: Patient) -> None:
    (patient.folder / "companies" / "over.yaml").write_text(company_file("over") + "end_date: 2025-09-30\n")
    assert patient.of("schedules", State.WARNING)[0].startswith(
        "no schedule makes the days of acme and holley Turn it on"
    )
    with patient.instance() as instance:
        for name in ("acme_daily", "holley_daily"):
            turn(instance, InstigatorType.SCHEDULE, name, InstigatorStatus.RUNNING)
    assert patient.of("schedules") == []
    with patient.instance() as instance:
        turn(instance, InstigatorType.SENSOR, "alerts", InstigatorStatus.STOPPED)
        turn(instance, InstigatorType.SENSOR, "vehicle_fitment_late_data", InstigatorStatus.STOPPED)
    assert "nobody is told of any trouble" in patient.of("schedules", State.WRONG)[0]
    assert patient.of("schedules", State.WARNING)[0].startswith("vehicle_fitment_late_data was turned off")


def begin(patient: Patient, run_id: str = "r") -> None:
    with patient.database() as database:
        job_log.started(
            database, run_id=run_id, job=JOB, strategy="vehicle_fitment", company="acme", first_date=DAY,
            last_date=DAY, started_at=now(),
        )  # fmt: skip


def test_a_run_that_died_is_told_and_one_that_goes_on_is_not(patient: Patient) -> None:
    begin(patient)
    (told,) = patient.of("runs")
    assert told.endswith("Run it again: recs run acme --date 2025-09-02")
    with patient.inside(), company_lock("acme"):
        assert patient.of("runs") == []


def test_a_process_that_lives_has_not_died_though_its_lock_is_lost(patient: Patient) -> None:
    """A database that was started again has forgotten who held it."""
    with patient.instance() as instance:
        run = instance.add_run(dg.DagsterRun(JOB, status=dg.DagsterRunStatus.STARTED, tags={COMPANY_TAG: "acme"}))
        say_which_process(instance, run.run_id)
        begin(patient, run.run_id)
    assert patient.of("runs", now=now() + timedelta(hours=1)) == []


def test_a_run_of_dagster_whose_process_is_gone(patient: Patient) -> None:
    with patient.instance() as instance:
        started = dg.DagsterRun(JOB, status=dg.DagsterRunStatus.STARTED, tags={COMPANY_TAG: "acme"})
        run = instance.add_run(started)
        say_which_process(instance, run.run_id)
        assert patient.of("runs") == []
        tag = instance.get_run_by_id(run.run_id).tags[PROCESS_TAG]  # type: ignore[union-attr]
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            ended.wait()
        instance.add_run_tags(run.run_id, {PROCESS_TAG: tag.replace(f" {os.getpid()} ", f" {ended.pid} ")})
    (told,) = patient.of("runs")
    assert told.startswith(f"acme: the run {run.run_id} says that it goes on, and its process is gone")


def test_runs_that_wait_while_nothing_runs(patient: Patient) -> None:
    with patient.instance() as instance:
        queue(instance)
    assert patient.of("runs") == []
    (told,) = patient.of("runs", now=now() + timedelta(hours=1))
    assert told.startswith("1 run queued since ")


def test_a_publication_that_broke_off_and_one_that_goes_on(patient: Patient) -> None:
    with patient.database() as database:
        with Session(database) as session, session.begin():
            session.add(
                Publication(
                    company="acme",
                    strategy="vehicle_fitment",
                    product="allocation",
                    version=1,
                    as_of=DAY,
                    rows=1,
                    generated_at=now(),
                    status=PublicationStatus.PUBLISHING,
                    kind=PublicationKind.PUBLISH,
                    published_at=now(),
                    published_by="ann",
                    approved=False,
                    note="",
                )
            )
        (told,) = patient.of("publications")
        assert told.endswith("broke off Bring it in line: recs publications acme --product allocation")
        with only_publisher(database, "acme allocation"):
            assert patient.of("publications") == []
    assert patient.terminal.recs("publications", "acme", "--product", "allocation").code == 0
    assert patient.of("publications") == []


def message(attempts: int, due: datetime, problem: str = "", sent_at: datetime | None = None) -> AlertMessage:
    return AlertMessage(
        company="acme", severity="error", place="slack:#acme", content="{}", made_at=due, due_at=due,
        attempts=attempts, problem=problem, sent_at=sent_at,
    )  # fmt: skip


def test_alerts_that_have_nowhere_to_go_and_messages_that_get_nowhere(patient: Patient) -> None:
    assert patient.of("alerts", State.WARNING)[0].startswith("alerts of acme and holley go to the log alone")
    patient.variables["RECS_SLACK_CHANNEL"] = "#recs"
    assert "RECS_SLACK_TOKEN is not set" in patient.of("alerts", State.WARNING)[0]
    patient.variables["RECS_SLACK_TOKEN"] = "xoxb-1-secret"
    assert patient.of("alerts") == []
    with patient.database() as database, Session(database) as session, session.begin():
        session.add(message(1, now(), "timed out"))
        session.add(message(3, now(), "channel_not_found, says ann@example.com"))
        session.add(message(0, now() - timedelta(hours=1)))
        session.add(message(0, now() + timedelta(hours=1)))
        session.add(message(9, now(), "was down", sent_at=now()))
    failing, unsent = patient.of("alerts", State.WRONG)
    assert failing.startswith("2 messages cannot be sent; the last one, to slack:#acme: channel_not_found")
    assert unsent.startswith("1 message due, and nobody sends")
    assert "ann@example.com" not in failing
    assert "xoxb" not in str(patient.examined())


def test_what_killed_processes_left(patient: Patient) -> None:
    ticket = patient.home / "platform.db.run.of.acme.lock.00000000000000000001-1-1"
    ticket.touch()
    staged = patient.home / "lake" / ".staging" / "abc"
    staged.mkdir(parents=True)
    (ticket_told,) = patient.of("leftovers")
    assert str(ticket) in ticket_told
    long_ago = now().timestamp() - 3 * 86_400
    os.utime(staged, (long_ago, long_ago))
    patient.home.chmod(0o755)
    assert len(patient.of("leftovers")) == 2
    assert stat.S_IMODE(patient.home.stat().st_mode) == 0o755


def test_what_a_process_that_lives_has_spilled_is_not_left_over(patient: Patient) -> None:
    spilled = own_folder(patient.home / "scratch" / "spill")
    spilled.mkdir()
    long_ago = now().timestamp() - 3 * 86_400
    os.utime(spilled, (long_ago, long_ago))
    assert patient.of("leftovers") == []


def test_who_waits_for_a_lock_has_left_nothing(patient: Patient) -> None:
    ticket = patient.home / "platform.db.run.of.acme.lock.00000000000000000001-1-1"
    with ticket.open("w") as waits:
        fcntl.flock(waits, fcntl.LOCK_EX)
        assert patient.of("leftovers") == []
    assert len(patient.of("leftovers")) == 1
    assert ticket.exists()


def test_company_files_that_are_broken(patient: Patient) -> None:
    (patient.folder / "companies" / "broken.yaml").write_text("name: broken\nstrategy: nonsense\n")
    (told,) = patient.of("company files", State.WRONG)
    assert told.endswith("Correct the file, then: recs companies check broken")
    patient.variables["RECS_COMPANIES_DIR"] = str(patient.folder / "nowhere")
    assert "there is no such folder of company files" in patient.of("company files", State.WRONG)[0]


def test_with_everything_broken_the_command_says_so_and_ends_with_1(patient: Patient) -> None:
    (patient.home / "platform.db").write_bytes(b"no database" * 1000)
    (patient.dagster / "history" / "runs.db").write_bytes(b"no database" * 1000)
    (patient.folder / "companies" / "broken.yaml").write_text("name: [")
    patient.home.chmod(0o777)
    patient.variables |= {"RECS_SLAK_TOKEN": "xoxb-secret", "RECS_THREADS": "1000"}
    ended = patient.terminal.recs("doctor")
    assert ended.code == 1
    assert "5 things to mend" in ended.out.splitlines()[-1]
    assert ended.err == ""
    assert "xoxb" not in ended.out and "Traceback" not in ended.out
    answered = patient.terminal.recs("doctor", "--json")
    assert answered.code == 1
    wrong = [one["part"] for one in json.loads(answered.out) if one["state"] == "wrong"]
    assert wrong == ["environment", "storage", "databases", "databases", "company files"]


def test_warnings_do_not_fail(patient: Patient) -> None:
    ended = patient.terminal.recs("doctor")
    assert ended.code == 0
    assert "warning" in ended.out
    assert ended.out.splitlines()[-1].startswith("nothing to mend; ")

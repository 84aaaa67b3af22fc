"""Metrics of the platform database: what they count, and that housekeeping makes nothing of them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from recs_platform.automation.metrics.books import failed_since, from_books
from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform.platform_db import job_log
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble
from recs_platform.platform_db.tables import JobRun, LedgerSlice, LedgerTable, Status
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform_tests.model_registry.versions import register

NOW = datetime(2025, 12, 3, 12, 0, tzinfo=UTC)
DAY = date(2025, 12, 2)
DAILY = ("acme", "vehicle_fitment", "vehicle_fitment_daily")


def told(database: Engine, companies: Companies | None = None, now: datetime = NOW) -> dict[tuple[str, ...], float]:
    """Value by name and labels; none is told twice."""
    found: dict[tuple[str, ...], float] = {}
    for family, labels, value in from_books(database, companies or load_companies(), now):
        assert (family.name, *labels) not in found
        found[family.name, *labels] = value
    return found


def run(
    database: Engine, run_id: str, ended: timedelta, *, status: Status = Status.SUCCEEDED, company: str = "acme"
) -> None:
    """One of ten minutes that ended so long ago."""
    at = NOW - ended
    job_log.started(
        database, run_id=run_id, job=DAILY[2], strategy=DAILY[1], company=company, first_date=DAY, last_date=DAY,
        started_at=at - timedelta(minutes=10),
    )  # fmt: skip
    job_log.ended(
        database, run_id, status=status, ended_at=at, rows=100, checks_passed=5, checks_warned=2, checks_failed=1
    )


def test_runs_of_the_last_day_are_added_up_and_the_last_one_stands_alone(platform_db: Engine) -> None:
    run(platform_db, "old", timedelta(hours=30), status=Status.FAILED)
    run(platform_db, "one", timedelta(hours=20))
    run(platform_db, "two", timedelta(hours=1), status=Status.FAILED)
    found = told(platform_db)
    assert found["recs_last_day_runs", *DAILY, "succeeded"] == 1
    assert found["recs_last_day_runs", *DAILY, "failed"] == 1
    assert found["recs_last_day_run_seconds", *DAILY] == 1200
    assert found["recs_last_day_rows", *DAILY[:2]] == 200
    assert found["recs_last_day_checks", *DAILY[:2], "warned"] == 4
    assert found["recs_last_run_succeeded", *DAILY] == 0
    assert found["recs_last_run_duration_seconds", *DAILY] == 600
    assert found["recs_last_run_checks", *DAILY, "failed"] == 1
    assert found["recs_last_run_ended_timestamp_seconds", *DAILY] == (NOW - timedelta(hours=1)).timestamp()
    assert failed_since(platform_db, NOW - timedelta(days=1)) == [("acme", "vehicle_fitment", "two", False)]


def test_what_housekeeping_takes_out_of_the_job_log_changes_nothing(platform_db: Engine) -> None:
    run(platform_db, "old", timedelta(days=80))
    run(platform_db, "new", timedelta(hours=1))
    before = told(platform_db)
    with Session(platform_db) as session, session.begin():
        session.execute(delete(JobRun).where(JobRun.run_id == "old"))
    assert told(platform_db) == before


def test_a_run_that_goes_on_and_one_that_was_killed_have_no_duration(platform_db: Engine) -> None:
    for run_id in ("killed", "going on"):
        job_log.started(
            platform_db, run_id=run_id, job=DAILY[2], strategy=DAILY[1], company="acme", first_date=DAY, last_date=DAY,
            started_at=NOW - timedelta(minutes=10),
        )  # fmt: skip
    assert not any("last_run" in name for name, *_ in told(platform_db))
    job_log.died(platform_db, "killed", found_at=NOW, message="it died")
    found = told(platform_db)
    assert found["recs_last_run_succeeded", *DAILY] == 0
    assert ("recs_last_run_duration_seconds", *DAILY) not in found
    assert found["recs_last_day_runs", *DAILY, "failed"] == 1
    assert failed_since(platform_db, NOW - timedelta(days=1)) == [("acme", "vehicle_fitment", "killed", True)]


def test_only_companies_that_have_a_file_are_told(platform_db: Engine) -> None:
    for company in ("acme", "gone", "broken"):
        run(platform_db, company, timedelta(hours=1), company=company)
    known = Companies({"acme": load_companies()["acme"]}, (BrokenCompany("broken", None, None, "wrong"),))
    assert {name[1] for name in told(platform_db, known) if name[0] == "recs_last_run_rows"} == {"acme", "broken"}


def enter(database: Engine, table: str, rows: Mapping[date, int]) -> None:
    with Session(database) as session, session.begin():
        session.add(LedgerTable(dataset="acme", table_name=table, table_id="t", version=1))
        for day, count in rows.items():
            session.add(LedgerSlice(dataset="acme", table_name=table, day=day, rows=count, made_at=NOW, note="{}"))


def test_the_newest_day_of_each_table_counts(platform_db: Engine) -> None:
    acme = load_companies()["acme"].model_copy(update={"end_date": None, "timezone": "UTC"})
    for name in pipeline_of(acme).tables:
        enter(platform_db, name, {DAY: 7, DAY - timedelta(days=1): 5})
    found = told(platform_db, Companies({"acme": acme}))
    end = datetime(2025, 12, 3, tzinfo=UTC).timestamp()
    assert found["recs_newest_day_timestamp_seconds", "acme", "vehicle_fitment"] == end
    assert found["recs_due_day_timestamp_seconds", "acme", "vehicle_fitment"] == end
    assert found["recs_product_due_day_timestamp_seconds", "acme", "vehicle_fitment", "recommendations"] == end
    later = told(platform_db, Companies({"acme": acme}), NOW + timedelta(days=3))
    assert later["recs_newest_day_timestamp_seconds", "acme", "vehicle_fitment"] == end
    assert later["recs_due_day_timestamp_seconds", "acme", "vehicle_fitment"] == end + 3 * 86_400


def test_a_product_without_rows_has_nothing_that_could_be_late(platform_db: Engine) -> None:
    acme = load_companies()["acme"].model_copy(update={"end_date": None, "timezone": "UTC"})
    of_recommendations = pipeline_of(acme).products["recommendations"].of.name
    enter(platform_db, of_recommendations, {DAY: 0, DAY - timedelta(days=1): 5})
    found = told(platform_db, Companies({"acme": acme}))
    due = {labels[2] for name, *labels in found if name == "recs_product_due_day_timestamp_seconds"}
    assert due == set(pipeline_of(acme).products) - {"recommendations"}


def test_models_and_alerts(platform_db: Engine) -> None:
    register(platform_db, 1, "a")
    register(platform_db, 2, "b", active=False)
    with Session(platform_db) as session, session.begin():
        for number, (severity, over_at) in enumerate(
            (("error", None), ("error", None), ("error", NOW), ("info", None))
        ):
            session.add(
                AlertTrouble(
                    company="acme",
                    kind="run",
                    subject=str(number),
                    severity=severity,
                    finding="{}",
                    times=1,
                    began_at=NOW,
                    seen_at=NOW,
                    over_at=over_at,
                )
            )
        for minutes, attempts, sent_at in ((1, 0, None), (5, 3, None), (9, 2, None), (99, 1, NOW)):
            session.add(
                AlertMessage(
                    company="acme",
                    severity="error",
                    place="slack:#acme",
                    content="{}",
                    due_at=NOW,
                    made_at=NOW - timedelta(minutes=minutes),
                    attempts=attempts,
                    sent_at=sent_at,
                    problem="",
                )
            )
    found = told(platform_db)
    assert found["recs_model_version", "metro", "offer_ranking", "offer_ranking"] == 1
    assert {key[1:]: count for key, count in found.items() if key[0] == "recs_open_alerts"} == {("acme", "error"): 2}
    assert found["recs_unsent_alert_messages", "waiting"] == 1
    assert found["recs_unsent_alert_messages", "failing"] == 2
    oldest = found["recs_oldest_failing_alert_message_timestamp_seconds",]
    assert oldest == (NOW - timedelta(minutes=9)).timestamp()

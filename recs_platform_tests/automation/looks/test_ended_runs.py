"""Runs that ended: what is told of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import JobFailureData, RunFailureReason

from recs_platform.automation.failures import guarded_step
from recs_platform.automation.jobs import LATE_TAG
from recs_platform.automation.looks import ended_runs as look
from recs_platform.automation.partitions import partition_key
from recs_platform.errors import UnavailableError
from recs_platform.model_registry import training_log
from recs_platform.models.retraining import Reason
from recs_platform.serving.trace.served import NEXT as NEXT_COMMAND
from recs_platform.serving.trace.served import PUBLICATION_CHECK
from recs_platform_tests.automation.looks.shop import DAY, JOB, Shop, break_off, found, refuse

ERROR = dg.AssetCheckSeverity.ERROR
NEXT = DAY + timedelta(days=1)


def test_a_run_that_did_its_work_is_not_told(shop: Shop) -> None:
    shop.run()
    assert shop.look().booked == 1
    assert shop.messages() == []


def test_a_failed_check_says_how_many_rows_and_shows_some_masked(shop: Shop) -> None:
    run_id = shop.run(checks={"few": found("| 1 | jane.doe@example.com |", "| 2 | j***@***.com |")})
    shop.look()
    (message,) = shop.messages()
    (told,) = message.told
    finding = told.finding
    assert (message.company, message.severity) == ("acme", "warn")
    assert (finding.asset, finding.check, finding.rows, finding.run_id) == ("shop/orders", "few", 3, run_id)
    assert finding.examples == ("order: 1, email: j***@***.com", "order: 2, email: j***@***.com")
    assert "orders: 3 of 12 rows violate the rule." in finding.says
    assert f"recs run acme --date {DAY}" in finding.remedy


def test_what_does_not_arrive_at_customers_is_an_error_although_the_run_is_well(shop: Shop) -> None:
    behind = dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Redis: it holds an older publication (publishing broke off).{NEXT_COMMAND}recs publications acme",
    )
    shop.run(checks={PUBLICATION_CHECK: behind})
    shop.look()
    (message,) = shop.messages()
    (told,) = message.told
    assert (message.severity, told.finding.trouble.kind) == ("error", "serving")
    assert told.finding.remedy == "recs publications acme"
    assert told.finding.says == "orders: Redis: it holds an older publication (publishing broke off)."
    arrived = dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN, description="version 2 arrived.")
    shop.run(checks={PUBLICATION_CHECK: arrived}, day=NEXT)
    shop.look()
    assert shop.told()[1:] == [("acme", "recovered", ["serving orders"])]


def test_fifty_failed_checks_are_one_message(shop: Shop) -> None:
    shop.run(checks={f"check_{number:02}": found() for number in range(50)})
    shop.look()
    (message,) = shop.messages()
    assert message.count == 50


def test_a_run_is_one_message_for_each_severity(shop: Shop) -> None:
    shop.run(checks={"few": found(), "none": found(severity=ERROR)})
    shop.look()
    assert sorted(shop.told()) == [("acme", "error", ["check orders/none"]), ("acme", "warn", ["check orders/few"])]


def test_more_ticks_tell_nothing_more(shop: Shop) -> None:
    shop.run(refuse)
    for _ in range(3):
        shop.look()
    shop.cursors.clear()  # somebody resets the sensor's cursor
    shop.look()
    assert shop.told() == [("acme", "error", ["run orders"])]


def test_the_same_trouble_in_the_next_run_is_not_told_again(shop: Shop) -> None:
    for day in (DAY, NEXT):
        shop.run(refuse, day=day)
        shop.look()
    assert len(shop.messages()) == 1


@pytest.mark.parametrize(
    ("work", "says"),
    [(refuse, "Put right what it names"), (break_off, "A defect of the platform")],
)
def test_a_failed_run_says_why_and_what_to_do(shop: Shop, work: Any, says: str) -> None:
    run_id = shop.run(work)
    shop.look()
    ((told,),) = (message.told for message in shop.messages())
    finding = told.finding
    assert finding.run_id == run_id
    assert says in finding.remedy
    assert f"recs run acme --date {DAY}" in finding.remedy
    assert f"The run of {DAY} failed at orders:" in finding.says
    assert "jane.doe" not in f"{finding}"


def test_what_a_rerun_may_cure_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recs_platform.automation.failures.RETRIES", dg.RetryPolicy(max_retries=0))

    @guarded_step
    def away(context: object) -> None:
        raise UnavailableError("the store does not answer.")

    shop.run(away)
    shop.look()
    ((told,),) = (message.told for message in shop.messages())
    assert "When the service answers again" in told.finding.remedy


def test_recovery_is_told_once(shop: Shop) -> None:
    shop.run(refuse)
    shop.look()
    shop.run()
    shop.look()
    shop.run()
    shop.look()
    assert shop.told() == [("acme", "error", ["run orders"]), ("acme", "recovered", ["run orders"])]


def test_a_check_that_passes_is_well_again_and_others_are_not(shop: Shop) -> None:
    shop.run(checks={"few": found(), "odd": found()})
    shop.look()
    shop.run(checks={"few": found(passed=True), "odd": found()}, day=NEXT)
    shop.look()
    (_, told) = shop.told()
    assert told == ("acme", "recovered", ["check orders/few"])


def test_a_check_that_did_not_run_says_nothing(shop: Shop) -> None:
    """The run fails before it: whether the check would pass now, nobody knows."""
    shop.run(checks={"few": found()})
    shop.look()
    shop.run(refuse, checks={"few": found(passed=True)}, day=NEXT)
    shop.look()
    assert [told[1] for told in shop.told()] == ["warn", "error"]


def test_an_earlier_day_that_is_well_does_not_end_the_trouble_of_a_later_one(shop: Shop) -> None:
    shop.run(refuse, day=NEXT)
    shop.look()
    shop.run(day=DAY)
    shop.look()
    assert len(shop.told()) == 1


def test_another_company_that_is_well_does_not_end_the_trouble(shop: Shop) -> None:
    shop.run(refuse)
    shop.run(company="holley")
    shop.look()
    assert shop.told() == [("acme", "error", ["run orders"])]


def test_what_dagster_starts_again_is_told_when_the_last_attempt_fails(shop: Shop) -> None:
    shop.run(break_off, tags={"dagster/will_retry": "true"})
    shop.look()
    assert shop.messages() == []
    shop.run(break_off)
    shop.look()
    assert len(shop.messages()) == 1


def test_what_dagster_was_to_start_again_and_did_not_is_told(shop: Shop) -> None:
    shop.run(break_off, tags={"dagster/will_retry": "true"})
    looks = {"ended runs": look.ended_runs, "runs to start again": look.never_again}
    shop.look(looks)
    later = datetime.now(UTC) + look.STARTED_AGAIN_WITHIN
    for minutes in range(4):
        shop.look(looks, now=later + timedelta(minutes=minutes))
    assert shop.told() == [("acme", "error", ["run orders"])]


def test_what_dagster_was_to_start_again_is_told_though_nobody_looked_at_that_time(shop: Shop) -> None:
    shop.run(break_off, tags={"dagster/will_retry": "true"})
    looks = {"runs to start again": look.never_again}
    for hours in (5, 6):
        shop.look(looks, now=datetime.now(UTC) + timedelta(hours=hours))
    assert shop.told() == [("acme", "error", ["run orders"])]


@pytest.mark.parametrize(("by", "told"), [({}, 0), ({"day": DAY - timedelta(days=1)}, 1), ({"company": "holley"}, 1)])
def test_what_somebody_has_run_again_since_is_not_told(shop: Shop, by: dict[str, Any], told: int) -> None:
    shop.run(break_off, tags={"dagster/will_retry": "true"})
    shop.run(**by)
    shop.look({"runs to start again": look.never_again}, now=datetime.now(UTC) + timedelta(hours=5))
    assert len(shop.messages()) == told


def test_what_dagster_has_started_again_is_not_told(shop: Shop) -> None:
    shop.run(break_off, tags={"dagster/will_retry": "true", "dagster/auto_retry_run_id": "another"})
    later = datetime.now(UTC) + look.STARTED_AGAIN_WITHIN + timedelta(minutes=1)
    shop.look({"runs to start again": look.never_again}, now=later)
    assert shop.messages() == []


def test_a_failed_run_waits_until_dagster_has_decided(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes that the run failed, and then whether it starts it again."""
    shop.run(break_off)
    monkeypatch.setattr(type(shop.instance), "run_retries_enabled", property(lambda _: True))
    assert shop.look().booked == 0
    assert shop.look(now=datetime.now(UTC) + look.DECIDED_WITHIN).booked == 1


@pytest.mark.parametrize(
    ("message", "reason", "kind"),
    [
        ("the run of acme died", None, "killed"),
        (None, None, "killed"),  # as the code server reports a child that is gone
        ("Exceeded maximum runtime of 43200 seconds.", None, "stuck"),
        ("Run timed out", RunFailureReason.START_TIMEOUT, "stuck"),
    ],
)
def test_what_others_say_of_a_run_that_says_nothing(
    shop: Shop, message: str | None, reason: RunFailureReason | None, kind: str
) -> None:
    run = dg.DagsterRun(JOB, tags={"dagster/partition": partition_key("acme", DAY)})
    shop.instance.add_run(run)
    data = JobFailureData(error=None, failure_reason=reason) if reason else None
    shop.instance.report_run_failed(run, message, data)
    shop.look()
    assert shop.told() == [("acme", "error", [f"{kind} {DAY}"])]


def test_late_data_that_is_taken_in_does_not_end_that_a_day_was_not_made(shop: Shop) -> None:
    run = dg.DagsterRun(JOB, tags={"dagster/partition": partition_key("acme", DAY)})
    shop.instance.add_run(run)
    shop.instance.report_run_failed(run)
    shop.look()
    shop.run(tags={LATE_TAG: "load"})
    shop.look()
    assert [told[1] for told in shop.told()] == ["error"]
    shop.run()
    shop.look()
    assert [told[1] for told in shop.told()] == ["error", "recovered"]


def test_a_run_that_somebody_terminated_is_a_warning(shop: Shop) -> None:
    run = dg.DagsterRun(JOB, tags={"dagster/partition": partition_key("acme", DAY)})
    shop.instance.add_run(run)
    shop.instance.report_run_canceled(run)
    shop.look()
    assert [told[:2] for told in shop.told()] == [("acme", "warn")]


def test_what_a_run_trained_is_news_and_what_it_could_not_is_trouble(shop: Shop) -> None:
    for day, outcome in ((DAY, "failed"), (NEXT, "activated")):
        run_id = shop.run(day=day)
        reasons = [Reason("weekday", "it is Monday", f"weekday:{day}")]
        training_log.begin(shop.database, "acme", "redemption", day, reasons, run_id=run_id, at=datetime.now(UTC))
        training_log.end(shop.database, "acme", "redemption", day, outcome=outcome, words="Version 2 serves.")
        shop.look()
    assert shop.told() == [
        ("acme", "error", ["training redemption"]),
        ("acme", "info", [f"training redemption of {NEXT}"]),
    ]


def test_a_run_whose_events_make_no_sense_keeps_no_other_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = shop.run(company="holley")
    shop.run(refuse)
    real = look.facts_of

    def facts(instance: Any, run: Any) -> Any:
        if run.dagster_run.run_id == odd:
            raise KeyError("rows")
        return real(instance, run)

    monkeypatch.setattr(look, "facts_of", facts)
    shop.look()
    assert sorted(shop.told()) == [("acme", "error", ["run orders"]), ("holley", "warn", ["run (events)"])]

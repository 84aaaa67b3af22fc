"""What an ended run's facts are told as, and what they show to be over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Severity, Trouble
from recs_platform.automation.failures import FailureCause
from recs_platform.automation.jobs import HOUSEKEEPING_JOB
from recs_platform.automation.looks.open_troubles import LastTold
from recs_platform.automation.looks.run_facts import Ending, Failed, RunFacts, Verdict
from recs_platform.automation.looks.run_findings import QUEUE, Roles, roles_of, seen_in
from recs_platform.errors import ErrorKind
from recs_platform.model_registry.training_log import Begun
from recs_platform.models.retraining import Reason
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.slices import Days

DAY = date(2025, 9, 5)
AT = datetime(2025, 9, 6, 6, 30, tzinfo=UTC)
ROLES = Roles(
    feeds={"landed_catalog": "catalog", "landed_events": "events"},
    told_empty=frozenset({"landed_events"}),
    products={"publication": "recommendations", "guardrails": "recommendations"},
    drift="drift_report",
    trained="ranking_model",
    model="redemption",
)
REFUSED = (
    "acme 2025-09-05 is not published: 40% fewer customers. To publish it: recs publish acme --date D --approve abc"
)


def run(ending: Ending = Ending.SUCCEEDED, **how: object) -> RunFacts:
    facts = RunFacts("run-1", "shop_daily", "acme", Days.one(DAY), ending, AT, strategy="shop")
    return replace(facts, **how)  # type: ignore[arg-type]


def told(facts: RunFacts, *trainings: Begun) -> list[Finding]:
    return list(seen_in(facts, ROLES, trainings).by_trouble.values())


def over(facts: RunFacts, *open_troubles: Trouble, days: Days | None = None) -> frozenset[Trouble]:
    last = LastTold(days or Days.one(DAY), AT - timedelta(hours=1))
    return seen_in(facts, ROLES, (), dict.fromkeys(open_troubles, last)).settled


def failed(table: str, message: str, kind: ErrorKind | None = ErrorKind.MISTAKE) -> Failed:
    return Failed(table, FailureCause(message, kind))


def test_a_refused_publication_is_one_trouble_with_the_command_that_approves() -> None:
    guardrails = Verdict("comparison", "guardrails", passed=False, blocks=True, words=REFUSED)
    asset = failed("publication", REFUSED, None)
    (finding,) = told(run(Ending.FAILED, verdicts=(guardrails,), failures=(asset,)))
    assert finding.trouble == Trouble("acme", Kind.PUBLICATION, "recommendations")
    assert finding.remedy == "recs publish acme --date D --approve abc"
    assert "To publish it" not in finding.says


def test_a_refused_feed_is_told_as_that_and_as_nothing_else() -> None:
    (finding,) = told(run(Ending.FAILED, failures=(failed("landed_catalog", "acme: 40% of rows cannot be used."),)))
    assert (finding.trouble.kind, finding.trouble.subject) == (Kind.FEED, "catalog")
    assert "recs companies check acme" in finding.remedy


@pytest.mark.parametrize(("rows", "severities"), [(0, [Severity.WARN]), (3, []), (None, [])])
def test_a_feed_without_rows_is_a_warning(rows: int | None, severities: list[Severity]) -> None:
    assert [finding.severity for finding in told(run(made={"landed_events": rows}))] == severities


def test_a_feed_that_may_be_empty_is_no_trouble() -> None:
    assert told(run(made={"landed_catalog": 0})) == []


def test_what_a_check_stopped_is_told_once() -> None:
    verdict = Verdict("orders", "few", passed=False, blocks=True, words="3 of 12 rows violate the rule.", rows=3)
    stopped = Failed("orders", FailureCause("the check failed", kind=None, of_check=True))
    (finding,) = told(run(Ending.FAILED, verdicts=(verdict,), failures=(stopped,)))
    assert (finding.trouble.subject, finding.severity, finding.rows) == ("orders/few", Severity.ERROR, 3)


@pytest.mark.parametrize(("again", "severity"), [(True, Severity.WARN), (False, Severity.ERROR)])
def test_a_killed_run_is_told_even_if_it_is_started_again(again: bool, severity: Severity) -> None:
    (finding,) = told(run(Ending.KILLED, tried_again=again))
    assert (finding.trouble.kind, finding.severity) == (Kind.KILLED, severity)
    assert ("recs run acme" in finding.remedy) is not again


def test_a_run_that_was_given_up_is_stuck() -> None:
    (finding,) = told(run(Ending.TOO_LONG))
    assert finding.trouble.kind is Kind.STUCK


def test_a_run_that_somebody_stopped_is_a_warning() -> None:
    stopped = Failed("orders", FailureCause("interrupted; run it again", kind=None, interrupted=True))
    for facts in (run(Ending.STOPPED, failures=(stopped,)), run(Ending.STOPPED)):
        (finding,) = told(facts)
        assert finding.severity is Severity.WARN
        assert "recs run acme" in finding.remedy


def test_a_run_that_failed_and_says_nothing_is_told() -> None:
    (finding,) = told(run(Ending.FAILED))
    assert finding.trouble.kind is Kind.RUN


def test_a_run_for_no_company_concerns_the_platform() -> None:
    of_no_company = run(Ending.FAILED, company=PLATFORM, days=None, failures=(failed("step", "no disk."),))
    (finding,) = told(replace(of_no_company, job=HOUSEKEEPING_JOB))
    assert (finding.trouble.company, finding.trouble.kind) == (PLATFORM, Kind.HOUSEKEEPING)
    (finding,) = told(of_no_company)
    assert finding.trouble == Trouble(PLATFORM, Kind.RUN, "shop_daily")


@pytest.mark.parametrize(
    ("outcome", "severity", "subject"),
    [
        ("failed", Severity.ERROR, "redemption"),
        ("refused", Severity.WARN, "redemption"),
        ("activated", Severity.INFO, f"redemption of {DAY}"),
        ("worse", Severity.INFO, f"redemption of {DAY}"),
    ],
)
def test_what_came_of_a_training(outcome: str, severity: Severity, subject: str) -> None:
    (finding,) = told(run(), _training(outcome))
    assert (finding.trouble.kind, finding.severity, finding.trouble.subject) == (Kind.TRAINING, severity, subject)
    assert "it is Monday" in finding.says


def test_a_training_that_goes_on_is_not_told() -> None:
    assert told(run(), _training(None)) == []


def test_a_failed_training_and_its_check_are_one_trouble() -> None:
    check = Verdict("ranking_model", "training_refused", passed=False, blocks=False, words="1 row violates the rule.")
    (finding,) = told(run(verdicts=(check,)), _training("failed"))
    assert finding.severity is Severity.ERROR


def test_drift_is_told_as_that() -> None:
    check = Verdict("drift_report", "features_drifted", passed=False, blocks=False, words="2 of 9 rows violate it.")
    (finding,) = told(run(verdicts=(check,)))
    assert finding.trouble == Trouble("acme", Kind.DRIFT, "redemption")


_SERVED = "served_model_matches_registry"
_BEHIND = (
    "service: it serves version 3, not version 4 (it refused version 4: bytes differ). Next: recs models rollback acme"
)


def _served(check: str, table: str, words: str, *, passed: bool = False) -> Verdict:
    return Verdict(table, check, passed=passed, blocks=False, words=words)


def test_what_does_not_arrive_is_an_error_with_the_next_command() -> None:
    (finding,) = told(run(verdicts=(_served(_SERVED, "ranking_model", _BEHIND),)))
    assert finding.trouble == Trouble("acme", Kind.SERVING, "redemption")
    assert (finding.severity, finding.remedy) == (Severity.ERROR, "recs models rollback acme")
    assert finding.says.endswith("(it refused version 4: bytes differ).")
    publication = _served(
        "served_publication_matches_inventory", "publication", "Redis: older. Next: recs publications acme"
    )
    (finding,) = told(run(verdicts=(publication,)))
    assert finding.trouble == Trouble("acme", Kind.SERVING, "recommendations")


def test_only_what_was_seen_to_arrive_ends_trouble_with_serving() -> None:
    model, training = Trouble("acme", Kind.SERVING, "redemption"), Trouble("acme", Kind.TRAINING, "redemption")
    arrived = _served(_SERVED, "ranking_model", "redemption: version 4 arrived.", passed=True)
    assert over(run(verdicts=(arrived,)), model, training) == {model}
    not_asked = _served(_SERVED, "ranking_model", "Not checked: RECS_SERVICE_URL is not set.", passed=True)
    assert over(run(verdicts=(not_asked,)), model, training) == set()
    other = _served("served_publication_matches_inventory", "publication", "arrived", passed=True)
    assert over(run(verdicts=(other,)), model) == set()


PASSED = (
    Verdict("orders", "few", passed=True, blocks=True, words=""),
    Verdict("comparison", "guardrails", passed=True, blocks=True, words=""),
    Verdict("drift_report", "features_drifted", passed=True, blocks=False, words=""),
    Verdict("ranking_model", "training_refused", passed=True, blocks=False, words=""),
)
WELL = run(
    verdicts=PASSED,
    made={"orders": 12, "landed_catalog": 3, "publication": None, "drift_report": 9, "ranking_model": 1},
)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Kind.CHECK, "orders/few"),
        (Kind.RUN, "orders"),
        (Kind.RUN, ""),
        (Kind.FEED, "catalog"),
        (Kind.PUBLICATION, "recommendations"),
        (Kind.DRIFT, "redemption"),
        (Kind.TRAINING, "redemption"),
        (Kind.KILLED, str(DAY)),
        (Kind.STUCK, "run-1"),
    ],
)
def test_what_a_good_run_ends(kind: Kind, subject: str) -> None:
    trouble = Trouble("acme", kind, subject)
    assert over(WELL, trouble) == {trouble}
    # Not that of a later day.
    assert over(WELL, trouble, days=Days.one(DAY + timedelta(days=1))) == frozenset()
    # Nor does a run that failed before it came so far.
    if subject != "run-1":
        assert over(run(Ending.FAILED, failures=(failed("events", "no."),)), trouble) == frozenset()


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (Kind.CHECK, "orders/odd"),
        (Kind.RUN, "fitment"),
        (Kind.FEED, "events"),
        (Kind.STUCK, QUEUE),
        (Kind.FRESHNESS, "recommendations"),
        (Kind.STORE, "lake"),
    ],
)
def test_what_a_good_run_says_nothing_of(kind: Kind, subject: str) -> None:
    assert over(WELL, Trouble("acme", kind, subject)) == frozenset()


@pytest.mark.parametrize("part", ["late data", "logs", "shop_training"])
def test_a_run_that_makes_less_than_a_day_ends_what_happened_to_its_like(part: str) -> None:
    """And nothing of a run that was to make the day, which ends both."""
    partial = run(part=part)
    of_the_day = {Trouble("acme", Kind.KILLED, str(DAY)), Trouble("acme", Kind.RUN, "")}
    assert over(partial, *of_the_day) == frozenset()
    of_its_like = {
        finding.trouble for ending in (Ending.KILLED, Ending.STOPPED) for finding in told(run(ending, part=part))
    }
    assert over(partial, *of_its_like) == of_its_like
    assert over(run(part="another"), *of_its_like) == frozenset()
    assert over(run(), *of_the_day, *of_its_like) == of_the_day | of_its_like


@pytest.mark.parametrize("ending", [Ending.KILLED, Ending.TOO_LONG, Ending.STOPPED, Ending.FAILED])
def test_a_job_of_the_platform_ends_no_trouble_of_another(ending: Ending) -> None:
    ours = {"company": PLATFORM, "days": None, "job": HOUSEKEEPING_JOB, "part": HOUSEKEEPING_JOB}
    failures = (failed("step", "no disk."),) if ending is Ending.FAILED else ()
    (finding,) = told(run(ending, failures=failures, **ours))
    other = run(**{**ours, "job": "all_companies", "part": "all_companies"})
    assert over(other, finding.trouble, Trouble(PLATFORM, Kind.STUCK, QUEUE)) == frozenset()
    assert over(run(**ours), finding.trouble) == {finding.trouble}


def test_a_publication_that_waits_for_approval_is_not_over() -> None:
    """The guardrails failed before and the run went on: its asset was made, and nothing went live."""
    trouble = Trouble("acme", Kind.PUBLICATION, "recommendations")
    guardrails = Verdict("comparison", "guardrails", passed=False, blocks=False, words=REFUSED)
    assert over(run(verdicts=(guardrails,), made={"publication": None}), trouble) == frozenset()


def test_what_every_strategy_has_in_these_roles() -> None:
    for pipeline in pipelines().values():
        roles = roles_of(pipeline)
        tables = set(pipeline.tables)
        assert set(roles.feeds) <= tables
        assert set(roles.products.values()) == set(pipeline.products)
        assert {one for one in (roles.drift, roles.trained) if one} <= tables
    assert any(roles_of(pipeline).told_empty for pipeline in pipelines().values())


def _training(outcome: str | None) -> Begun:
    reasons = (Reason("weekday", "it is Monday", f"weekday:{DAY}"),)
    return Begun("redemption", DAY, reasons, "run-1", AT, outcome, "Version 2 serves.")

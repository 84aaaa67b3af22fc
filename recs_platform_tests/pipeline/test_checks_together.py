"""Several checks in one step: each has its own verdict, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation import failures
from recs_platform.automation.jobs import daily_job
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.run_summary import RunSummary, summary
from recs_platform.errors import QueryError, UnavailableError, UserError
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform_tests.pipeline.toy import DAY, STRATEGY, Toy, materialized

UNKNOWN = (
    "-- Who comes is known.\n-- table: visits\n-- severity: {}\nSELECT visit_id FROM visits WHERE customer_id IS NULL"
)
MANY = "-- Nobody sees many.\n-- table: visits\n-- severity: {}\nSELECT visit_id FROM visits WHERE pages > 1"
NEGATIVE = "-- Pages are counted.\n-- table: visits\n-- severity: {}\nSELECT visit_id FROM visits WHERE pages < 0"
CRASHING = (
    "-- Who comes has a number.\n-- table: visits\n-- severity: {}\n"
    "SELECT visit_id FROM visits WHERE CAST(customer_id AS INT64) < 0"
)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[BoundQuery]:
    """The queries that were run."""
    asked: list[BoundQuery] = []
    run = Lake.run

    @contextmanager
    def noted(lake: Lake, query: BoundQuery) -> Iterator[Any]:
        asked.append(query)
        with run(lake, query) as rows:
            yield rows

    monkeypatch.setattr(Lake, "run", noted)
    return asked


def of(severity: str, *checks: str) -> list[str]:
    return [check.format(severity) for check in checks]


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    told = [(one.check_name, one.passed) for one in result.get_asset_check_evaluations()]
    assert len(dict(told)) == len(told)
    return dict(told)


def run(toy: Toy) -> tuple[dg.ExecuteInProcessResult, RunSummary]:
    result = toy.run()
    return result, summary(toy.instance, result.run_id)


def test_checks_that_pass_are_one_step_and_one_query(toy: Toy, ran: list[BoundQuery]) -> None:
    toy.checks = [*of("error", NEGATIVE, NEGATIVE), *of("warn", NEGATIVE)]
    result = toy.run()
    assert verdicts(result) == {"check_0": True, "check_1": True, "check_2": True}
    steps = [event.step_key for event in result.all_events if event.is_step_success]
    assert [step for step in steps if "checks" in str(step)] == [
        f"{STRATEGY}__visits__blocking_checks",
        f"{STRATEGY}__visits__checks",
    ]
    assert [query.query.name for query in ran if "check" in query.query.path] == ["visits, counted", "check_2, judged"]


def test_only_what_finds_something_is_judged_by_itself(toy: Toy, ran: list[BoundQuery]) -> None:
    toy.checks = of("warn", NEGATIVE, MANY, UNKNOWN)
    result = toy.run()
    assert verdicts(result) == {"check_0": True, "check_1": False, "check_2": False}
    assert [query.query.name for query in ran if "check" in query.query.path] == [
        "visits, counted",
        "check_1, judged",
        "check_2, judged",
    ]


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_one_that_cannot_be_judged_hides_no_verdict(toy: Toy, severity: str) -> None:
    toy.checks = of(severity, NEGATIVE, CRASHING, MANY)
    result, done = run(toy)
    assert not result.success
    assert verdicts(result) == {"check_0": True, "check_2": False}
    told = [*done.errors, *done.warnings]
    assert [text for text in told if "check_1.sql" in text and "c1" in text] != []
    assert [text for text in told if f"{STRATEGY}/visits: check_2: 1 of 3 rows" in text] != []
    assert (set(materialized(result)) == {"visits", "profiles"}) is (severity == "error")
    # A check that has no verdict says nothing of its table.
    assert done.failed_tables == (("visits",) if severity == "error" else ())
    # One that failed is no matter for whoever gave the run its parameters.
    assert done.user_mistake is (severity == "warn")


def test_what_passes_by_itself_is_waited_for_and_each_verdict_is_told_once(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=3, delay=0.01))
    toy.checks = of("warn", NEGATIVE, MANY)
    away, run_now = [UnavailableError("The store is away.")], Lake.run

    def run_late(lake: Lake, query: BoundQuery) -> Any:
        if query.query.name == "check_1, judged" and away:
            raise away.pop()
        return run_now(lake, query)

    monkeypatch.setattr(Lake, "run", run_late)
    result, done = run(toy)
    assert result.success
    assert verdicts(result) == {"check_0": True, "check_1": False}
    assert done.retries == (f"{STRATEGY}__visits__checks: retried: The store is away.",)


def test_one_check_of_a_step_is_judged_alone_when_it_is_asked_for(toy: Toy, ran: list[BoundQuery]) -> None:
    toy.checks = of("warn", NEGATIVE, CRASHING, MANY)
    toy.run()
    ran.clear()
    job = toy.definitions().resolve_job_def(daily_job(STRATEGY))
    key = dg.AssetCheckKey(dg.AssetKey([STRATEGY, "visits"]), "check_2")
    alone = job.get_subset(asset_selection=frozenset(), asset_check_selection=frozenset({key}))
    result = alone.execute_in_process(partition_key=partition_key("shop", DAY), instance=toy.instance)
    assert verdicts(result) == {"check_2": False}
    assert [query.query.name for query in ran] == ["check_2, judged"]


def test_several_errors_are_told_as_one_of_the_worst_kind() -> None:
    lost, wrong, broken = UnavailableError("away"), QueryError("a.sql", 3, "no"), KeyError("x@mail.example")
    assert failures.several([wrong]) is wrong
    assert isinstance(failures.several([lost, lost]), UnavailableError | failures.TransientError)
    assert str(failures.several([lost, lost])) == "away"
    both = failures.several([lost, wrong])
    assert isinstance(both, UserError)
    assert str(both) == "away; a.sql:3: no"
    worst = failures.several([wrong, broken, lost])
    assert isinstance(worst, ExceptionGroup)
    assert str(worst) == "a.sql:3: no; KeyError: 'x***@***.example'; away (3 sub-exceptions)"

"""What a run makes of errors: real runs of a toy strategy, with errors that nobody has listed anywhere."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation import failures
from recs_platform.automation.run_summary import RunSummary, summary
from recs_platform.errors import ConflictError, ErrorKind, TransientError, UserError, kind_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.pipeline.toy import DAY, Toy, Visits, visits_of


class MudOnTheRoadError(TransientError): ...


class WrongTurnError(UserError): ...


class HoleInTheMapError(Exception): ...


@pytest.fixture
def toy(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Toy:
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=3, delay=0.01))
    return Toy(tmp_path)


def failing(toy: Toy, error: Exception, times: int) -> list[int]:
    """Let the sources fail so many times; returns the attempts as they are made."""
    attempts: list[int] = []

    def visits(days: Any) -> Any:
        attempts.append(len(attempts))
        if len(attempts) <= times:
            raise error
        return visits_of(days)

    toy.visits = visits
    return attempts


def run(toy: Toy) -> tuple[dg.ExecuteInProcessResult, RunSummary]:
    result = toy.run()
    return result, summary(toy.instance, result.run_id)


def test_what_passes_is_tried_again_and_told(toy: Toy) -> None:
    attempts = failing(toy, MudOnTheRoadError("shop: jane.doe@example.com is stuck."), 2)
    result, done = run(toy)
    assert result.success
    assert len(attempts) == 3
    assert done.retries == ("replenishment__visits: retried: shop: j***@***.com is stuck.",) * 2
    assert (done.errors, done.user_mistake) == ((), False)
    assert toy.days(Visits) == [DAY]


def test_what_does_not_pass_ends_the_run_without_a_trace(toy: Toy) -> None:
    attempts = failing(toy, MudOnTheRoadError("stuck"), 99)
    result, done = run(toy)
    assert not result.success
    assert len(attempts) == 4
    assert len(done.retries) == 3
    assert (done.errors, done.user_mistake, done.traces) == (("stuck",), False, ())


def test_a_mistake_is_not_tried_again(toy: Toy) -> None:
    attempts = failing(toy, WrongTurnError("left, not right"), 1)
    result, done = run(toy)
    assert not result.success
    assert len(attempts) == 1
    assert (done.errors, done.user_mistake, done.retries, done.traces) == (("left, not right",), True, (), ())


def test_a_defect_is_not_tried_again_and_leaves_its_trace(toy: Toy) -> None:
    attempts = failing(toy, HoleInTheMapError("at jane.doe@example.com"), 1)
    result, done = run(toy)
    assert not result.success
    assert len(attempts) == 1
    assert (done.user_mistake, done.retries) == (False, ())
    (trace,) = done.traces
    assert trace.startswith(f"{HoleInTheMapError.__module__}.HoleInTheMapError: at j***@***.com\n\nStack Trace:")
    assert "test_failures.py" in trace
    assert "jane.doe" not in trace


def test_storing_is_tried_again_with_the_function(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = failing(toy, MudOnTheRoadError("never raised"), 0)
    replace, conflicts = Lake.replace, [ConflictError("visits: somebody was faster")] * 2

    def replace_late(lake: Lake, *arguments: Any, **others: Any) -> Any:
        if conflicts:
            raise conflicts.pop()
        return replace(lake, *arguments, **others)

    monkeypatch.setattr(Lake, "replace", replace_late)
    result, done = run(toy)
    assert result.success
    assert len(attempts) in (1, 2, 3)  # the conflicts met whichever of the two sources was made first
    assert len(done.retries) == 2
    assert all(retry.endswith("retried: visits: somebody was faster") for retry in done.retries)


@pytest.mark.parametrize("error", [MudOnTheRoadError("stuck"), WrongTurnError("left"), HoleInTheMapError("nowhere")])
def test_a_check_is_a_step_like_any_other(toy: Toy, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    toy.checks = ("-- Nothing.\n-- table: visits\n-- severity: error\nSELECT visit_id FROM visits WHERE pages < 0",)
    asked: list[int] = []
    ask = Lake.run

    def run_late(lake: Lake, query: Any) -> Any:
        if "check_0" in query.query.path:
            asked.append(1)
            if len(asked) == 1:
                raise error
        return ask(lake, query)

    monkeypatch.setattr(Lake, "run", run_late)
    result, done = run(toy)
    assert result.success is (kind_of(error) is ErrorKind.TRANSIENT)
    assert len(done.retries) == (1 if result.success else 0)
    assert done.user_mistake is (kind_of(error) is ErrorKind.MISTAKE)
    assert len(done.traces) == (1 if kind_of(error) is ErrorKind.DEFECT else 0)


@pytest.mark.parametrize("times", [0, 2])
def test_what_comes_before_the_first_step_is_tried_again_too(
    times: int, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    assert failures.retried(stumbling(times), warned.append) == "done"
    assert warned == ["stuck Next try in 0 s."] * times
    with pytest.raises(failures.TransientFailure, match="stuck"):
        failures.retried(stumbling(99), warned.append)
    with pytest.raises(failures.MistakeFailure, match="left") as mistake:
        failures.retried(stumbling(1, WrongTurnError("left")), warned.append)
    assert not mistake.value.allow_retries


def stumbling(times: int, error: Exception | None = None) -> Callable[[], str]:
    left = [error or MudOnTheRoadError("stuck")] * times

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


def test_an_error_before_the_first_step_says_its_reason_first() -> None:
    @dg.resource
    def street(_: dg.InitResourceContext) -> str:
        return failures.retried(stumbling(1, WrongTurnError("left")), print)

    @dg.op(required_resource_keys={"street"})
    def walk() -> None: ...

    @dg.job(resource_defs={"street": street})
    def walking() -> None:
        walk()

    ended = walking.execute_in_process(raise_on_error=False)
    (failed,) = ended.filter_events(lambda event: event.event_type is dg.DagsterEventType.RUN_FAILURE)
    error = failed.job_failure_data.error
    assert error is not None
    assert error.message.startswith("MistakeFailure: left")
    assert failures.cause_of(error, "").kind is ErrorKind.MISTAKE


@pytest.mark.parametrize(
    "error, said",
    [
        (WrongTurnError("left, said ann@mail.example"), "left, said a***@***.example"),
        (ZeroDivisionError("ann@mail.example"), "ZeroDivisionError: a***@***.example"),
    ],
)
def test_a_tick_that_fails_says_its_reason_first(error: Exception, said: str) -> None:
    @dg.op
    def walk() -> None: ...

    @dg.job
    def walking() -> None:
        walk()

    @dg.schedule(job=walking, cron_schedule="0 6 * * *")
    @failures.guarded_tick
    def every_morning() -> dg.RunRequest:
        stumbling(1, error)()
        return dg.RunRequest()

    with dg.build_schedule_context() as context, pytest.raises(failures.TickError) as told:
        every_morning.evaluate_tick(context)
    (first, *_) = traceback.format_exception_only(told.value)
    assert first == f"TickError: {said}\n"


def test_waits_grow_and_are_spread() -> None:
    policy = failures.RETRIES
    assert policy.max_retries > 1
    waits = [[policy.calculate_delay(attempt) for _ in range(20)] for attempt in range(1, policy.max_retries + 1)]
    assert all(len(set(spread)) > 1 for spread in waits)
    middles = [sum(spread) / len(spread) for spread in waits]
    assert middles == sorted(middles)
    assert sum(max(spread) for spread in waits) < 60

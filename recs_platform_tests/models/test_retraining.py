"""Each reason by itself, and what holds for any history of ticks."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.retraining import WEEKDAYS, Decision, Policy, Reason, Run, State, decide

MONDAY = date(2026, 1, 5)
WEDNESDAY = MONDAY + timedelta(days=2)
POLICY = Policy(weekday="monday", cool_down_days=3)
QUIET = State(WEDNESDAY, unusable=None)
DRIFT = Reason("drift", "drifted: depth", "drift:metro:2026-01-07")
VOLUME = Reason("volume", "volume: fewer", "volume:metro:2026-01-07")


def days_ago(days: int, *evidence_ids: str) -> Run:
    reasons = tuple(Reason("drift", "drifted: depth", evidence_id) for evidence_id in evidence_ids)
    return Run(WEDNESDAY - timedelta(days=days), reasons)


def kinds(decision: Decision) -> list[str]:
    return [reason.kind for reason in decision.reasons]


def test_nothing_asks_on_a_quiet_wednesday() -> None:
    assert decide(POLICY, QUIET) == Decision(False, (), "Nothing new asks for a training")


def test_the_weekday_asks_once_that_day() -> None:
    monday = replace(QUIET, today=MONDAY)
    decision = decide(POLICY, monday)
    assert decision == Decision(
        True, (Reason("weekday", "it is Monday", "weekday:2026-01-05"),), "Trains: it is Monday"
    )
    assert not decide(POLICY, replace(monday, runs=[Run(MONDAY, decision.reasons)])).reasons
    assert not decide(replace(POLICY, weekday=None), monday).train


def test_the_weekday_that_the_cool_down_held_back_comes_when_it_is_over() -> None:
    sunday = Run(MONDAY - timedelta(days=1), (DRIFT,))
    asked = [decide(POLICY, State(MONDAY + timedelta(days=n), None, runs=[sunday])) for n in range(3)]
    assert [decision.train for decision in asked] == [False, False, True]
    waited = Reason("weekday", "Monday's training (2026-01-05) had to wait", "weekday:2026-01-05")
    assert asked[2].reasons == (waited,)
    answered = State(WEDNESDAY, None, runs=[sunday, Run(WEDNESDAY, (waited,))])
    assert not decide(POLICY, replace(answered, today=WEDNESDAY + timedelta(days=1))).reasons
    # A Monday that nobody ran, and that nothing held back, does not ask later.
    assert not decide(POLICY, State(WEDNESDAY, None, runs=[Run(MONDAY - timedelta(days=3), (DRIFT,))])).reasons


def test_what_the_report_sees_asks_with_its_own_words() -> None:
    assert decide(POLICY, replace(QUIET, drift_reasons=[DRIFT, VOLUME])) == Decision(
        True, (DRIFT, VOLUME), "Trains: drifted: depth; volume: fewer"
    )


def test_evidence_that_a_run_answered_never_asks_again() -> None:
    answered = replace(QUIET, drift_reasons=[DRIFT], runs=[days_ago(30, DRIFT.evidence_id)])
    assert decide(POLICY, answered) == Decision(False, (), "Nothing new asks for a training")
    assert decide(POLICY, replace(answered, drift_reasons=[DRIFT, VOLUME])).reasons == (VOLUME,)


@pytest.mark.parametrize(("days", "train"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_the_cool_down_holds_a_reason_but_does_not_lose_it(days: int, train: bool) -> None:
    no_weekday = replace(POLICY, weekday=None)
    decision = decide(no_weekday, replace(QUIET, drift_reasons=[DRIFT], runs=[days_ago(days, "earlier")]))
    assert (decision.train, kinds(decision)) == (train, ["drift"])
    if not train:
        day = WEDNESDAY - timedelta(days=days)
        assert decision.words == f"Waits 3 days from the run of {day}: drifted: depth"


def test_an_old_day_made_again_does_not_train_next_to_a_newer_run() -> None:
    assert not decide(POLICY, replace(QUIET, drift_reasons=[DRIFT], runs=[days_ago(-2, "later")])).train
    assert decide(POLICY, replace(QUIET, drift_reasons=[DRIFT], runs=[days_ago(-3, "later")])).train


def test_without_an_artifact_the_cool_down_does_not_hold() -> None:
    broken = replace(QUIET, unusable="none is active", drift_reasons=[DRIFT], runs=[days_ago(1, "earlier")])
    decision = decide(POLICY, broken)
    assert decision.train
    # What else asked is answered by the same run.
    assert kinds(decision) == ["no_artifact", "drift"]


def test_a_failing_training_starts_once_a_day_while_there_is_no_artifact() -> None:
    state = replace(QUIET, unusable="its bytes are damaged")
    failed = Run(WEDNESDAY, decide(POLICY, state).reasons)
    assert not decide(POLICY, replace(state, runs=[failed])).train
    assert decide(POLICY, replace(state, runs=[failed], today=WEDNESDAY + timedelta(days=1))).train


@pytest.mark.parametrize("wrong", [{"cool_down_days": 0}, {"drifted_features": 0}, {"repeat_days": 0}])
def test_limits_that_would_always_ask_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Policy(**wrong)  # type: ignore[arg-type]


policies = st.builds(Policy, weekday=st.none() | st.sampled_from(WEEKDAYS), cool_down_days=st.integers(1, 9))
reasons = st.builds(Reason, st.just("drift"), st.just("drifted: depth"), st.sampled_from("abcdef"))
ticks = st.tuples(
    st.integers(0, 1), st.none() | st.just("damaged"), st.lists(reasons, max_size=2, unique_by=lambda r: r.evidence_id)
)


@given(policies, st.lists(ticks, max_size=40))
def test_no_history_of_ticks_breaks_the_promises(
    policy: Policy, history: list[tuple[int, str | None, list[Reason]]]
) -> None:
    """One run for one evidence at most, and none within the cool-down unless there is no artifact."""
    runs: list[tuple[Run, bool]] = []
    today = MONDAY
    for days, unusable, seen in history:
        today += timedelta(days=days)
        earlier = [run for run, _ in runs]
        state = State(today, unusable, seen, earlier)
        decision = decide(policy, state)
        assert decide(policy, replace(state, runs=earlier[::-1])) == decision
        if decision.train:
            assert decision.reasons
            runs.append((Run(today, decision.reasons), unusable is not None))
            assert not decide(policy, replace(state, runs=[*earlier, runs[-1][0]])).reasons
    evidence = [{reason.evidence_id for reason in run.reasons} for run, _ in runs]
    assert all(not one & other for one, other in itertools.combinations(evidence, 2))
    for (before, _), (after, had_none) in itertools.pairwise(runs):
        assert had_none or (after.day - before.day).days >= policy.cool_down_days


def test_who_has_no_weekday_trains_so_long_after_the_last_training() -> None:
    policy = Policy(weekday=None, every_days=28)
    assert not decide(policy, replace(QUIET, runs=[days_ago(27)])).reasons
    asked = decide(policy, replace(QUIET, runs=[days_ago(40), days_ago(28)]))
    assert asked.reasons == (Reason("age", "the last training was 28 days ago", "age:2025-12-10"),)
    assert asked.train
    assert not decide(policy, replace(QUIET, runs=[Run(WEDNESDAY, asked.reasons)])).reasons
    assert not decide(policy, QUIET).reasons

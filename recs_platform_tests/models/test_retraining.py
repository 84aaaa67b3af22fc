"""Each reason by itself, and what holds for any history of ticks."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.drift import VERDICTS
from recs_platform.models.retraining import (
    WEEKDAYS,
    DataChange,
    Decision,
    DriftReport,
    Policy,
    Reason,
    Run,
    State,
    decide,
)

MONDAY = date(2026, 1, 5)
WEDNESDAY = MONDAY + timedelta(days=2)
POLICY = Policy(weekday="monday", cool_down_days=3)
QUIET = State(WEDNESDAY, unusable=None)
DRIFTED = DriftReport("metro:2026-01-07:abc", {"depth": "drifted", "taste": "watch", "age": "drifted", "score": "ok"})


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


def test_drift_names_the_features_and_its_evidence() -> None:
    decision = decide(POLICY, replace(QUIET, drift=DRIFTED))
    assert decision.train
    assert decision.reasons == (Reason("drift", "drifted: age, depth", "metro:2026-01-07:abc"),)


def test_features_to_watch_do_not_ask_nor_do_fewer_than_the_policy_wants() -> None:
    watched = DriftReport("r", {"depth": "watch", "taste": "watch"})
    assert not decide(POLICY, replace(QUIET, drift=watched)).train
    assert not decide(replace(POLICY, drifted_features=3), replace(QUIET, drift=DRIFTED)).train


def test_evidence_that_a_run_answered_never_asks_again() -> None:
    answered = replace(QUIET, drift=DRIFTED, runs=[days_ago(30, DRIFTED.evidence_id)])
    assert decide(POLICY, answered) == Decision(False, (), "Nothing new asks for a training")
    newer = replace(answered, drift=replace(DRIFTED, evidence_id="metro:2026-01-08:abc"))
    assert decide(POLICY, newer).train


@pytest.mark.parametrize(("days", "train"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_the_cool_down_holds_a_reason_but_does_not_lose_it(days: int, train: bool) -> None:
    decision = decide(POLICY, replace(QUIET, drift=DRIFTED, runs=[days_ago(days, "earlier")]))
    assert (decision.train, kinds(decision)) == (train, ["drift"])
    if not train:
        day = WEDNESDAY - timedelta(days=days)
        assert decision.words == f"Waits 3 days from the run of {day}: drifted: age, depth"


def test_an_old_day_made_again_does_not_train_next_to_a_newer_run() -> None:
    assert not decide(POLICY, replace(QUIET, drift=DRIFTED, runs=[days_ago(-2, "later")])).train
    assert decide(POLICY, replace(QUIET, drift=DRIFTED, runs=[days_ago(-3, "later")])).train


def test_without_an_artifact_the_cool_down_does_not_hold() -> None:
    broken = replace(QUIET, unusable="none was ever trained", drift=DRIFTED, runs=[days_ago(1, "earlier")])
    decision = decide(POLICY, broken)
    assert decision.train
    # What else asked is answered by the same run.
    assert kinds(decision) == ["no_artifact", "drift"]


def test_a_failing_training_starts_once_a_day_while_there_is_no_artifact() -> None:
    state = replace(QUIET, unusable="its bytes are damaged")
    failed = Run(WEDNESDAY, decide(POLICY, state).reasons)
    assert not decide(POLICY, replace(state, runs=[failed])).train
    assert decide(POLICY, replace(state, runs=[failed], today=WEDNESDAY + timedelta(days=1))).train


@pytest.mark.parametrize(
    ("then", "now", "asks"), [(1_000, 1_299, False), (1_000, 1_300, True), (1_000, 700, True), (1_000, 0, False)]
)
def test_volume_asks_when_it_changed_by_the_limit_either_way(then: int, now: int, asks: bool) -> None:
    decision = decide(POLICY, replace(QUIET, data=DataChange("data:7", then, now)))
    assert decision.train is asks
    if asks:
        words = f"{now} rows instead of the {then} of the last training"
        assert decision.reasons == (Reason("volume", words, "data:7"),)


def test_new_categories_ask_by_their_share_of_rows() -> None:
    change = DataChange("data:7", 1_000, 1_000, {"trade": 0.05, "city": 0.2, "brand": 0.049})
    (reason,) = decide(POLICY, replace(QUIET, data=change)).reasons
    expected = "categories that training never saw: city (20% of the rows), trade (5% of the rows)"
    assert reason == Reason("new_categories", expected, "data:7")


@pytest.mark.parametrize(
    "wrong", [{"cool_down_days": 0}, {"drifted_features": 0}, {"volume_change": 0.0}, {"new_category_share": 0.0}]
)
def test_limits_that_would_always_ask_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|above 0"):
        Policy(**wrong)  # type: ignore[arg-type]


policies = st.builds(
    Policy,
    weekday=st.none() | st.sampled_from(WEEKDAYS),
    cool_down_days=st.integers(1, 9),
    drifted_features=st.integers(1, 2),
)
reports = st.builds(
    DriftReport,
    st.sampled_from("abcdef"),
    st.dictionaries(st.sampled_from(["depth", "taste"]), st.sampled_from(VERDICTS)),
)
changes = st.builds(
    DataChange,
    st.sampled_from("uvwxyz"),
    st.just(100),
    st.integers(0, 200),
    st.dictionaries(st.just("trade"), st.sampled_from([0.0, 0.1])),
)
ticks = st.tuples(st.integers(0, 1), st.none() | st.just("damaged"), st.none() | reports, st.none() | changes)


@given(policies, st.lists(ticks, max_size=40))
def test_no_history_of_ticks_breaks_the_promises(
    policy: Policy, history: list[tuple[int, str | None, DriftReport | None, DataChange | None]]
) -> None:
    """One run for one evidence at most, and none within the cool-down unless there is no artifact."""
    runs: list[tuple[Run, bool]] = []
    today = MONDAY
    for days, unusable, drift, data in history:
        today += timedelta(days=days)
        earlier = [run for run, _ in runs]
        state = State(today, unusable, drift, data, earlier)
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

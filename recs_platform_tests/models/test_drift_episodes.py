"""One shift asks once: hand-made strings of days, and any string of days against a plain reading of the rule.

In a string each letter is a day's report, the oldest first: `D` drifted, `.` quiet, a blank had nothing to compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.drift_episodes import DailyReport, ReportedFigure, alarms, reasons_from_drift
from recs_platform.models.retraining import Policy, Reason, Run, State, decide

START = date(2026, 1, 5)
POLICY = Policy(weekday=None, cool_down_days=3, repeat_days=10)
QUIET = ReportedFigure("depth", "psi", "watch", "depth: watch")
DRIFTED = ReportedFigure("depth", "psi", "drifted", "depth: drifted, psi 0.9")


def day(number: int) -> date:
    return START + timedelta(days=number)


def findings(letter: str) -> list[ReportedFigure]:
    return {"D": [DRIFTED, QUIET], ".": [QUIET], " ": []}[letter]


def newest_first(days: str) -> list[DailyReport]:
    return [DailyReport(day(number), findings(letter)) for number, letter in enumerate(days)][::-1]


def evidence(days: str, *trained: int, policy: Policy = POLICY) -> str | None:
    """What the last day of a string asks by, when drift asked for trainings on some of them."""
    runs = [Run(day(number), (Reason("drift", "", "any"),)) for number in trained]
    found = reasons_from_drift(policy, "metro", newest_first(days), runs)
    return found[0].evidence_id if found else None


def drift_since(number: int) -> str:
    return f"drift:metro:{day(number)}"


@pytest.mark.parametrize("days", ["", ".", " ", "D.", "DD  ", "DDD."])
def test_a_day_that_does_not_alarm_asks_for_nothing(days: str) -> None:
    assert evidence(days) is None


@pytest.mark.parametrize(
    ("days", "first"),
    [
        ("D", 0),
        ("..D", 2),
        ("..DDDD", 2),
        ("DD...D", 5),  # three quiet days are as many as the cool-down: a new shift
        ("DD..D", 0),  # two are a pause of the old one
        ("D..D..D", 0),
        ("D.. .D", 5),  # a day that says nothing is neither quiet nor an alarm, ...
        ("D.     .D", 0),  # ... however many there are
    ],
)
def test_the_evidence_is_named_by_the_first_day_of_the_shift(days: str, first: int) -> None:
    assert evidence(days) == drift_since(first)


def test_an_answered_shift_asks_again_only_after_the_days_to_repeat() -> None:
    asked = [evidence("D" * (number + 1), 1) for number in range(1, 16)]
    assert asked == [None] * 10 + [drift_since(11)] * 5
    # And so on, by the newest training.
    assert evidence("D" * 20, 1, 13) is None
    assert evidence("D" * 24, 1, 13) == drift_since(23)


def test_a_report_made_again_by_the_training_still_counts_as_the_day_of_the_alarm() -> None:
    """The training of day 2 compared day 2 with the new model, which saw no drift; from day 3 on it is seen again."""
    assert evidence("..D") == drift_since(2)
    assert evidence("...DD", 2) is None
    assert evidence("......DD", 2) == drift_since(6)


def test_a_shift_that_turns_out_to_be_older_does_not_ask_again() -> None:
    """Days before were made after the training, and alarm, too."""
    assert evidence("..D") == drift_since(2)
    assert evidence("DDD", 2) is None


def test_an_old_training_does_not_answer_a_new_shift() -> None:
    assert evidence("DD...D", 1) == drift_since(5)


def test_the_kinds_have_evidence_of_their_own() -> None:
    volume = ReportedFigure("volume", "volume", "drifted", "volume: 500 a day instead of 1,000")
    category = ReportedFigure("category", "new_categories", "drifted", "category: 20% of the rows are new")
    reports = [
        DailyReport(day(2), [category, DRIFTED, volume]),
        DailyReport(day(1), [volume]),
        DailyReport(day(0), [QUIET]),
    ]
    answered = Run(day(1), (Reason("weekday", "", "any"),))
    assert reasons_from_drift(POLICY, "metro", reports, [answered]) == (
        Reason("drift", "drifted: depth", drift_since(2)),
        Reason("volume", volume.words, f"volume:metro:{day(1)}"),
        Reason("new_categories", category.words, f"new_categories:metro:{day(2)}"),
    )
    answered = Run(day(2), (Reason("volume", "", "any"),))
    assert [reason.kind for reason in reasons_from_drift(POLICY, "metro", reports, [answered])] == [
        "drift",
        "new_categories",
    ]


def test_features_are_counted_not_figures_and_those_to_watch_do_not_count() -> None:
    twice = [DRIFTED, ReportedFigure("depth", "ks", "drifted", ""), ReportedFigure("age", "psi", "watch", "")]
    two = replace(POLICY, drifted_features=2)
    assert alarms(two, twice) == {}
    assert alarms(two, [*twice, ReportedFigure("score", "psi", "drifted", "")]) == {"drift": "drifted: depth, score"}
    # Volume and new categories are no features.
    assert alarms(two, [DRIFTED, ReportedFigure("volume", "volume", "drifted", "fewer")]) == {"volume": "fewer"}


def test_only_as_many_reports_are_read_as_the_shift_is_long() -> None:
    read = []

    def lazily(reports: Sequence[DailyReport]) -> Iterator[DailyReport]:
        for report in reports:
            read.append(report.day)
            yield report

    reasons_from_drift(POLICY, "metro", lazily(newest_first("." * 50 + "DD")), [])
    assert read == [day(number) for number in (51, 50, 49, 48, 47)]
    read.clear()
    reasons_from_drift(POLICY, "metro", lazily(newest_first("D" * 50 + ".")), [])
    assert read == [day(50)]


def plain_reading(days: str, policy: Policy) -> list[int]:
    """The days that train, by the rule in words: day by day, an episode remembered until it is over."""
    trained: list[int] = []
    answered: int | None = None
    quiet = 0
    for number, letter in enumerate(days):
        if letter == ".":
            quiet += 1
        if quiet >= policy.cool_down_days:
            answered = None
        if letter == "D":
            quiet = 0
            asks = answered is None or number - answered >= policy.repeat_days
            if asks and not (trained and number - trained[-1] < policy.cool_down_days):
                trained.append(number)
                answered = number
    return trained


@given(
    st.text("DD. ", max_size=60),
    st.builds(Policy, weekday=st.none(), cool_down_days=st.integers(1, 4), repeat_days=st.integers(4, 20)),
    st.sets(st.integers(0, 60)),
)
def test_ticks_train_on_the_days_that_a_plain_reading_of_the_rule_names(
    days: str, policy: Policy, remade: set[int]
) -> None:
    """Each day ticks three times. Some trainings see no drift when their day's report is made again."""
    runs: list[Run] = []
    now = days
    for number in range(len(days)):
        for _ in range(3):
            found = reasons_from_drift(policy, "metro", newest_first(now[: number + 1]), runs)
            decision = decide(policy, State(day(number), None, found, runs))
            if decision.train:
                runs.append(Run(day(number), decision.reasons))
                if number in remade:
                    now = f"{now[:number]}.{now[number + 1 :]}"
    assert [run.day for run in runs] == [day(number) for number in plain_reading(days, policy)]
    asked = [reason.evidence_id for run in runs for reason in run.reasons]
    assert len(asked) == len(set(asked))

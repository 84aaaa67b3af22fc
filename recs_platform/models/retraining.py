"""When to train again: what asks for it, and what holds it back. A pure decision that any tick may take again.

Every reason names its evidence, and a run records what asked for it. Evidence that a run has answered never asks again,
whether that run succeeded or not: otherwise a training that fails would start with every tick.

Not here: what drift reports ask for (drift_episodes.py), and starting and recording runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

from recs_platform.models.settings import WEEKDAYS, Weekday

ReasonKind: TypeAlias = Literal["no_artifact", "weekday", "age", "drift", "volume", "new_categories"]


class Reason(NamedTuple):
    kind: ReasonKind
    words: str
    evidence_id: str


def once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each piece of evidence as it was first told."""
    first: dict[str, Reason] = {}
    for reason in reasons:
        first.setdefault(reason.evidence_id, reason)
    return tuple(first.values())


@dataclass(frozen=True)
class Policy:
    weekday: Weekday | None = "monday"
    """None trains when there is cause alone."""
    every_days: int | None = None
    """Of who has no weekday: so long after the last training the calendar asks for one."""
    cool_down_days: int = 3
    """At least that many days lie between two runs; 1 allows one a day."""
    drifted_features: int = 1
    """How many must have drifted; those to watch do not count."""
    repeat_days: int = 35
    """What lasts so long after the training that it asked for asks again."""

    def __post_init__(self) -> None:
        if min(self.cool_down_days, self.drifted_features, self.repeat_days, self.every_days or 1) < 1:
            raise ValueError("the cool-down, the number of drifted features and the days to repeat are at least 1")


@dataclass(frozen=True)
class Run:
    """A training that was started, however it ended."""

    day: date
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class State:
    today: date
    unusable: str | None
    """Why no artifact can be served, in words; None when one can."""
    drift_reasons: Collection[Reason] = ()
    """What the newest drift report asks for."""
    runs: Collection[Run] = ()


@dataclass(frozen=True)
class Decision:
    train: bool
    reasons: tuple[Reason, ...]
    """What asks for a run and was not answered yet: to be recorded with the run, or waiting for the cool-down."""
    words: str


def decide(policy: Policy, state: State) -> Decision:
    """Without a usable artifact the cool-down does not hold, but that asks only once a day, too."""
    answered = {reason.evidence_id for run in state.runs for reason in run.reasons}
    reasons = tuple(reason for reason in _reasons(policy, state) if reason.evidence_id not in answered)
    if not reasons:
        return Decision(False, (), "Nothing new asks for a training")
    reason_text = "; ".join(reason.words for reason in reasons)
    # In both directions: an older day that is made again does not train next to a newer run.
    near = [run.day for run in state.runs if abs((state.today - run.day).days) < policy.cool_down_days]
    if near and all(reason.kind != "no_artifact" for reason in reasons):
        return Decision(
            False, reasons, f"Waits {policy.cool_down_days} days from the run of {max(near)}: {reason_text}"
        )
    return Decision(True, reasons, f"Trains: {reason_text}")


def _reasons(policy: Policy, state: State) -> Iterator[Reason]:
    """Everything that speaks for a training today, the most urgent first."""
    if state.unusable is not None:
        yield Reason("no_artifact", f"no usable model: {state.unusable}", f"no_artifact:{state.today}")
    if policy.weekday is not None:
        yield from _of_weekday(policy.weekday, policy.cool_down_days, state)
    if policy.every_days is not None and state.runs:
        last = max(run.day for run in state.runs)
        if (days := (state.today - last).days) >= policy.every_days:
            yield Reason("age", f"the last training was {days} days ago", f"age:{last}")
    yield from state.drift_reasons


def _of_weekday(weekday: Weekday, cool_down_days: int, state: State) -> Iterator[Reason]:
    """It asks today, if today is it, and later if the cool-down held its training back."""
    name = weekday.capitalize()
    due = state.today - timedelta(days=(state.today.weekday() - WEEKDAYS.index(weekday)) % 7)
    if due == state.today:
        yield Reason("weekday", f"it is {name}", f"weekday:{due}")
    elif any(0 < (due - run.day).days < cool_down_days for run in state.runs):
        yield Reason("weekday", f"{name}'s training ({due}) had to wait", f"weekday:{due}")

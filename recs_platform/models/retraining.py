"""When to train again: what asks for it, and what holds it back. A pure decision that any tick may take again.

Every reason names its evidence, and a run records what asked for it. Evidence that a run has answered never asks again,
whether that run succeeded or not: otherwise a training that fails would start with every tick.

Not here: reading reports, and starting and recording runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, TypeAlias, get_args

from recs_platform.models.drift import Verdict

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
ReasonKind: TypeAlias = Literal["no_artifact", "weekday", "drift", "volume", "new_categories"]


class Reason(NamedTuple):
    kind: ReasonKind
    words: str
    evidence_id: str


@dataclass(frozen=True)
class Policy:
    weekday: Weekday | None = "monday"
    """None trains when there is cause alone."""
    cool_down_days: int = 3
    """At least that many days lie between two runs; 1 allows one a day."""
    drifted_features: int = 1
    """How many must have drifted; those to watch do not count."""
    volume_change: float = 0.3
    """Of the rows in training, either way."""
    new_category_share: float = 0.05
    """Of the rows, those with a category that training never saw."""

    def __post_init__(self) -> None:
        if self.cool_down_days < 1 or self.drifted_features < 1:
            raise ValueError("the cool-down and the number of drifted features are at least 1")
        if self.volume_change <= 0 or self.new_category_share <= 0:
            raise ValueError("the limits of volume and new categories are above 0")


@dataclass(frozen=True)
class DriftReport:
    """The newest one, about the active model."""

    evidence_id: str
    """The same for the same report, such as company, day and the model's digest."""
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True)
class DataChange:
    """The data of now against those of the newest training, whether or not its model went active."""

    evidence_id: str
    rows_then: int
    rows_now: int
    new_categories: Mapping[str, float] = field(default_factory=dict)
    """Per feature, the share of rows with a category that training never saw."""


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
    drift: DriftReport | None = None
    data: DataChange | None = None
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
    said = "; ".join(reason.words for reason in reasons)
    # In both directions: an older day that is made again does not train next to a newer run.
    near = [run.day for run in state.runs if abs((state.today - run.day).days) < policy.cool_down_days]
    if near and all(reason.kind != "no_artifact" for reason in reasons):
        return Decision(False, reasons, f"Waits {policy.cool_down_days} days from the run of {max(near)}: {said}")
    return Decision(True, reasons, f"Trains: {said}")


def _reasons(policy: Policy, state: State) -> Iterator[Reason]:
    """Everything that speaks for a training today, the most urgent first."""
    if state.unusable is not None:
        yield Reason("no_artifact", f"no usable model: {state.unusable}", f"no_artifact:{state.today}")
    if policy.weekday == WEEKDAYS[state.today.weekday()]:
        yield Reason("weekday", f"it is {policy.weekday.capitalize()}", f"weekday:{state.today}")
    if state.drift is not None:
        yield from _drift(policy, state.drift)
    if state.data is not None:
        yield from _data(policy, state.data)


def _drift(policy: Policy, report: DriftReport) -> Iterator[Reason]:
    drifted = sorted(name for name, verdict in report.verdicts.items() if verdict == "drifted")
    if len(drifted) >= policy.drifted_features:
        yield Reason("drift", f"drifted: {', '.join(drifted)}", report.evidence_id)


def _data(policy: Policy, change: DataChange) -> Iterator[Reason]:
    then, now = change.rows_then, change.rows_now
    # Without rows there is nothing to learn from, however great a change that is.
    if now and abs(now - then) >= policy.volume_change * then:
        words = f"{now} rows instead of the {then} of the last training"
        yield Reason("volume", words, change.evidence_id)
    new = {name: share for name, share in change.new_categories.items() if share >= policy.new_category_share}
    if now and new:
        named = ", ".join(f"{name} ({new[name]:.0%} of the rows)" for name in sorted(new))
        yield Reason("new_categories", f"categories that training never saw: {named}", change.evidence_id)

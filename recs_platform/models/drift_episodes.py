"""What drift reports ask for: one training per shift, on however many days it shows.

A shift shows every day until the model has learned from the days after it, which takes weeks: outcomes must be final
first. So days that alarm belong to one episode, and the episode asks once; if it lasts, again `repeat_days` after the
training that it asked for. An episode is over when so many reports in a row are quiet that they span the cool-down:
alarms that are closer could not start two trainings anyway.

Not here: when a figure alarms (drift.py), and what else asks for a training (retraining.py).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import NamedTuple

from recs_platform.models.drift import DriftVerdict
from recs_platform.models.retraining import Policy, Reason, ReasonKind, Run

DRIFT_KINDS: tuple[ReasonKind, ...] = ("drift", "volume", "new_categories")
"""The most urgent first. A figure of one of the last two names asks by itself; any other is about how a feature, the
score or the label is spread."""


class ReportedFigure(NamedTuple):
    """One figure of a day's drift report."""

    name: str
    figure: str
    verdict: DriftVerdict
    words: str


class DailyReport(NamedTuple):
    day: date
    figures: Sequence[ReportedFigure]
    """None at all when there was no model or no impression: then the day says nothing, neither alarm nor quiet."""


def reasons_from_drift(
    policy: Policy,
    company: str,
    newest_first: Iterable[DailyReport],
    runs: Collection[Run],
    *,
    days_between: int = 1,
) -> tuple[Reason, ...]:
    """What the newest report asks for. Older reports are read only as far back as what it sees has lasted. There is a
    report every so many days: of tables that are made weekly, every 7."""
    reports = iter(newest_first)
    newest = next(reports, None)
    if newest is None:
        return ()
    trained = {kind: frozenset(run.day for run in runs if _asked(run, kind)) for kind in DRIFT_KINDS}
    asking = alarms(policy, newest.figures)
    quiet_reports = math.ceil(policy.cool_down_days / days_between)
    begun = _begun(policy, chain([newest], reports), {kind: trained[kind] for kind in asking}, quiet_reports)
    reasons = []
    for kind, alarm_text in asking.items():
        since = _since(policy, begun[kind], newest.day, trained[kind])
        if since is not None:
            reasons.append(Reason(kind, alarm_text, f"{kind}:{company}:{since}"))
    return tuple(reasons)


def alarms(policy: Policy, figures: Iterable[ReportedFigure]) -> dict[ReasonKind, str]:
    """What a day's report alarms about, in words."""
    drifted = [one for one in figures if one.verdict == "drifted"]
    by_kind = {kind: sorted(one.words for one in drifted if one.figure == kind) for kind in DRIFT_KINDS[1:]}
    texts: dict[ReasonKind, str] = {kind: "; ".join(words) for kind, words in by_kind.items() if words}
    names = sorted({one.name for one in drifted if one.figure not in by_kind})
    if len(names) >= policy.drifted_features:
        texts["drift"] = f"drifted: {', '.join(names)}"
    return {kind: texts[kind] for kind in DRIFT_KINDS if kind in texts}


def _begun(
    policy: Policy,
    newest_first: Iterable[DailyReport],
    trained: Mapping[ReasonKind, Collection[date]],
    quiet_reports: int,
) -> dict[ReasonKind, date]:
    """The first day of each kind's episode, of those that last until the newest report. So many quiet ones end it.

    The training that a day asked for makes the day's report again, against the new model. That the day alarmed is known
    from the training, whatever its report says now.
    """
    first: dict[ReasonKind, date] = {}
    quiet = dict.fromkeys(trained, 0)
    for report in newest_first:
        alarming = alarms(policy, report.figures)
        for kind in quiet:
            if kind in alarming or report.day in trained[kind]:
                first[kind], quiet[kind] = report.day, 0
            elif report.figures:
                quiet[kind] += 1
        quiet = {kind: reports for kind, reports in quiet.items() if reports < quiet_reports}
        if not quiet:
            break
    return first


def _since(policy: Policy, begun: date, today: date, trained: Collection[date]) -> date | None:
    """The day that names the evidence, the same until a training answers it; None when one has."""
    answered = [day for day in trained if day >= begun]
    if not answered:
        return begun
    again = max(answered) + timedelta(days=policy.repeat_days)
    return again if today >= again else None


def _asked(run: Run, kind: ReasonKind) -> bool:
    return any(reason.kind == kind for reason in run.reasons)

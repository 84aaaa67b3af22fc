"""What the bandit learns from: sends, views and clicks in groups, and their sums with old days faded.

Not here: how the groups are counted (the warehouse's queries).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

Reward: TypeAlias = Literal["click_per_view", "click_per_send"]


@dataclass(frozen=True)
class SendLog:
    """Groups of sends that are alike: the same day, segment, treatment and propensity. A row per group."""

    segments: tuple[str, ...]
    treatments: tuple[str, ...]
    segment: Ints
    """Position in `segments`."""
    treatment: Ints
    """Position in `treatments`."""
    age_days: Floats
    propensity: Floats
    """Chance with which the treatment was chosen; NaN where it was not logged."""
    sends: Floats
    views: Floats
    """Sends that a person opened."""
    clicks: Floats

    def where(self, chosen: Bools) -> SendLog:
        """Some of the rows, with the same segments and treatments."""
        rows = [field.name for field in fields(self) if field.name not in ("segments", "treatments")]
        return replace(self, **{name: getattr(self, name)[chosen] for name in rows})


@dataclass(frozen=True)
class Tally:
    """Trials and successes, segments x treatments."""

    segments: tuple[str, ...]
    treatments: tuple[str, ...]
    trials: Floats
    successes: Floats


def send_log(
    *,
    segment: Sequence[str],
    treatment: Sequence[str],
    age_days: Sequence[float],
    propensity: Sequence[float | None],
    sends: Sequence[float],
    views: Sequence[float],
    clicks: Sequence[float],
    unsent: Sequence[str] = (),
) -> SendLog:
    """The log from columns as the warehouse gives them. Segments and treatments are put in the order of their names.

    `unsent` names treatments that may be sent from now on and have no rows yet.
    """
    segments, treatments = tuple(sorted(set(segment))), tuple(sorted({*treatment, *unsent}))
    log = SendLog(
        segments=segments,
        treatments=treatments,
        segment=_positions(segments, segment),
        treatment=_positions(treatments, treatment),
        age_days=np.asarray(age_days, np.float64),
        propensity=np.array([np.nan if chance is None else chance for chance in propensity], np.float64),
        sends=np.asarray(sends, np.float64),
        views=np.asarray(views, np.float64),
        clicks=np.asarray(clicks, np.float64),
    )
    for name, wrong in {
        "clicks exceed sends": log.clicks > log.sends,
        "views exceed sends": log.views > log.sends,
        "clicks are negative": log.clicks < 0,
        "an age is negative": log.age_days < 0,
    }.items():
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ValueError(f"{name}, first for treatment {treatment[at]} in segment {segment[at]} (row {at}).")
    return log


def tally(log: SendLog, reward: Reward, half_life_days: float | None = None) -> Tally:
    """Trials and successes of each segment and treatment.

    With a half life, a send counts half for every `half_life_days` that it is old, as a trial and as a success: the
    rate stays what it is, and the certainty fades.
    """
    # A click without a tracked view is a view: nobody clicks in what he has not opened (image blockers hide the view).
    trials = log.sends if reward == "click_per_send" else np.maximum(log.views, log.clicks)
    weight = np.ones_like(trials) if half_life_days is None else 0.5 ** (log.age_days / half_life_days)
    shape = (len(log.segments), len(log.treatments))
    cell = log.segment * shape[1] + log.treatment
    sums = [np.zeros(shape[0] * shape[1]) for _ in range(2)]
    for summed, counted in zip(sums, (trials, log.clicks), strict=True):
        np.add.at(summed, cell, weight * counted)
    return Tally(log.segments, log.treatments, sums[0].reshape(shape), sums[1].reshape(shape))


def older_and_newer(log: SendLog) -> tuple[SendLog, SendLog]:
    """The log cut between two days so that the newer part is the smallest with at least half of the sends.

    What the older part teaches can be judged by the newer one, which it has not seen.
    """
    ages = np.unique(log.age_days)
    upto = np.array([log.sends[log.age_days <= age].sum() for age in ages])
    cut = ages[min(int(np.searchsorted(2 * upto, log.sends.sum())), len(ages) - 1)] if len(ages) else 0.0
    return log.where(log.age_days > cut), log.where(log.age_days <= cut)


def _positions(names: tuple[str, ...], column: Sequence[str]) -> Ints:
    position = {name: number for number, name in enumerate(names)}
    return np.array([position[name] for name in column], np.int64)

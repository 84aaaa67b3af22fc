"""Whether a log can say anything about a proposal: how much of it the log has seen, and how often.

Not here: the estimates themselves (off_policy.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.campaign.bandit.counts import Bools, Floats, SendLog

Shares: TypeAlias = Floats
"""Segments x (treatments of the log, and one column for all others)."""

Cause: TypeAlias = Literal[
    "no_sends",
    "propensity_missing",
    "propensity_impossible",
    "unsupported",
    "propensity_contradicted",
    "too_few_effective_sends",
    "too_few_effective_clicks",
]


@dataclass(frozen=True)
class OverlapLimits:
    """Beyond these, no number is given."""

    min_effective_sends: float = 500
    min_effective_clicks: float = 15
    max_unsupported: float = 0.05
    max_missing: float = 0.01
    """Share of sends without a propensity that may be left out."""
    max_weight_error: float = 0.1
    """By how much weights may average to something else than 1, beyond chance."""


@dataclass(frozen=True)
class Overlap:
    sends: float
    """With a propensity."""
    clicks: float
    effective_sends: float
    """As many unweighted sends would say as much: (sum of weights)^2 / sum of squared weights."""
    effective_clicks: float
    mean_weight: float
    weight_error: float
    """Standard error of the mean weight."""
    unsupported: float
    """Share of the proposed traffic that goes to treatments which the log never sent in that segment."""


@dataclass(frozen=True)
class Refusal:
    cause: Cause
    words: str


def overlap_of(log: SendLog, shares: Shares) -> Overlap:
    """How the log covers the proposal. Weights are of supported traffic."""
    usable = log.where((log.propensity > 0) & (log.propensity <= 1) & (log.sends > 0))
    sends = float(usable.sends.sum())
    of_segment = np.bincount(usable.segment, usable.sends, len(log.segments))
    kept = supported(usable, shares)
    covered = np.where(_seen(usable, shares), shares, 0.0).sum(1)
    weight = kept[usable.segment, usable.treatment] / usable.propensity
    evaluated = covered[usable.segment] > 0
    count = float(usable.sends[evaluated].sum())
    mean = float((usable.sends * weight).sum()) / count if count else 0.0
    variance = float((usable.sends * (weight - mean) ** 2)[evaluated].sum()) / count if count else 0.0
    return Overlap(
        sends=sends,
        clicks=float(usable.clicks.sum()),
        effective_sends=_effective(usable.sends, weight),
        effective_clicks=_effective(usable.clicks, weight),
        mean_weight=mean,
        weight_error=float(np.sqrt(variance / count)) if count else 0.0,
        unsupported=1 - float((of_segment * covered).sum()) / sends if sends else 1.0,
    )


def supported(log: SendLog, shares: Shares) -> Shares:
    """The shares of treatments that the log has sent in the segment, raised to a whole; all zero if there are none."""
    kept = np.where(_seen(log, shares), shares, 0.0)
    whole = kept.sum(1, keepdims=True)
    return np.where(whole > 0, kept / np.where(whole > 0, whole, 1.0), 0.0)


def find_refusal(log: SendLog, overlap: Overlap, limits: OverlapLimits) -> Refusal | None:
    """The first limit that the log breaks, in the order in which they should be put right."""
    sends = float(log.sends.sum())
    if sends <= 0:
        return Refusal("no_sends", "The log has no sends.")
    missing = float(log.sends[np.isnan(log.propensity)].sum()) / sends
    if missing > limits.max_missing:
        reason = f"{missing:.1%} of the sends have no logged propensity; {limits.max_missing:.1%} may be left out"
        return Refusal("propensity_missing", f"{reason}. Log the chance with which each treatment was chosen.")
    impossible = (log.propensity <= 0) | (log.propensity > 1)
    if impossible.any():
        worst = float(log.propensity[impossible][0])
        return Refusal(
            "propensity_impossible", f"A propensity of {worst:g} was logged; a chance is above 0 and at most 1."
        )
    return _too_little_overlap(overlap, limits)


def _too_little_overlap(overlap: Overlap, limits: OverlapLimits) -> Refusal | None:
    if overlap.unsupported > limits.max_unsupported:
        reason = f"{overlap.unsupported:.1%} of the proposed traffic goes to treatments that the log never sent there"
        return Refusal("unsupported", f"{reason}; the limit is {limits.max_unsupported:.1%}.")
    if abs(overlap.mean_weight - 1) > limits.max_weight_error + 4 * overlap.weight_error:
        reason = f"The weights average to {overlap.mean_weight:.2f} instead of 1, more than chance allows"
        remedy = "The logged propensities are not those that chose, or treatments were added or removed meanwhile."
        return Refusal("propensity_contradicted", f"{reason}. {remedy}")
    if overlap.effective_sends < limits.min_effective_sends:
        reason = (
            f"The log's {overlap.sends:,.0f} sends say as much about the proposal as {overlap.effective_sends:,.0f}"
        )
        return Refusal("too_few_effective_sends", f"{reason}; at least {limits.min_effective_sends:,.0f} are needed.")
    if overlap.effective_clicks < limits.min_effective_clicks:
        reason = (
            f"The log's {overlap.clicks:,.0f} clicks say as much about the proposal as {overlap.effective_clicks:,.1f}"
        )
        return Refusal("too_few_effective_clicks", f"{reason}; at least {limits.min_effective_clicks:,.0f} are needed.")
    return None


def _seen(log: SendLog, shares: Shares) -> Bools:
    sent = np.zeros_like(shares)
    np.add.at(sent, (log.segment, log.treatment), log.sends)
    seen: Bools = sent > 0
    return seen


def _effective(counts: Floats, weight: Floats) -> float:
    squares = float((counts * weight**2).sum())
    return float((counts * weight).sum()) ** 2 / squares if squares else 0.0

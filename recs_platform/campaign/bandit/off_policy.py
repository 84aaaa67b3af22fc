"""What a proposed allocation would have earned, from logged sends that another one chose. Per send: 1 if clicked.

Three estimates of the same value, each with a 95% interval:

- IPS (inverse propensity): a send counts as often as the proposal would have made it, by share / propensity. Right on
  average, whatever customers are like, and wide when weights are large.
- SNIPS: the same, divided by the weights' sum instead of the number of sends. Less wide.
- DR (doubly robust): what a model of the click rates expects of the proposal, corrected by the weighted errors of the
  model. Right if either the propensities or the model are, and the narrowest when the model is good.

Each send is forecast without itself (leave one out, which for a Beta-Binomial rate is a subtraction), so the model's
errors are those of a forecast, and the spread of the corrected forecasts is that of the estimate.

The spread is worked out twice, from the clicks that happened and from those that the model expects, and the larger
counts: a click that is rare and weighs much is missing from most logs, and its spread with it.

A proposal that is the allocation which made the log would have earned what the log earned: its gain is exactly zero,
and no estimate of it, though one is possible, would say it better.

A number is refused, with the reason, when the log cannot carry it (overlap.py). The proposal must not be learned from
the sends that judge it (optimism.py measures why; counts.older_and_newer cuts a log).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recs_platform.campaign.bandit.counts import Floats, SendLog, tally
from recs_platform.campaign.bandit.overlap import (
    Overlap,
    OverlapLimits,
    Refusal,
    Shares,
    find_refusal,
    overlap_of,
    supported,
)
from recs_platform.campaign.bandit.segments import segment_posteriors
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.statistics.intervals import LEVEL, normal_quantile

Method: TypeAlias = Literal["ips", "snips", "dr"]
METHODS: tuple[Method, ...] = ("ips", "snips", "dr")


WRITTEN_TO = 0.0005
"""A logged propensity and a proposed share that differ by no more are the same number, rounded to three digits."""
_BEYOND_CHANCE = 4
"""Standard errors by which a treatment's sends may differ from its logged chance."""


@dataclass(frozen=True)
class PolicyEstimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """Clicks per send."""

    estimates: Mapping[Method, PolicyEstimate]
    logged: PolicyEstimate
    """What was earned, by the allocation that made the log."""
    gain: PolicyEstimate
    """The proposal (DR) less what was logged. Both come from the same sends, so it is surer than either."""
    overlap: Overlap


def evaluate(
    log: SendLog, proposal: Mapping[str, Mapping[str, float]], limits: OverlapLimits | None = None
) -> Evaluation | Refusal:
    """The value of a proposal (segment: treatment: share) on a log, or why there is none.

    Proposed traffic without support is left out, and what remains counts as the whole.
    """
    limits = limits or OverlapLimits()
    shares = _shares(log, proposal)
    overlap = overlap_of(log, shares)
    refused = find_refusal(log, overlap, limits)
    if refused is not None:
        return refused
    log = log.where(~np.isnan(log.propensity) & (log.sends > 0))
    if _is_the_logs(log, shares):
        return _what_was_earned(log, overlap)
    shares = supported(log, shares)
    scored = _score(log.where(shares.sum(1)[log.segment] > 0), shares)
    estimates: dict[Method, PolicyEstimate] = {
        method: _rate(*_mean_and_error(scored, scored.by[method]), overlap.effective_sends) for method in METHODS
    }
    logged = _rate(*_mean_and_error(scored, scored.reward), overlap.sends)
    gain, error = _mean_and_error(scored, scored.by["dr"] - scored.reward)
    half = normal_quantile(LEVEL) * error
    return Evaluation(estimates, logged, PolicyEstimate(gain, gain - half, gain + half), overlap)


def _is_the_logs(log: SendLog, shares: Shares) -> bool:
    """Whether the proposal chooses as the log says that it did, send by send, and the log did what it says."""
    if np.abs(shares[log.segment, log.treatment] - log.propensity).max() > WRITTEN_TO:
        return False
    sent = np.zeros_like(shares)
    np.add.at(sent, (log.segment, log.treatment), log.sends)
    of_segment = sent.sum(1, keepdims=True)
    chance = np.sqrt(of_segment * shares * (1 - shares))
    return bool((np.abs(sent - of_segment * shares) <= _BEYOND_CHANCE * chance + 1e-9).all())


def _what_was_earned(log: SendLog, overlap: Overlap) -> Evaluation:
    """By every method, as no send would have been another."""
    clicks, sends = float(log.clicks.sum()), float(log.sends.sum())
    share = clicks / sends
    logged = _rate(share, float(np.sqrt(share * (1 - share) / (sends - 1))), sends)
    return Evaluation(dict.fromkeys(METHODS, logged), logged, PolicyEstimate(0.0, 0.0, 0.0), overlap)


@dataclass(frozen=True)
class _Scored:
    """Sends with one score each, whose mean is the estimate: the clicked of each row of the log, then the others."""

    reward: Floats
    happened: Floats
    """How many sends there are of each."""
    expected: Floats
    """How many the model expects."""
    by: Mapping[Method, Floats]


def _score(log: SendLog, shares: Shares) -> _Scored:
    rates = segment_posteriors(tally(log, "click_per_send"))
    alpha = np.stack([rates[name].alpha for name in log.segments])
    size = alpha + np.stack([rates[name].beta for name in log.segments])
    modelled = (alpha / size)[log.segment, log.treatment]
    happened = np.concatenate([log.clicks, log.sends - log.clicks])
    weight = np.tile(shares[log.segment, log.treatment] / log.propensity, 2)
    reward = np.repeat([1.0, 0.0], len(log.sends))
    mean_weight = float(np.average(weight, weights=happened))
    ratio = float(np.average(weight * reward, weights=happened)) / mean_weight
    return _Scored(
        reward=reward,
        happened=happened,
        expected=np.concatenate([log.sends * modelled, log.sends * (1 - modelled)]),
        by={
            "ips": weight * reward,
            # The first-order influence of a send on a ratio of two means.
            "snips": ratio + weight * (reward - ratio) / mean_weight,
            "dr": _doubly_robust(log, shares, weight[: len(log.sends)], alpha, size),
        },
    )


def _shares(log: SendLog, proposal: Mapping[str, Mapping[str, float]]) -> Shares:
    """The proposal as segments x treatments, with a last column for treatments that the log does not have."""
    numbers = {name: number for number, name in enumerate(log.treatments)}
    shares = np.zeros((len(log.segments), len(numbers) + 1))
    for row, segment in enumerate(log.segments):
        chosen = proposal.get(segment) or proposal.get(EVERYBODY)
        if chosen is None:
            raise ValueError(f"The proposal has no shares for segment {segment}, and none for {EVERYBODY}.")
        if abs(sum(chosen.values()) - 1) > 1e-6 or min(chosen.values()) < 0:
            raise ValueError(f"The proposed shares of segment {segment} are not shares of a whole: {dict(chosen)}.")
        for treatment, share in chosen.items():
            shares[row, numbers.get(treatment, len(numbers))] += share
    return shares


def _doubly_robust(log: SendLog, shares: Shares, weight: Floats, alpha: Floats, size: Floats) -> Floats:
    """Per row of the log, the score of a send that was clicked; then, of one that was not."""
    expected = alpha / size
    at = (log.segment, log.treatment)
    of_segment = (shares[:, :-1] * expected).sum(1)[log.segment]
    scores = []
    for reward in (1.0, 0.0):
        without = (alpha[at] - reward) / (size[at] - 1)
        of_proposal = of_segment + shares[at] * (without - expected[at])
        # A row may have no click; its score then counts zero times.
        scores.append(of_proposal + weight * (reward - without))
    return np.concatenate(scores)


def _mean_and_error(scored: _Scored, scores: Floats) -> tuple[float, float]:
    """Mean and standard error."""
    sends = scored.happened.sum()
    mean = float((scored.happened * scores).sum() / sends)
    squares = max(float((of * (scores - mean) ** 2).sum()) for of in (scored.happened, scored.expected))
    return mean, float(np.sqrt(squares / (sends - 1) / sends))


def _rate(value: float, error: float, effective: float) -> PolicyEstimate:
    """A rate with Wilson's interval, for the number of sends at which a plain rate would have this error.

    Clicks are rare: a symmetric interval would reach below zero and miss the truth above too often.
    """
    rate = min(max(value, 0.0), 1.0)
    number = rate * (1 - rate) / error**2 if error > 0 and 0 < rate < 1 else effective
    z = normal_quantile(LEVEL)
    middle = (rate + z**2 / (2 * number)) / (1 + z**2 / number)
    half = z * np.sqrt(rate * (1 - rate) / number + z**2 / (4 * number**2)) / (1 + z**2 / number)
    return PolicyEstimate(value, float(middle - half), float(middle + half))

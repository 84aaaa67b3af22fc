"""The rows of `treatment_bandit`: what is known of each treatment, and what it is given next.

Not here: the columns' types and descriptions (schemas), and where the counts come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recs_platform.campaign.bandit.allocation import Rules, allocate
from recs_platform.campaign.bandit.counts import Floats, Reward, SendLog, tally
from recs_platform.campaign.bandit.posterior import Posterior, rank
from recs_platform.campaign.bandit.prior import BetaPrior, learn_prior
from recs_platform.campaign.bandit.segments import global_posterior, segment_posteriors
from recs_platform.schemas.campaign import EVERYBODY


@dataclass(frozen=True)
class BanditRow:
    segment: str
    """`(all)` for everybody together: what customers of an unknown segment are given."""
    treatment: str
    sends: int
    views: int
    clicks: int
    """As counted, however old."""
    rate: float | None
    """Clicks per trial as counted; none without a trial."""
    posterior_mean: float
    low: float
    high: float
    probability_best: float
    expected_loss: float
    retired: bool
    share: float
    """Of the segment's traffic, in whole millionths; a segment's shares add up to one."""


def bandit_rows(
    log: SendLog,
    *,
    reward: Reward = "click_per_view",
    half_life_days: float | None = None,
    rules: Rules | None = None,
    prior: BetaPrior | None = None,
) -> list[BanditRow]:
    """All treatments for everybody, then for each segment. Without a prior, it is learned from the log."""
    faded = tally(log, reward, half_life_days)
    if prior is None:
        prior = learn_prior(faded.trials.sum(0), faded.successes.sum(0))
    # Posteriors of faded counts; counts, rates and their explanation are of what happened.
    sends, clicks = (tally(log, "click_per_send").trials, tally(log, "click_per_send").successes)
    views = tally(log, "click_per_view").trials
    trials = views if reward == "click_per_view" else sends
    rows = _rows(
        EVERYBODY,
        global_posterior(faded, prior),
        faded.trials.sum(0),
        _Counted(sends.sum(0), views.sum(0), clicks.sum(0), trials.sum(0)),
        rules or Rules(),
    )
    for number, (segment, posterior) in enumerate(segment_posteriors(faded, prior).items()):
        counted = _Counted(sends[number], views[number], clicks[number], trials[number])
        # A segment that was never tried is given what everybody is given.
        evidence = faded.trials[number] if counted.trials.any() else faded.trials.sum(0)
        rows += _rows(segment, posterior, evidence, counted, rules or Rules())
    return rows


def shares_of(rows: Sequence[BanditRow]) -> dict[str, dict[str, float]]:
    """The allocation that the rows propose: segment, treatment, share."""
    proposal: dict[str, dict[str, float]] = {}
    for row in rows:
        proposal.setdefault(row.segment, {})[row.treatment] = row.share
    return proposal


@dataclass(frozen=True)
class _Counted:
    """Per treatment, of one segment or of all."""

    sends: Floats
    views: Floats
    clicks: Floats
    trials: Floats


def _rows(segment: str, posterior: Posterior, evidence: Floats, counted: _Counted, rules: Rules) -> list[BanditRow]:
    ranking, (low, high) = rank(posterior), posterior.interval()
    given = allocate(ranking.best, evidence, rules)
    rate = np.divide(counted.clicks, counted.trials, out=np.full_like(counted.clicks, np.nan), where=counted.trials > 0)
    return [
        BanditRow(
            segment=segment,
            treatment=name,
            sends=round(float(counted.sends[at])),
            views=round(float(counted.views[at])),
            clicks=round(float(counted.clicks[at])),
            rate=None if np.isnan(rate[at]) else float(rate[at]),
            posterior_mean=float(posterior.mean[at]),
            low=float(low[at]),
            high=float(high[at]),
            probability_best=float(ranking.best[at]),
            expected_loss=float(ranking.loss[at]),
            retired=bool(given.retired[at]),
            share=float(given.shares[at]),
        )
        for at, name in enumerate(posterior.treatments)
    ]

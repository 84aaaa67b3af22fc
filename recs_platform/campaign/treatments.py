"""The bandit's tables: what is known of every treatment, and what other allocations would have earned.

Not here: the bandit itself (bandit/), and publishing the next allocation (the publication stage).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.campaign.bandit.allocation import Rules
from recs_platform.campaign.bandit.counts import SendLog, older_and_newer, send_log
from recs_platform.campaign.bandit.off_policy import METHODS, Evaluation, PolicyEstimate, evaluate
from recs_platform.campaign.bandit.overlap import Refusal
from recs_platform.campaign.bandit.table import BanditRow, bandit_rows, shares_of
from recs_platform.campaign.table_presentations import show_bandit, show_off_policy
from recs_platform.companies.model import Company
from recs_platform.declarations.parameters import Parameters
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.campaign import EVERYBODY, OffPolicyEvaluation, TreatmentBandit
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.slices import Days

Row: TypeAlias = Mapping[str, Any]


@table_asset(TreatmentBandit, needs=("treatment_days", "interactions"), present=show_bandit)
def treatment_bandit(company: Company, days: Days, treatment_days: pa.Table) -> pa.Table:
    """Every treatment for everybody, and in each segment."""
    rows = standings(log_of(treatment_days.to_pylist(), days.last), company.parameters)
    return spec_of(TreatmentBandit).arrow_table({"as_of": days.last, **row} for row in rows)


@table_asset(OffPolicyEvaluation, needs=("treatment_days", "interactions"), present=show_off_policy)
def off_policy_evaluation(company: Company, days: Days, treatment_days: pa.Table) -> pa.Table:
    """What the bandit, and sending all treatments alike, would have earned."""
    rows = judgements(log_of(treatment_days.to_pylist(), days.last), days.last, company.parameters)
    return spec_of(OffPolicyEvaluation).arrow_table({"as_of": days.last, **row} for row in rows)


def log_of(rows: list[dict[str, Any]], as_of: date) -> SendLog:
    """The log in the order of its key, so that sums are the same however the rows were read."""
    ordered = sorted(
        rows, key=lambda row: (row["sent_on"], row["treatment_id"], row["segment"], row["propensity"] or 0.0)
    )
    return send_log(
        segment=[row["segment"] for row in ordered],
        treatment=[row["treatment_id"] for row in ordered],
        age_days=[(as_of - row["sent_on"]).days for row in ordered],
        propensity=[row["propensity"] for row in ordered],
        sends=[row["sends"] for row in ordered],
        views=[row["views"] for row in ordered],
        clicks=[row["clicks"] for row in ordered],
    )


def standings(log: SendLog, parameters: Parameters) -> Iterator[Row]:
    """A row per treatment for everybody, then per segment and treatment."""
    for row in _learned(log, parameters):
        yield {
            "segment": row.segment,
            "treatment_id": row.treatment,
            "views": row.views,
            "sends": row.sends,
            "clicks": row.clicks,
            "rate": row.rate,
            "posterior_mean": row.posterior_mean,
            "credible_low": row.low,
            "credible_high": row.high,
            "chance_best": row.probability_best,
            "expected_loss": row.expected_loss,
            "retired": row.retired,
            "share_next": row.share,
        }


def judgements(log: SendLog, as_of: date, parameters: Parameters) -> Iterator[Row]:
    """Every policy by every estimator, or the reason why there is no estimate."""
    if not log.treatments:
        return
    older, newer = older_and_newer(log)
    learned = shares_of(_learned(older, parameters)) if older.sends.any() else None
    uniform = {EVERYBODY: dict.fromkeys(log.treatments, 1 / len(log.treatments))}
    for policy, proposal, judge in (("bandit", learned, newer), ("uniform", uniform, log)):
        judgement = (
            evaluate(judge, proposal) if proposal else Refusal("no_sends", "There is nothing to learn from before.")
        )
        common = {
            "policy": policy,
            "judged_from": as_of - timedelta(days=int(judge.age_days.max())),
            "judged_until": as_of - timedelta(days=int(judge.age_days.min())),
            "messages": round(float(judge.sends.sum())),
        }
        yield from ({**common, **row} for row in _judgement_rows(judgement))


def _learned(log: SendLog, parameters: Parameters) -> list[BanditRow]:
    if not log.treatments:
        return []
    return bandit_rows(
        log,
        reward=parameters.bandit_reward,
        half_life_days=parameters.bandit_half_life_days,
        rules=Rules(floor=parameters.bandit_exploration_floor, min_trials=parameters.bandit_min_views),
    )


def _judgement_rows(judgement: Evaluation | Refusal) -> Iterator[Row]:
    if isinstance(judgement, Refusal):
        yield {"estimator": "dr", "refused_because": judgement.words}
        return
    sure = {"effective_messages": judgement.overlap.effective_sends}
    yield {"estimator": "observed", **_ends(judgement.logged)}
    for method in METHODS:
        yield {"estimator": method, **_ends(judgement.estimates[method]), **sure}
    yield {"estimator": "gain", **_ends(judgement.gain), **sure}


def _ends(estimate: PolicyEstimate) -> Row:
    return {"value": estimate.value, "value_low": estimate.low, "value_high": estimate.high}

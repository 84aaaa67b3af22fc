"""When a company's model is trained again, as its parameters say."""

from __future__ import annotations

from recs_platform.companies.model import Company
from recs_platform.models.retraining import Policy
from recs_platform.strategies.replenishment.parameters import parameters_of

_WEEK = 7


def policy_of(company: Company) -> Policy:
    """Lists are made weekly, so trainings lie whole weeks apart."""
    parameters = parameters_of(company)
    return Policy(
        weekday=None,
        every_days=None if parameters.retrain_weeks is None else _WEEK * parameters.retrain_weeks,
        cool_down_days=parameters.retrain_cool_down_days,
        drifted_features=parameters.drifted_features,
        repeat_days=parameters.drift_repeat_days,
    )

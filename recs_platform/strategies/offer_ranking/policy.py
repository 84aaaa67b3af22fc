"""When a company's model is trained again, as its parameters say."""

from __future__ import annotations

from recs_platform.companies.model import Company
from recs_platform.models.retraining import Policy
from recs_platform.strategies.offer_ranking.parameters import parameters_of


def policy_of(company: Company) -> Policy:
    parameters = parameters_of(company)
    return Policy(
        weekday=parameters.retrain_weekday,
        cool_down_days=parameters.retrain_cool_down_days,
        drifted_features=parameters.drifted_features,
        repeat_days=parameters.drift_repeat_days,
    )

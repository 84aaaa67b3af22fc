"""What a company's file may say of its experiments: names and windows that fit, metrics that find their events."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.declarations.parameters import Parameters
from recs_platform.strategies.catalogue import KNOWN

VISITS = {"name": "visits", "event": "Visit", "kind": "rate"}


@pytest.mark.parametrize(
    "given, told",
    [
        (
            {"covariate_days": 60, "campaign_window_days": 30},
            r"covariate_days \(60\) and attribution_window_days \(7\) need a campaign_window_days of at least 67, "
            "and it is 30",
        ),
        ({"covariate_days": 90}, "at least 97, and it is 93"),
        (
            {"planned_arm_shares": {"a": 0.5, "b": 0.5}, "control_arm": "c"},
            "planned_arm_shares has no share for c, and names a, b",
        ),
        (
            {"control_arm": "quiet", "holdout_arms": ["quiet"]},
            "control_arm is quiet, which is also one of holdout_arms",
        ),
        ({"metrics": [VISITS, VISITS]}, "two metrics are called visits"),
        ({"metrics": [{**VISITS, "name": "orders"}]}, "every company has a metric orders"),
        ({"metrics": [{**VISITS, "name": "Visits"}]}, "lower-case letters"),
        ({"metrics": [{**VISITS, "kind": "sum"}]}, "a sum needs `value`: quantity, unit_price or amount"),
        ({"metrics": [{**VISITS, "value": "amount"}]}, "a rate counts messages"),
    ],
)
def test_what_does_not_fit_is_told_as_the_file_is_read(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Parameters.model_validate(given)


def test_defaults_give_way() -> None:
    """A short window with the usual days of orders before a message, and a draw in other arms than the usual ones."""
    Parameters.model_validate({"campaign_window_days": 8})
    Parameters.model_validate({"planned_arm_shares": {"a": 0.5, "b": 0.5}})
    Parameters.model_validate({"holdout_arms": ["random"]})


def test_a_short_window_by_default_is_told_where_it_shows() -> None:
    short = Parameters.model_validate({"campaign_window_days": 20})
    assert short.covariates_cut_off is not None
    assert "campaign_window_days (20) has no room for covariate_days (28, the default)" in short.covariates_cut_off
    assert "at least 35" in short.covariates_cut_off
    assert Parameters.model_validate({"campaign_window_days": 35}).covariates_cut_off is None


def test_a_held_out_arm_may_be_from_before_the_plan() -> None:
    plan = {"a": 0.9, "quiet": 0.1}
    Parameters.model_validate({"planned_arm_shares": plan, "holdout_arms": ["quiet", "silent"]})
    with pytest.raises(ValidationError, match="no share for hushed"):
        Parameters.model_validate({"planned_arm_shares": plan, "holdout_arms": ["hushed"]})


def test_a_metric_names_an_event_as_it_is_loaded() -> None:
    with pytest.raises(ValidationError, match='"Viewed" of the metric views is loaded as product_viewed'):
        shop({"name": "views", "event": "Viewed", "kind": "rate"})
    bound = query_parameters(shop({"name": "views", "event": "product_viewed", "kind": "rate"}, VISITS))
    assert (bound["metric_names"], bound["metric_events"]) == (("views", "visits"), ("product_viewed", "Visit"))
    assert bound["kept_event_names"] == ("Visit",)


def shop(*metrics: dict[str, Any]) -> Company:
    return Company.model_validate(
        {
            "name": "shop",
            "dataset": "shop",
            "strategy": "vehicle_fitment",
            "timezone": "UTC",
            "currency": "EUR",
            "start_date": "2025-09-01",
            "simulation": {},
            "event_names": {"Viewed": "product_viewed"},
            "parameters": {"metrics": list(metrics)},
        },
        context=KNOWN,
    )

"""What a company's file may not say of replenishment, because parts of it contradict each other."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of

DAY, HALVES = date(2025, 11, 3), {"v31": 0.5, "v32": 0.5}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"repurchases_per_client": 0, "discoveries_per_client": 0}, "are both 0: a list needs a place"),
        (
            {"light_share": 0.6, "heavy_share": 0.5},
            r"light_share \(0.6\) and heavy_share \(0.5\) add up to more than 1",
        ),
        (
            {"product_similarity": 0, "recency_similarity": 0, "frequency_similarity": 0},
            "are all 0: clients need to be alike in something",
        ),
        (
            {"active_window_days": 401},
            r"active_window_days \(401\) needs history_days of at least 401, and it is 400\. Raise history_days, or",
        ),
        (
            {"trend_days": 28, "history_days": 62},
            r"trend_days \(28\) needs history_days of at least 63, and it is 62\.",
        ),
        (
            {"season_days": 14, "history_days": 377},
            r"season_days \(14\) needs history_days of at least 378, and it is 377\.",
        ),
        ({"version": "v30"}, "'v31', 'v32' or 'v4'"),
        ({"experiment": "lists"}, "experiment needs experiment_shares beside it"),
        ({"experiment_shares": {DAY: HALVES}}, "experiment_shares needs experiment beside it: a name"),
        ({"experiment": "Lists!", "experiment_shares": {DAY: HALVES}}, "lower-case letters, .* and is 'Lists!'"),
        ({"experiment": "x", "experiment_shares": {DAY: {"v31": 0.5, "v30": 0.5}}}, "'v31', 'v32' or 'v4'"),
        ({"experiment": "x", "experiment_shares": {DAY: {"v32": 0.5}}}, "names v32: at least two are compared"),
        ({"experiment": "x", "experiment_shares": {DAY: {}}}, "names no version: at least two are compared"),
        ({"experiment": "x", "experiment_shares": {DAY: {"v31": 0.7, "v32": 0.5}}}, "add up to 1.2, which is more"),
        ({"experiment": "x", "experiment_shares": {DAY: {"v31": 0.0, "v32": 0.5}}}, "greater than 0"),
        ({"experiment": "x", "experiment_shares": {"soon": HALVES}}, "valid date"),
    ],
)
def test_contradictions_are_said(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ReplenishmentParameters.model_validate(given)


@pytest.mark.parametrize(
    "given",
    [
        {"discoveries_per_client": 0},
        {"light_share": 0.5, "heavy_share": 0.5},
        {"active_window_days": 400},
        {"trend_days": 28, "history_days": 63},
        {"season_days": 14, "history_days": 378},
        {"season_days": 0, "history_days": 8},
        # What the file does not name gives way.
        {"history_days": 8},
    ],
)
def test_what_just_fits_is_taken(given: dict[str, Any]) -> None:
    ReplenishmentParameters.model_validate(given)


def test_a_company_of_another_strategy_has_none() -> None:
    assert parameters_of(company_named("concord")).repurchases_per_client == 20
    with pytest.raises(TypeError, match="metro is a company of offer_ranking, not of replenishment"):
        parameters_of(company_named("metro"))

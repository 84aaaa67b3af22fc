"""The planted chance that a customer redeems an offer, and how much of it a linear model can see.

Three products of signs carry nearly all of it: a linear score of the same features sees none of them, because each
sign alone says nothing. All signs show in the features that the platform computes: promo affinity, discount depth,
category affinity, business order ratio, own brand, fresh ratio, days until expiry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recs_platform.simulation.columns import Columns
from recs_platform.simulation.offer_goods import DEEP
from recs_platform.simulation.randomness import FloatArray

BASE = -3.4
KNOWN_CATEGORY = 0.5
"""Main effect: the customer buys in the offer's category."""
SENSITIVE_AND_DEEP = 0.9
"""In categories that the customer buys in: price-sensitive customers want deep discounts, the others shallow ones."""
DELIVERED_AND_OWN_BRAND = 1.1
"""Businesses that have goods delivered want the company's own brand, the others want it not."""
FRESH_AND_EXPIRING = 1.0
"""Buyers of fresh food take offers in their last days, the others in their first days."""
LAST_DAYS = 6
AFTER_DRIFT = 0.4
"""What is added to the base after the drift date."""


def chance(pairs: Columns, interactions: bool = True) -> FloatArray:
    """Needs of each pair: discount, days_left, and as booleans sensitive, delivered, fresh_buyer, known_category,
    own_brand, drifted, cold; and the customer's habit in log-odds. Without interactions the products are left out."""
    sign = {name: np.where(pairs[name], 1.0, -1.0) for name in ("sensitive", "delivered", "fresh_buyer", "own_brand")}
    deep = np.where(pairs["discount"] >= DEEP, 1.0, -1.0)
    expiring = np.where(pairs["days_left"] <= LAST_DAYS, 1.0, -1.0)
    products = (
        SENSITIVE_AND_DEEP * pairs["known_category"] * sign["sensitive"] * deep
        + DELIVERED_AND_OWN_BRAND * sign["delivered"] * sign["own_brand"]
        + FRESH_AND_EXPIRING * sign["fresh_buyer"] * expiring
    )
    personal = KNOWN_CATEGORY * np.where(pairs["known_category"], 1.0, -1.0) + interactions * products
    logit = BASE + AFTER_DRIFT * pairs["drifted"] + np.where(pairs["cold"], 0.0, personal) + pairs["habit"]
    result: FloatArray = 1.0 / (1.0 + np.exp(-logit))
    return result


def formula_truth(pairs: Columns, interactions: bool = True) -> dict[str, Any]:
    """Coefficients, and the areas under the ROC curve of the true chances and of the best linear score."""
    true = chance(pairs, interactions)
    best_linear = _best_linear_score(pairs, true)
    auc_true, auc_linear = expected_auc(true, true), expected_auc(best_linear, true)
    return {
        "formula": "logit = base + known_category * s(known) + sensitive_and_deep * known * s(sensitive) * s(deep)"
        " + delivered_and_own_brand * s(delivered) * s(own_brand) + fresh_and_expiring * s(fresh_buyer) * s(expiring)"
        " + after_drift * drifted + habit of the customer, with s(true) = 1 and s(false) = -1; a cold customer has none"
        " of the terms with s",
        "coefficients": {
            "base": BASE,
            "known_category": KNOWN_CATEGORY,
            "sensitive_and_deep": interactions * SENSITIVE_AND_DEEP,
            "delivered_and_own_brand": interactions * DELIVERED_AND_OWN_BRAND,
            "fresh_and_expiring": interactions * FRESH_AND_EXPIRING,
            "after_drift": AFTER_DRIFT,
        },
        "shows_in": {
            "sensitive": "promo affinity: share of order lines that are promotional",
            "delivered": "business order ratio: share of orders through the channel `delivery`",
            "fresh_buyer": "fresh category ratio of the order lines",
            "known": "category affinity: bought in the offer's category before",
            "own_brand": "the item's own-brand flag",
            "deep": "discount depth",
            "expiring": "days until expiry, counted from the day of the impression",
        },
        "thresholds": {"deep_discount": DEEP, "expiring_days_left": LAST_DAYS},
        "auc_of_true_chances": round(auc_true, 4),
        "auc_of_best_linear_score": round(auc_linear, 4),
        "auc_margin": round(auc_true - auc_linear, 4),
        "mean_chance": round(float(true.mean()), 4),
    }


def expected_auc(score: FloatArray, chances: FloatArray) -> float:
    """The area under the ROC curve that is to be expected if each pair is positive with its chance; ties count half.

    >>> expected_auc(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    1.0
    """
    _, group = np.unique(score, return_inverse=True)
    positive = np.bincount(group, chances)
    negative = np.bincount(group, 1.0 - chances)
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def _best_linear_score(pairs: Columns, chances: FloatArray) -> FloatArray:
    """The logistic regression of the chances on the features, the match of sensitivity and discount among them."""
    sensitive = pairs["sensitive"].astype(float)
    features = [
        sensitive,
        pairs["delivered"],
        pairs["fresh_buyer"],
        pairs["known_category"],
        pairs["own_brand"],
        pairs["discount"],
        pairs["days_left"],
        pairs["cold"],
        np.where(sensitive > 0, pairs["discount"], 0.5 - pairs["discount"]),
    ]
    design = np.column_stack([np.ones(len(chances)), *features]).astype(float)
    weights = np.zeros(design.shape[1])
    for _ in range(8):
        fitted = 1.0 / (1.0 + np.exp(-design @ weights))
        curvature = (design * (fitted * (1 - fitted))[:, None]).T @ design + 1e-6 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, design.T @ (chances - fitted))
    score: FloatArray = design @ weights
    return score

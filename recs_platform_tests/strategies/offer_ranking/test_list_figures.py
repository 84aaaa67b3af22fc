"""What the day's lists are like, computed by hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from recs_platform.schemas.offer_ranking import CandidateFeatures, OfferRecommendations
from recs_platform.schemas.sources import Offers
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.list_figures import list_figures
from recs_platform_tests.strategies.offer_ranking.market import DAY

LENGTHS = (1, 3)


def test_lists_of_the_day_by_hand() -> None:
    """Three offers run tomorrow, when lists are shown. C1 is shown F1 F2, C2 F1; by rate F3 is first."""
    begun, tomorrow = DAY - timedelta(days=9), DAY + timedelta(days=1)
    running, begins = (begun, tomorrow), (tomorrow, tomorrow)
    over, ending, later = (begun, DAY - timedelta(days=1)), (begun, DAY), (tomorrow + timedelta(days=1),) * 2
    terms = {"F1": running, "F2": running, "F3": begins, "F4": over, "F5": ending, "F6": later}
    offers = spec_of(Offers).arrow_table(
        {"as_of": DAY, "offer_id": name, "item_id": "P", "discount": 0.1, "starts_on": first, "ends_on": last}
        for name, (first, last) in terms.items()
    )
    pairs = [("C1", "F1", True, 0.1), ("C1", "F2", False, 0.2), ("C1", "F3", False, 0.3), ("C2", "F1", True, 0.1)]
    pairs += [("C2", "F3", False, 0.3), ("C3", "F3", True, 0.3)]
    features = spec_of(CandidateFeatures).arrow_table(
        {
            "customer_id": customer,
            "offer_id": offer,
            "category": "Fish" if offer == "F1" else "Dairy",
            "bought_product_before": bought,
            "historical_redemption_rate": rate,
        }
        for customer, offer, bought, rate in pairs
    )
    shown = spec_of(OfferRecommendations).arrow_table(
        {"customer_id": customer, "rank": rank, "offer_id": offer, "category": category, "scored_by": "sha256:a"}
        for customer, rank, offer, category in [
            ("C1", 1, "F1", "Fish"),
            ("C1", 2, "F2", "Dairy"),
            ("C2", 1, "F1", "Fish"),
        ]
    )
    rows = list(list_figures(DAY, LENGTHS, offers, features, shown))
    first, third = ({row["name"]: row for row in rows if row["k"] == k} for k in LENGTHS)
    assert (first["coverage"]["value"], first["coverage"]["baseline"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert (third["coverage"]["value"], third["coverage"]["baseline"]) == (pytest.approx(2 / 3), 1.0)
    # C1 alone has two offers, of two categories; by rate C1 has Dairy, Dairy, Fish and C2 Dairy, Fish.
    assert (third["diversity"]["value"], third["diversity"]["sample_size"]) == (1.0, 1)
    assert third["diversity"]["baseline"] == pytest.approx((2 / 3 + 1) / 2)
    # Of three customers two know F1, none F2, one F3; one more is counted of each.
    assert first["novelty"]["value"] == pytest.approx(-np.log2(3 / 4))
    assert first["novelty"]["baseline"] == pytest.approx(-np.log2(2 / 4))
    assert third["novelty"]["value"] == pytest.approx(((-np.log2(3 / 4) + 2) / 2 - np.log2(3 / 4)) / 2)
    assert {row["digest"] for row in rows} == {"sha256:a"}

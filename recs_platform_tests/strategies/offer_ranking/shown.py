"""Offers that run and recommendations in memory, for tables that look back on a day.

Not here: candidates (market.py).
"""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from recs_platform.schemas.offer_ranking import OfferRecommendations
from recs_platform.schemas.sources import Offers
from recs_platform.schemas.table import spec_of

PLACES = 3


def offers_of(pairs: pa.Table, day: date) -> pa.Table:
    """All offers among the candidates, running since yesterday."""
    names = sorted({str(name) for name in pairs["offer_id"].to_pylist()})
    return spec_of(Offers).arrow_table(
        {
            "as_of": day,
            "offer_id": name,
            "item_id": f"P-{name}",
            "discount": 0.2,
            "starts_on": day - timedelta(days=1),
            "ends_on": day + timedelta(days=5),
        }
        for name in names
    )


def recommended(pairs: pa.Table, scores: pa.Table, day: date) -> pa.Table:
    """Each customer's three likeliest candidates, under no rule."""
    categories = {(row["customer_id"], row["offer_id"]): row["category"] for row in pairs.to_pylist()}
    rows, place = [], dict[str, int]()
    ordered = scores.sort_by([("probability", "descending"), ("offer_id", "ascending")])
    for row in ordered.to_pylist():
        customer, offer = row["customer_id"], row["offer_id"]
        place[customer] = place.get(customer, 0) + 1
        if place[customer] <= PLACES:
            same = {"as_of": day, "customer_id": customer, "offer_id": offer, "category": categories[customer, offer]}
            rows.append({**same, "rank": place[customer], "score": row["probability"], "scored_by": row["scored_by"]})
    return spec_of(OfferRecommendations).arrow_table(rows)

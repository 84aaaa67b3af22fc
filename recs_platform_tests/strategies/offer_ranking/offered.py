"""What offers cover and when they run, as the queries make it, for worlds in which each offer is on one item and runs
once."""

from __future__ import annotations

from datetime import date
from typing import Any

Row = dict[str, Any]


def offered(offers: list[Row], catalog: list[Row], shown_on: date) -> dict[str, list[Row]]:
    goods = {item["item_id"]: item for item in catalog}
    return {
        "offered_items": [{"offer_id": offer["offer_id"], "item_id": offer["item_id"]} for offer in offers],
        "goods_on_offer": [
            {
                "offer_id": offer["offer_id"],
                "items": 1,
                **{name: goods.get(offer["item_id"], {}).get(name) for name in ("price", "cost", "is_own_brand")},
                "category": goods.get(offer["item_id"], {}).get("category") or "unknown",
            }
            for offer in offers
        ],
        "offer_periods": [{**offer, "shown_on": shown_on} for offer in offers],
    }

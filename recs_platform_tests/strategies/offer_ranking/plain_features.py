"""The features of a customer and an offer as one would compute them by hand: loops over what happened before a day.

Written from the definitions alone. Nothing is added up in advance, and no day is looked at that is not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from math import log
from typing import Any

from recs_platform_tests.strategies.offer_ranking.feature_world import Row, Tables


def plain_features(world: Tables, customer: str, offer: Row, before: date, window: int, strength: float) -> Row:
    """What was known when the day `before` began."""
    return {
        **_of_customer(world, customer, before, window),
        **_of_offer(world, offer, before, window, strength),
        **_of_both(world, customer, offer, before, window),
    }


def plain_label(world: Tables, impression: Row, as_of: date) -> int | None:
    if impression["event_date"] + timedelta(days=7) > as_of:
        return None
    return int(
        any(
            timedelta(0) <= redemption["redeemed_at"] - impression["shown_at"] < timedelta(days=7)
            for redemption in world["redemptions"]
            if (redemption["customer_id"], redemption["offer_id"])
            == (impression["customer_id"], impression["offer_id"])
        )
    )


def _lines(world: Tables, before: date, window: int) -> list[Row]:
    return [
        event
        for event in world["events"]
        if event["event_name"] == "order_line"
        and event["customer_id"] is not None
        and before - timedelta(days=window) <= event["event_ts"].date() < before
    ]


def _item(world: Tables, item: str) -> Row:
    found = next((row for row in world["catalog"] if row["item_id"] == item), {})
    return {**dict.fromkeys(("price", "cost", "price_tier", "is_fresh", "is_own_brand")), **found}


def _category(world: Tables, item: str) -> str:
    return _item(world, item).get("category") or "unknown"


def _kind(world: Tables, customer: str) -> str | None:
    return next((row["business_type"] for row in world["customers"] if row["customer_id"] == customer), None)


def _units(line: Row) -> int:
    return 1 if line["quantity"] is None else line["quantity"]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _of_customer(world: Tables, customer: str, before: date, window: int) -> Row:
    lines = [line for line in _lines(world, before, window) if line["customer_id"] == customer]
    items = [_item(world, line["item_id"]) for line in lines if line["item_id"]]
    orders = {(line["event_date"], line["order_id"] or line["event_id"]) for line in lines}
    delivered = {
        (line["event_date"], line["order_id"] or line["event_id"])
        for line in lines
        if (line["channel"] or "").lower() == "delivery"
    }
    spread = Counter(_category(world, line["item_id"]) for line in lines if line["item_id"])
    shares = [count / len(items) for count in spread.values()]
    return {
        "business_type": _kind(world, customer),
        "recency_days": min(((before - line["event_date"]).days - 1 for line in lines), default=None),
        "frequency": len(orders),
        "monetary": sum(_units(line) * (line["unit_price"] or 0) for line in lines),
        "promo_affinity": _share(sum(line["is_promo"] is True for line in lines), len(lines)),
        "avg_basket_size": _share(len(lines), len(orders)),
        "avg_basket_quantity": _share(sum(map(_units, lines)), len(orders)),
        "tier2_purchase_ratio": _share(sum(item["price_tier"] == 2 for item in items), len(items)),
        "tier3_purchase_ratio": _share(sum(item["price_tier"] == 3 for item in items), len(items)),
        "fresh_category_ratio": _share(sum(item["is_fresh"] is True for item in items), len(items)),
        "business_order_ratio": _share(len(delivered), len(orders)),
        "category_entropy": -sum(share * log(share) for share in shares) if shares else None,
    }


def _of_offer(world: Tables, offer: Row, before: date, window: int, strength: float) -> Row:
    item = _item(world, offer["item_id"])
    price, cost = item["price"], item["cost"]
    left = None if price is None or cost is None else price * (1 - offer["discount"]) - cost

    def counted(rows: Iterable[Row]) -> Counter[str]:
        days = (before - timedelta(days=window), before - timedelta(days=1))
        return Counter(row["offer_id"] for row in rows if days[0] <= row["event_date"] <= days[1])

    shown, redeemed = counted(world["impressions"]), counted(world["redemptions"])
    everybody = _share(redeemed.total(), shown.total()) or 0
    own = offer["offer_id"]
    return {
        "category": _category(world, offer["item_id"]),
        "discount_depth": offer["discount"],
        "margin_impact": left / price if left is not None and price else None,
        "unit_margin": left,
        "days_until_expiry": (offer["ends_on"] - before).days + 1,
        "historical_redemption_rate": min((redeemed[own] + strength * everybody) / (shown[own] + strength), 1),
        "is_own_brand": item["is_own_brand"],
    }


def _of_both(world: Tables, customer: str, offer: Row, before: date, window: int) -> Row:
    everybodys = [line for line in _lines(world, before, window) if line["item_id"]]
    lines = [line for line in everybodys if line["customer_id"] == customer]
    category = _category(world, offer["item_id"])
    in_category = [line for line in lines if _category(world, line["item_id"]) == category]
    promo = [line["is_promo"] is True for line in _lines(world, before, window) if line["customer_id"] == customer]
    affinity = _share(sum(promo), len(promo))
    usual = _usual_discount(world, lines)
    deep = min(2 * offer["discount"], 1)
    return {
        "bought_product_before": any(line["item_id"] == offer["item_id"] for line in lines),
        "days_since_last_cat_purchase": min(
            ((before - line["event_date"]).days - 1 for line in in_category), default=None
        ),
        "category_affinity_score": _share(len(in_category), len(lines)),
        "discount_depth_vs_usual": None if usual is None else offer["discount"] - usual,
        "price_sensitivity_match": None if affinity is None else 1 - abs(affinity - deep),
        "business_type_match": _match(world, everybodys, _kind(world, customer), category),
    }


def _usual_discount(world: Tables, lines: list[Row]) -> float | None:
    """Of what was bought on promotion, at prices that are known."""
    promo = [line for line in lines if line["is_promo"] and line["unit_price"] is not None]
    priced = [line for line in promo if _item(world, line["item_id"])["price"]]
    list_prices = sum(_units(line) * _item(world, line["item_id"])["price"] for line in priced)
    paid = sum(_units(line) * line["unit_price"] for line in priced)
    return 1 - paid / list_prices if list_prices else None


def _match(world: Tables, lines: list[Row], kind: str | None, category: str) -> float | None:
    of_kinds: list[tuple[Any, str]] = [
        (_kind(world, line["customer_id"]), _category(world, line["item_id"])) for line in lines
    ]
    known = [(its_kind, its_category) for its_kind, its_category in of_kinds if its_kind]
    of_kind = [its_category for its_kind, its_category in known if its_kind == kind]
    everybodys = _share(sum(its_category == category for _, its_category in known), len(known))
    own = _share(of_kind.count(category), len(of_kind))
    return None if own is None or not everybodys else own / everybodys

"""The features of a customer and an offer as one would compute them by hand: loops over what happened before a day.

Written from the definitions alone. Nothing is added up in advance, and no day is looked at that is not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import log
from typing import Any

from recs_platform_tests.strategies.offer_ranking.feature_world import Row, Tables


def plain_features(world: Tables, customer: str, offer: Row, before: date, window: int, strength: float) -> Row:
    """What was known when the day `before` began."""
    period = _period(world, offer["offer_id"], before)
    return {
        **_of_customer(world, customer, before, window),
        **_of_offer(world, period, before, window, strength),
        **_of_both(world, customer, period, before, window),
        **_history_of_customer(world, customer, before, window, strength),
        **_history_of_both(world, customer, period, before, window),
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


def _period(world: Tables, offer_id: str, day: date) -> Row:
    """The newest period that holds the day; else the newest that is over, else the next."""
    periods = [row for row in world["offers"] if row["offer_id"] == offer_id]
    running = [row for row in periods if row["starts_on"] <= day <= row["ends_on"]]
    over = [row for row in periods if row["starts_on"] <= day]
    if running or over:
        return max(running or over, key=lambda row: row["starts_on"])
    return min(periods, key=lambda row: row["starts_on"])


def _items(world: Tables, offer_id: str) -> set[str]:
    named = {row["item_id"] for row in world["offers"] if row["offer_id"] == offer_id and row["item_id"]}
    return named | {row["item_id"] for row in world["offer_items"] if row["offer_id"] == offer_id}


def _category_of_offer(world: Tables, offer_id: str) -> str:
    """That of most items, a known one before the unknown, of equals the first by name."""
    counts = Counter(_category(world, item) for item in _items(world, offer_id))
    order = sorted(counts, key=lambda name: (name == "unknown", -counts[name], name))
    return order[0] if order else "unknown"


def _kind_of_offer(world: Tables, offer_id: str, day: date) -> str:
    return _period(world, offer_id, day)["kind"] or "unknown"


def _window(rows: Iterable[Row], before: date, window: int) -> list[Row]:
    return [row for row in rows if before - timedelta(days=window) <= row["event_date"] < before]


def _smoothed(redeemed: int, shown: int, everybody: float, strength: float) -> float:
    return min((redeemed + strength * everybody) / (shown + strength), 1)


def _history_of_customer(world: Tables, customer: str, before: date, window: int, strength: float) -> Row:
    shown, redeemed = (_window(world[name], before, window) for name in ("impressions", "redemptions"))
    own_shown, own = ([row for row in rows if row["customer_id"] == customer] for rows in (shown, redeemed))
    everybody = _share(len(redeemed), len(shown)) or 0
    return {
        "offers_shown": len(own_shown),
        "redemptions": len(own),
        "redemption_rate": _smoothed(len(own), len(own_shown), everybody, strength),
        "days_since_last_redemption": min(((before - row["event_date"]).days - 1 for row in own), default=None),
    }


def _history_of_both(world: Tables, customer: str, offer: Row, before: date, window: int) -> Row:
    shown, redeemed = (
        [row for row in _window(world[name], before, window) if row["customer_id"] == customer]
        for name in ("impressions", "redemptions")
    )
    known = {row["offer_id"] for row in world["offers"]}
    name, items = offer["offer_id"], _items(world, offer["offer_id"])
    lines = [row for row in _lines(world, before, window) if row["customer_id"] == customer and row["item_id"]]
    bought = [row for row in lines if row["item_id"] in items]
    kinds = [
        _kind_of_offer(world, row["offer_id"], row["event_date"]) if row["offer_id"] in known else "unknown"
        for row in redeemed
    ]
    return {
        "items_bought": len({row["item_id"] for row in bought}),
        "item_purchase_days": len({row["event_date"] for row in bought}),
        "days_since_last_item_purchase": min(((before - row["event_date"]).days - 1 for row in bought), default=None),
        "item_affinity_score": _share(len(bought), len(lines)),
        "times_shown": sum(row["offer_id"] == name for row in shown),
        "times_redeemed": sum(row["offer_id"] == name for row in redeemed),
        "redemptions_in_category": sum(
            _category_of_offer(world, row["offer_id"]) == _category_of_offer(world, name) for row in redeemed
        ),
        "redemptions_of_kind": kinds.count(offer["kind"] or "unknown"),
    }


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
    items = [_item(world, item) for item in _items(world, offer["offer_id"])]
    price, cost = (items[0]["price"], items[0]["cost"]) if len(items) == 1 else (None, None)
    known = price is not None and cost is not None and offer["discount"] is not None
    left = price * (1 - offer["discount"]) - cost if known else None
    brands = [item["is_own_brand"] for item in items if item["is_own_brand"] is not None]

    def counted(rows: Iterable[Row]) -> Counter[str]:
        days = (before - timedelta(days=window), before - timedelta(days=1))
        return Counter(row["offer_id"] for row in rows if days[0] <= row["event_date"] <= days[1])

    offered = {row["offer_id"] for row in world["offers"]}

    def rate(alike: Callable[[str, date], bool]) -> float:
        shown, redeemed = (
            sum(alike(row["offer_id"], row["event_date"]) for row in _window(world[name], before, window))
            for name in ("impressions", "redemptions")
        )
        return _smoothed(redeemed, shown, everybody, strength)

    def kind_of(name: str, day: date) -> str:
        return _kind_of_offer(world, name, day) if name in offered else "unknown"

    shown, redeemed = counted(world["impressions"]), counted(world["redemptions"])
    everybody = _share(redeemed.total(), shown.total()) or 0
    own = offer["offer_id"]
    return {
        "category": _category_of_offer(world, own),
        "discount_depth": offer["discount"],
        "margin_impact": left / price if left is not None and price else None,
        "unit_margin": left,
        "days_until_expiry": (offer["ends_on"] - before).days + 1,
        "historical_redemption_rate": min((redeemed[own] + strength * everybody) / (shown[own] + strength), 1),
        "is_own_brand": sum(brands) / len(brands) >= 0.5 if brands else None,
        "kind": offer["kind"] or "unknown",
        "items_on_offer": len(items),
        "offers_in_campaign": len(
            {
                row["offer_id"]
                for row in world["offers"]
                if (
                    row["campaign_id"] == offer["campaign_id"]
                    if offer["campaign_id"]
                    else row["campaign_id"] is None and row["starts_on"] == offer["starts_on"]
                )
            }
        ),
        "category_redemption_rate": rate(
            lambda name, _: _category_of_offer(world, name) == _category_of_offer(world, own)
        ),
        "kind_redemption_rate": rate(lambda name, day: kind_of(name, day) == (offer["kind"] or "unknown")),
    }


def _of_both(world: Tables, customer: str, offer: Row, before: date, window: int) -> Row:
    everybodys = [line for line in _lines(world, before, window) if line["item_id"]]
    lines = [line for line in everybodys if line["customer_id"] == customer]
    category = _category_of_offer(world, offer["offer_id"])
    in_category = [line for line in lines if _category(world, line["item_id"]) == category]
    promo = [line["is_promo"] is True for line in _lines(world, before, window) if line["customer_id"] == customer]
    affinity = _share(sum(promo), len(promo))
    usual = _usual_discount(world, lines)
    discount = offer["discount"]
    return {
        "bought_product_before": any(line["item_id"] in _items(world, offer["offer_id"]) for line in lines),
        "days_since_last_cat_purchase": min(
            ((before - line["event_date"]).days - 1 for line in in_category), default=None
        ),
        "category_affinity_score": _share(len(in_category), len(lines)),
        "discount_depth_vs_usual": None if usual is None or discount is None else discount - usual,
        "price_sensitivity_match": None
        if affinity is None or discount is None
        else 1 - abs(affinity - min(2 * discount, 1)),
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

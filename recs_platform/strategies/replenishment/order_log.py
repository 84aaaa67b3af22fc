"""Order lines as a log of baskets, and what the catalog says of its items, as `next_basket` reads them.

An order of which the whole quantity of an item came back does not hold it, as in `client_items`. Not here: what is made
of the log (`ranker.py`, `sources.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.features import ATTRIBUTES
from recs_platform.next_basket.log import BasketLog, places_of, read_log

_LINE = ("customer_id", "order_id", "item_id")
_OF_TRENDS = dict(zip(ATTRIBUTES, ("group_id", "brand", "price_band"), strict=True))


def log_of(order_lines: pa.Table, product_trends: pa.Table | None = None, alike: BasketLog | None = None) -> BasketLog:
    """What was ordered and kept, by day. The items of `product_trends` are known without an order, too: those that
    nobody bought yet stand among them. A part of the lines is numbered as the log of all is: `alike`."""
    items = [] if product_trends is None else [str(item) for item in product_trends["item_id"].to_pylist()]
    if alike is None:
        return read_log(_kept(order_lines), day="event_date", items=items)
    clients, of_all = ([str(name) for name in names.to_pylist()] for names in (alike.clients, alike.items))
    return read_log(_kept(order_lines), day="event_date", clients=clients, items=[*of_all, *items])


def attributes_of(product_trends: pa.Table, log: BasketLog) -> dict[str, Ints]:
    """A number per item of the log for its group, brand and price band; -1 where it has none. Nothing without a
    catalog: an attribute that no item has is left out."""
    place = places_of(product_trends["item_id"], log.items)
    known = place >= 0
    found = {}
    for name, column in _OF_TRENDS.items():
        numbers = np.full(len(log.items), -1)
        numbers[place[known]] = _numbered(product_trends[column])[known]
        if (numbers >= 0).any():
            found[name] = numbers
    return found


def _numbered(column: pa.ChunkedArray[Any]) -> Ints:
    """Of each row the place of its value among all, sorted; -1 without one."""
    values = pc.unique(column.drop_null()).sort()
    place: Ints = pc.index_in(column, value_set=values).fill_null(-1).to_numpy().astype(np.int64)
    return place


def _kept(order_lines: pa.Table) -> pa.Table:
    lines = order_lines.filter(pc.field("quantity") > 0).select([*_LINE, "event_date", "quantity"])
    returns = order_lines.filter(pc.field("returned") > 0)
    if not returns.num_rows:
        return lines
    # Few orders have a return: only theirs are looked up.
    is_touched = pc.is_in(lines["order_id"], value_set=pc.unique(returns["order_id"]))
    units = returns.group_by(list(_LINE)).aggregate([("returned", "sum")])
    touched = lines.filter(is_touched).join(units, list(_LINE), join_type="left outer")
    back: Any = touched["returned_sum"]
    kept = touched.filter(pc.greater(touched["quantity"], back.fill_null(0)))
    return pa.concat_tables([lines.filter(pc.invert(is_touched)), kept.select(lines.column_names)])

"""Small logs for tests: written by hand, or made up by hypothesis."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from recs_platform.next_basket.log import BasketLog, read_log
from recs_platform_tests.next_basket.plain import Histories


def log_of(histories: dict[int, list[set[int]]] | Histories, *, days: bool = False, items: int = 0) -> BasketLog:
    """A log in which client 3 is named "c03" and item 7 "i07", so that numbers are those of the histories as long as
    clients are 0, 1, 2 ...; basket n is bought on day 10 n."""
    rows = [
        (f"c{client:02}", f"{number:04}", f"i{item:02}", number, 10 * number)
        for client, baskets in histories.items()
        for number, basket in enumerate(baskets)
        for item in sorted(basket)
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    names = ("customer_id", "order_id", "item_id", "number", "day")
    types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64())
    table = pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})
    table = table.set_column(4, "day", table["day"].cast(pa.int32()).cast(pa.date32()))
    most = max([items, *(int(item[1:]) + 1 for item in table["item_id"].to_pylist())])
    return read_log(
        table,
        number="number",
        day="day" if days else None,
        clients=[f"c{client:02}" for client in histories],
        items=[f"i{item:02}" for item in range(most)],
    )


def histories_of(log: BasketLog) -> Histories:
    """The baskets of every client who has one."""
    return {
        int(client): [
            frozenset(log.lines_of(basket).tolist())
            for basket in range(log.first_basket[client], log.first_basket[client + 1])
        ]
        for client in np.flatnonzero(log.baskets > 0)
    }


baskets = st.frozensets(st.integers(0, 11), min_size=1, max_size=5)
worlds = st.lists(st.lists(baskets, min_size=1, max_size=7), min_size=1, max_size=7).map(lambda of: dict(enumerate(of)))
"""Some clients with some baskets of some items."""

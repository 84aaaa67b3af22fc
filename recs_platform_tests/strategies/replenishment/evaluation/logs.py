"""Order lines by hand, and a small made-up log in which some habits are planted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.strategies.catalogue import company_named

FIRST = date(2025, 1, 6)
"""A Monday."""
_TYPES = {"event_date": pa.date32(), "quantity": pa.int64(), "returned": pa.int64(), "spent_cents": pa.int64()}
_COLUMNS = ("event_date", "order_id", "customer_id", "item_id", "quantity", "returned", "spent_cents")

Line = tuple[int, str, str, str]
"""The day, counted from FIRST; the order, the client and the item."""


def order_lines(lines: Iterable[Line], returns: Iterable[Line] = ()) -> pa.Table:
    rows = [(*_named(line), 1, 0, 100) for line in lines] + [(*_named(line), 0, 1, 0) for line in returns]
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, _TYPES.get(name, pa.string())) for name, column in zip(_COLUMNS, columns, strict=True)]
    return pa.table(arrays, names=list(_COLUMNS))


def _named(line: Line) -> tuple[date, str, str, str]:
    day, order, client, item = line
    return FIRST + timedelta(days=day), order, client, item


def company(**parameters: object) -> Company:
    concord = company_named("concord")
    return concord.model_copy(update={"parameters": concord.parameters.model_copy(update=parameters)})


def habits(clients: int = 110, items: int = 40, weeks: int = 20, seed: int = 3) -> pa.Table:
    """Every client orders once a week, and each of its six favourites every second week: what it had last week it does
    not need, whatever it ordered most often. Besides, one thing at random."""
    rng = np.random.default_rng(seed)
    lines: list[Line] = []
    for client in range(clients):
        favourites = rng.choice(items, 6, replace=False)
        starts = int(rng.integers(0, 2))
        for week in range(starts, weeks):
            chosen = {*favourites[(week % 2) :: 2].tolist(), int(rng.integers(0, items))}
            if week < starts + 6:
                chosen.add(int(favourites[0]))  # so often that counting alone is misled later
            day = 7 * week + int(rng.integers(0, 5))
            lines += [(day, f"o{client}-{week}", f"c{client:03}", f"i{item:03}") for item in sorted(chosen)]
    return order_lines(lines)

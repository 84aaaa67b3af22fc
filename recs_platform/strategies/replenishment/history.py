"""The day's log of orders for version 4, and how its clients and items stand to those of the tables.

Read only where somebody is of version 4: whoever asks hands over the query. Not here: how order lines become a log
(`order_log.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.days import number_of
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.neighbours import Neighbours
from recs_platform.next_basket.sources import MEASURES, Near, Settings
from recs_platform.next_basket.taste import Attributes
from recs_platform.pipeline.frame_asset import QueryRunner
from recs_platform.process import cores
from recs_platform.strategies.replenishment.order_log import attributes_of, log_of
from recs_platform.warehouse.protocol import BoundQuery

TEMPORAL = tuple(f"{scale}_{measure}" for scale, measures in MEASURES.items() for measure in measures)
"""The names that `similar_clients` has for how version 4's neighbours are found."""


@dataclass(frozen=True, eq=False)
class History:
    log: BasketLog
    attributes: Attributes
    as_of: Ints
    """Per client, the first day that is not known: what is recommended is for the days from it on."""
    first_unknown: date


def read_history(day: date, order_lines: BoundQuery, product_trends: pa.Table, warehouse: QueryRunner) -> History:
    """All up to a day, that day included."""
    with warehouse.run(order_lines) as reader:
        log = log_of(reader.read_all(), product_trends)
    first_unknown = day + timedelta(days=1)
    as_of = np.full(len(log.clients), number_of(first_unknown))
    return History(log, attributes_of(product_trends, log), as_of, first_unknown)


def settings() -> Settings:
    return Settings(threads=cores())


def by_name(near: Near) -> dict[str, Neighbours]:
    return {f"{scale}_{measure}": found for (scale, measure), found in near.items()}


def near_of(found: dict[str, Neighbours]) -> Near:
    """Back from names."""
    scales = MEASURES.items()
    return {(scale, measure): found[f"{scale}_{measure}"] for scale, measures in scales for measure in measures}

"""What kind of things a client buys: the share of its lines in each group, brand and price band of the catalog.

Not here: the catalog itself; attributes come as one number per item, -1 where an item has none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recs_platform.next_basket.arrays import Floats, Ints, Singles, distinct, places
from recs_platform.next_basket.own import Own

Attributes = Mapping[str, Ints]
"""By name, such as group, brand and price_band; an array with a number per item."""


def shares(own: Own, attribute: Ints, client: Ints, item: Ints, weight: Floats | Ints | None = None) -> Singles:
    """Of each client's lines with the attribute, the share that agrees with the item's; NaN for items without it."""
    weight = own.count if weight is None else weight
    values = int(attribute.max(initial=-1)) + 1
    known = attribute[own.item] >= 0
    key = own.client[known] * values + attribute[own.item[known]]
    keys = distinct(key)
    sums = np.bincount(np.searchsorted(keys, key), weight[known], minlength=len(keys))
    total = np.bincount(own.client[known], weight[known], minlength=len(own.log.clients))
    at = places(keys, client * values + attribute[item])
    share = np.where(at >= 0, np.append(sums, 0.0)[at] / np.maximum(total[client], 1e-12), 0.0)
    return np.where(attribute[item] >= 0, share, np.nan).astype(np.float32)

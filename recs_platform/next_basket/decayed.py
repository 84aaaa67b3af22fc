"""How much each basket of a client still weighs: the newer, the more. And what each client's vector of items is then.

By baskets it is the scheme of TIFU-KNN (Hu et al. 2020): baskets stand in groups, counted from the newest one, so the
oldest group may be short. A basket weighs less in its group the older it is, and a group less the older it is; both are
averages. By days it is a half-life. Not here: who is near whom (`neighbours.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recs_platform.next_basket.arrays import Floats, Ints
from recs_platform.next_basket.log import BasketLog


@dataclass(frozen=True)
class Decay:
    """A weight of 0.5 in the group halves with each basket. One group of all baskets is plain decay."""

    in_group: float
    between_groups: float
    group: int


def by_baskets(log: BasketLog, decay: Decay) -> Floats:
    """The weight of each basket in its client's vector.

    Three baskets in groups of two: the newest two are averaged, the oldest is a group of its own.

    >>> import pyarrow as pa
    >>> none = np.zeros(0, dtype=np.int64)
    >>> log = BasketLog(pa.array(["a"]), pa.array([], pa.string()), np.array([0, 0, 0]), none, none)
    >>> by_baskets(log, Decay(0.5, 0.8, 2)).tolist()
    [0.4, 0.125, 0.25]
    """
    baskets = log.baskets[log.basket_client]
    groups = -(-baskets // decay.group)
    group, place = np.divmod(log.age, decay.group)
    size = np.where(group == groups - 1, baskets - (groups - 1) * decay.group, decay.group)
    weights: Floats = decay.in_group**place * decay.between_groups**group / size / groups
    return weights


def by_days(log: BasketLog, as_of: Ints, half_life: float) -> Floats:
    """Per basket, as of a day of each client; 1 on that day, one half `half_life` days before."""
    if log.basket_day is None:
        raise ValueError("this log has no days")
    weights: Floats = 0.5 ** ((as_of[log.basket_client] - log.basket_day) / half_life)
    return weights

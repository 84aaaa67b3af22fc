"""The day's clients and items as numbers, for what is computed in Python.

Names are numbered in their order, so that what is equal is decided by names, whatever the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from recs_platform.next_basket.alike import Habits
from recs_platform.next_basket.arrays import Ints, Singles
from recs_platform.next_basket.log import places_of

Names: TypeAlias = "pa.ChunkedArray[Any]"
_LONG_AGO, _MOST_COUNTED = 2_047, 8_190


@dataclass(frozen=True, eq=False)
class Clients:
    names: Names
    """All who have ordered, sorted."""
    active: Ints
    """Those who get a list."""
    habits: Habits
    known: sp.csr_matrix
    """Clients by items: 1 where a client ever ordered an item, also where all was sent back."""
    strength: sp.csr_matrix
    """The same, of what was kept: how much of a habit it is. By orders, those of the newest `trend_days` and those of
    the season once more; of as many, the more the later the last one was."""

    def active_of(self, wanted: Names) -> Ints:
        """Those of some clients who get a list."""
        return np.intersect1d(self.active, places_of(wanted, self.names.combine_chunks()))


def read_clients(client_items: pa.Table, client_profiles: pa.Table, items: Names) -> Clients:
    """`items` are those that count as alike, sorted."""
    profiles = client_profiles.sort_by("customer_id")
    names, active = _names_and_active(profiles)
    day, last = (profiles[name].cast(pa.int32()).to_numpy() for name in ("as_of", "last_ordered_on"))
    client = places_of(client_items["customer_id"], names.combine_chunks())
    item = places_of(client_items["item_id"], items.combine_chunks())
    counts = np.asarray(client_items["orders"].to_numpy(), dtype=np.float32)
    # Sorted once for all matrices: a client and an item stand together once.
    there = np.flatnonzero((client >= 0) & (item >= 0))
    there = there[np.argsort(client[there] * max(1, len(items)) + item[there])]
    kept = there[counts[there] > 0]

    def matrix(values: Singles, rows: Ints) -> sp.csr_matrix:
        first = np.searchsorted(client[rows], np.arange(len(names) + 1))
        return sp.csr_matrix((values[rows], item[rows], first), shape=(len(names), len(items)))

    habits = Habits(
        matrix(counts, kept),
        np.asarray(day - last, dtype=np.int64),
        np.asarray(profiles["orders"].to_numpy(), dtype=np.int64),
    )
    return Clients(names, active, habits, matrix(np.ones_like(counts), there), matrix(_strength(client_items), kept))


def _strength(client_items: pa.Table) -> Singles:
    """Two whole numbers as one, which 32 bits hold."""
    counted = (np.asarray(client_items[f"{of}orders"].to_numpy()) for of in ("", "recent_", "season_"))
    orders = np.minimum(sum(counted), _MOST_COUNTED)
    lately = np.maximum(_LONG_AGO - np.asarray(client_items["days_since"].to_numpy()), 0)
    strength: Singles = (orders * (_LONG_AGO + 1) + lately).astype(np.float32)
    return strength


def read_active(client_profiles: pa.Table) -> tuple[Names, Ints]:
    """The names of all who have ordered, sorted, and the places of those who get a list."""
    return _names_and_active(client_profiles.sort_by("customer_id"))


def _names_and_active(profiles: pa.Table) -> tuple[Names, Ints]:
    is_active = np.asarray(profiles["is_active"].to_numpy(), dtype=np.bool_)
    return profiles["customer_id"], np.flatnonzero(is_active)


def ordered(client_items: pa.Table) -> Names:
    """The items that anybody ordered, sorted."""
    return client_items.group_by("item_id").aggregate([]).sort_by("item_id")["item_id"]


def sold(product_trends: pa.Table) -> Names:
    """The items that may be recommended, sorted."""
    return product_trends.filter(~pc.field("is_discontinued")).sort_by("item_id")["item_id"]

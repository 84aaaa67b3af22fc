"""What everybody buys: of all baskets and clients, and of the recent ones. And how items are bought: again or once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recs_platform.next_basket.arrays import Floats, over
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.own import Own

RECENT_DAYS = 28
RECENT_BASKETS = 3
"""Of each client, where there are no days."""


@dataclass(frozen=True, eq=False)
class Popularity:
    """Per item."""

    baskets: Floats
    """The share of baskets that hold it."""
    recent: Floats
    """The share of recent baskets that hold it."""
    clients: Floats
    """The share of clients who ever bought it."""
    bought_again: Floats
    """Of the clients who bought it, the share who did so in more than one basket; NaN where nobody bought it."""
    gap: Floats
    """The mean number of baskets from one purchase to the client's next one; NaN where nobody bought it again."""


def popularity(own: Own, as_of_day: int | None = None) -> Popularity:
    """As of a day; without one, as of the end of the log."""
    log, items = own.log, len(own.log.items)
    recent = _recent(log, as_of_day)
    buyers = np.bincount(own.item, minlength=items)
    again = np.bincount(own.item, own.count > 1, minlength=items)
    spans = log.number[own.last_basket] - log.number[own.earliest_basket]
    gaps = np.bincount(own.item, own.count - 1, minlength=items)
    return Popularity(
        np.bincount(log.line_item, minlength=items) / max(1, len(log.basket_client)),
        np.bincount(log.line_item, recent[log.line_basket], minlength=items) / max(1, int(recent.sum())),
        buyers / max(1, int((log.baskets > 0).sum())),
        over(again, buyers),
        over(np.bincount(own.item, spans, minlength=items), gaps),
    )


def _recent(log: BasketLog, as_of_day: int | None) -> Floats:
    if log.basket_day is None:
        return (log.age < RECENT_BASKETS).astype(np.float64)
    end = int(log.basket_day.max(initial=0)) + 1 if as_of_day is None else as_of_day
    recent: Floats = (log.basket_day >= end - RECENT_DAYS).astype(np.float64)
    return recent

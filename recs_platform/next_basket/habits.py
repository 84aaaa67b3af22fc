"""How a client buys, whatever it buys: how often, how much, how varied, and how much of it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recs_platform.next_basket.arrays import Bools, Floats, Ints, over
from recs_platform.next_basket.own import Own


@dataclass(frozen=True, eq=False)
class Habits:
    """Per client; NaN where a client has too few baskets to say."""

    baskets: Ints
    basket_size: Floats
    last_size: Floats
    items: Ints
    """How many different ones it ever bought."""
    variety: Floats
    """Different items over all lines: 1 who never buys anything again."""
    bought_again: Floats
    """Of the lines of its baskets after the first, the share of items that it had bought before."""
    gap_days: Floats
    days_since: Floats
    """From its last basket to the day as of which is predicted."""
    history_days: Floats


def habits(own: Own, as_of: Ints | None) -> Habits:
    log, clients = own.log, len(own.log.clients)
    lines = np.bincount(log.line_client, minlength=clients)
    items = np.diff(own.first_pair)
    there = log.baskets > 0
    first, last = log.first_basket[:-1][there], log.first_basket[1:][there] - 1
    last_size, first_size = _spread(log.basket_size[last], there), _spread(log.basket_size[first], there)
    gap = days_since = history = np.full(clients, np.nan)
    if log.basket_day is not None and as_of is not None:
        days_since = _spread(as_of[there] - log.basket_day[last], there)
        history = _spread(as_of[there] - log.basket_day[first], there)
        gap = over(_spread(log.basket_day[last] - log.basket_day[first], there), log.baskets - 1)
    return Habits(
        log.baskets,
        over(lines, log.baskets),
        last_size,
        items,
        over(items, lines),
        over(lines - items, lines - first_size),
        gap,
        days_since,
        history,
    )


def _spread(values: Ints, there: Bools) -> Floats:
    of = np.full(len(there), np.nan)
    of[there] = values
    return of

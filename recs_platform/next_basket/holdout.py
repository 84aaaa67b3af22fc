"""How a log is divided into what is known and what is to be predicted.

What a client bought and is predicted is its target. A holdout of the last basket is that of the literature: the day of
the target is not known, and everybody's last basket is left out, so that no client is judged by what another bought
later. A holdout of a week asks what a client buys in it, given all that anybody bought before. Not here: measures
(`lists.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from recs_platform.next_basket.arrays import Bools, Ints, distinct, parts
from recs_platform.next_basket.log import BasketLog

WEEK = 7


@dataclass(frozen=True, eq=False)
class Holdout:
    history: BasketLog
    clients: Ints
    """Who has a target and a history, in order."""
    target_client: Ints
    target_item: Ints
    """Pairs of client and item, in order, each once."""
    as_of: Ints | None
    """Per client of the log, the day on which is predicted; None where the log has no days."""

    @cached_property
    def is_repeat(self) -> Bools:
        """Of each target, whether the client had bought the item before."""
        width, log = max(1, len(self.history.items)), self.history
        theirs = np.isin(log.basket_client, self.clients)[log.line_basket]
        bought = log.line_client[theirs] * width + log.line_item[theirs]
        return np.isin(self.target_client * width + self.target_item, bought)

    def of(self, clients: Ints) -> Holdout:
        """The same history; only these clients are judged."""
        kept = self.clients[np.isin(self.clients, clients)]
        rows = np.isin(self.target_client, kept)
        return replace(self, clients=kept, target_client=self.target_client[rows], target_item=self.target_item[rows])


def last_basket(log: BasketLog, *, back: int = 1) -> Holdout:
    """Everybody's last basket is the target; `back` of 2 takes the one before it, and forgets the last. Of clients with
    too few baskets to have a history before it, what there is stays known, less what is forgotten.

    As nothing is known of the target's day, predictions are as of the client's last known basket.
    """
    target = (log.age == back - 1) & (log.number > 0)
    known = (log.age >= back) | ((log.number == 0) & (log.age == back - 1))
    history = log.keep(known)
    as_of = None
    if history.basket_day is not None:
        as_of = np.full(len(log.clients), int(history.basket_day.max(initial=0)))
        as_of[history.basket_client] = history.basket_day  # the last one stays
    return _holdout(log, history, target, as_of)


def week(log: BasketLog, first_day: int, days: int = WEEK, history: BasketLog | None = None) -> Holdout:
    """What is bought in the days from `first_day` on is the target, and all before it the history; or another history
    of the same clients and items, such as one that knows of no order that was sent back later."""
    if log.basket_day is None:
        raise ValueError("this log has no days: hold out the last basket")
    target = (log.basket_day >= first_day) & (log.basket_day < first_day + days)
    known = log.keep(log.basket_day < first_day) if history is None else history
    return _holdout(log, known, target, np.full(len(log.clients), first_day))


def newest_weeks(log: BasketLog, count: int) -> list[Holdout]:
    """Each of the newest weeks, the oldest first; the last one ends with the last day of the log."""
    if log.basket_day is None:
        raise ValueError("this log has no days: hold out the last basket")
    end = int(log.basket_day.max()) + 1
    return [week(log, end - WEEK * back) for back in range(count, 0, -1)]


def _holdout(log: BasketLog, history: BasketLog, target: np.ndarray, as_of: Ints | None) -> Holdout:
    lines = target[log.line_basket] & (history.baskets[log.line_client] > 0)
    width = max(1, len(log.items))
    client, item = parts(distinct(log.line_client[lines] * width + log.line_item[lines]), width)
    return Holdout(history, distinct(client), client, item, as_of)

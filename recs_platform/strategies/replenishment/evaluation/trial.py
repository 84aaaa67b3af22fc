"""What is kept from every method, and what each is told: last baskets as in the literature, or the newest weeks.

**Weeks.** On the eve of each week all is known that was ordered by then, and not what was sent back later. Versions see
as much of it as the weekly run does (`history_days`), and who gets no list because it is not active is not judged. The
model is trained on targets before the first week.

**Last baskets.** Everybody's last basket is kept back. Nobody knows its day, so each client's days are moved: its last
known basket is of one day with everybody's, and versions see all that came before.

Not here: lists (`ranked.py`) and figures (`figures.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.days import day_of, number_of
from recs_platform.next_basket.holdout import WEEK, Holdout, last_basket, week
from recs_platform.next_basket.log import BasketLog
from recs_platform.strategies.replenishment.evaluation.split import Split
from recs_platform.strategies.replenishment.order_log import log_of
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters


@dataclass(frozen=True, eq=False)
class Kept:
    """Purchases that were kept back, and what is known without them."""

    holdout: Holdout
    """The clients of the test, and the history that baselines and published methods see."""
    seen: BasketLog
    """What versions see of it."""
    as_of: date
    """The day on which lists are made: the last that is known."""
    order_lines: pa.Table
    """What versions see, as the platform's queries read it."""
    are_weeks: bool

    @property
    def first_day(self) -> date:
        return self.as_of + timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Trial:
    split: Split
    tuning: Holdout
    """On which published methods are tuned: targets of validation clients."""
    learned: BasketLog
    """What the model may learn from, whole."""
    learned_until: date | None
    """The first day that it does not know; None where only the order of baskets counts."""
    parts: Sequence[Kept]
    """Read one after the other: each is made when it is asked for."""


def last_baskets(log: BasketLog, split: Split) -> Trial:
    holdout = last_basket(log)
    history = holdout.history
    as_of = day_of(0 if history.basket_day is None else history.basket_day.max(initial=0))
    lines = _moved_lines(history, as_of)
    kept = Kept(holdout.of(split.test), history, as_of, lines, are_weeks=False)
    return Trial(split, holdout.of(split.validation), history, None, [kept])


def weeks(
    order_lines: pa.Table, log: BasketLog, split: Split, parameters: ReplenishmentParameters, count: int, end: date
) -> Trial:
    """The newest `count` weeks up to the day `end`, the oldest first."""
    first_days = [end + timedelta(days=1 - WEEK * back) for back in range(count, 0, -1)]
    before = first_days[0] - timedelta(days=WEEK)
    tuning = _week(order_lines, log, before)
    learned = _recent(_known(order_lines, log, first_days[0]), first_days[0], parameters)
    parts = _Weeks(order_lines, log, split, parameters, first_days)
    return Trial(split, tuning.of(split.validation), learned, first_days[0], parts)


@dataclass(frozen=True, eq=False)
class _Weeks(Sequence[Kept]):
    order_lines: pa.Table
    log: BasketLog
    split: Split
    parameters: ReplenishmentParameters
    first_days: list[date]

    def __len__(self) -> int:
        return len(self.first_days)

    def __getitem__(self, number: Any) -> Any:
        first = self.first_days[number]
        holdout = _week(self.order_lines, self.log, first)
        seen = _recent(holdout.history, first, self.parameters)
        since = number_of(first) - self.parameters.active_window_days
        active = np.zeros(len(self.log.clients), dtype=np.bool_)
        assert seen.basket_day is not None  # noqa: S101  (order lines have days)
        active[seen.basket_client[seen.basket_day >= since]] = True
        judged = holdout.of(np.intersect1d(self.split.test, np.flatnonzero(active)))
        lines = _between(self.order_lines, first - timedelta(days=self.parameters.history_days), first)
        return Kept(judged, seen, first - timedelta(days=1), lines, are_weeks=True)

    def __iter__(self) -> Iterator[Kept]:
        return (self[number] for number in range(len(self)))


def _week(order_lines: pa.Table, log: BasketLog, first: date) -> Holdout:
    return week(log, number_of(first), history=_known(order_lines, log, first))


def _known(order_lines: pa.Table, log: BasketLog, first: date) -> BasketLog:
    return log_of(_between(order_lines, None, first), alike=log)


def _recent(log: BasketLog, first: date, parameters: ReplenishmentParameters) -> BasketLog:
    assert log.basket_day is not None  # noqa: S101  (order lines have days)
    return log.keep(log.basket_day >= number_of(first) - parameters.history_days)


def _between(order_lines: pa.Table, first: date | None, end: date) -> pa.Table:
    """From a day on, and before another."""
    kept = pc.field("event_date") < pa.scalar(end, pa.date32())
    if first is not None:
        kept = kept & (pc.field("event_date") >= pa.scalar(first, pa.date32()))
    return order_lines.filter(kept)


def _moved_lines(history: BasketLog, as_of: date) -> pa.Table:
    """The log as order lines, each client's days moved so that its last basket is of the day."""
    days: Ints = np.zeros(len(history.basket_client), dtype=np.int64)
    if history.basket_day is not None:
        last = np.zeros(len(history.clients), dtype=np.int64)
        last[history.basket_client] = history.basket_day  # the last one stays
        days = number_of(as_of) - last[history.basket_client] + history.basket_day
    basket, ones = history.line_basket, np.ones(len(history.line_basket), dtype=np.int64)
    columns: dict[str, Any] = {
        "event_date": pa.array(days[basket].astype(np.int32)).cast(pa.date32()),
        "order_id": pa.array(basket).cast(pa.string()),
        "customer_id": history.clients.take(history.line_client),
        "item_id": history.items.take(history.line_item),
        "quantity": ones,
        "returned": 0 * ones,
        "spent_cents": 0 * ones,
    }
    return pa.table(columns)

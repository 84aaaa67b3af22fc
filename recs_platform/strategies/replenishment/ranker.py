"""What version 4 learns from and how: past targets, and the settings of its trees. The task is in `task.py`.

The platform trains by it, and so does the evaluation, which registers nothing. Not here: candidates and features
(`next_basket/`), and when a day trains (`training.py`).

**Targets.** Where days are known, a target is what was bought in a window of whole weeks, given all that anybody bought
before: that is the question which a weekly list answers, and features in days mean the same there as on the day that is
scored. As of its last basket every client has just bought. The window is a week; where so few order within a week that
there is little to learn from, it is two, four or eight. Where only the order of baskets is known, the targets are
everybody's last baskets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.models.sampling import draws
from recs_platform.models.settings import SampledSettings
from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.days import number_of
from recs_platform.next_basket.examples import TARGET, examples
from recs_platform.next_basket.holdout import WEEK, Holdout, last_basket, week
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.sources import Settings
from recs_platform.next_basket.taste import Attributes

TARGETS = 3
"""Of each client, at most: older ones teach less than they cost."""
MOST_CLIENTS = 4_000
"""Who teach, stop and judge: of more, as many are drawn."""
WIDTHS = (1, 2, 4, 8)
"""Weeks of a target."""
ENOUGH = 1_000
"""Targets from which a window need not be wider."""
HISTORY_DAYS = 28
"""Before a target: with less, nobody has habits yet."""
STRAY = 0.01
"""Of baskets, those that may be older than history is: a wrong date makes no history."""


def fit_settings(seed: int = 1) -> SampledSettings:
    """Of what was not bought ten times as much as was: all of it takes twice as long and orders no better."""
    return SampledSettings(
        negatives_per_positive=10, seed=seed, learning_rate=0.1, leaves=15, most_trees=400, patience=40
    )


def holdouts_to_learn_from(log: BasketLog, day: date | None, targets: int = TARGETS) -> list[Holdout]:
    """Past targets of a log that holds what is known, and nothing of what is to be judged; the newest first. `day` is
    the first day that is not known; without one, or without days, last baskets. None where there is too little history.
    """
    if day is None or log.basket_day is None:
        return [last_basket(log, back=back) for back in range(1, 1 + targets)]
    if not len(log.basket_day):
        return []
    end, first = number_of(day), int(np.quantile(log.basket_day, STRAY, method="lower"))
    found: list[Holdout] = []
    for weeks in WIDTHS:
        days = WEEK * weeks
        possible = (end - first - HISTORY_DAYS) // days
        if possible < 1:
            break
        count = min(targets, possible)
        found = [week(log, end - days * back, days) for back in range(1, 1 + count)]
        lists = sum(len(one.clients) for one in found)
        if lists >= ENOUGH or 2 * lists >= count * int((log.baskets > 1).sum()):
            break
    return found


def examples_of(
    log: BasketLog,
    holdouts: list[Holdout],
    splits: Mapping[str, Ints] | None,
    attributes: Attributes | None = None,
    settings: Settings | None = None,
    *,
    most_clients: int = MOST_CLIENTS,
) -> pa.Table:
    """Labelled candidates as `TASK` wants them. `splits` names clients by number: train, validation and test; without
    it all learn, and the task's own rule shares them out. Of more than `most_clients` in a split as many are drawn, by
    their names."""
    judged = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(one.clients for one in holdouts)]))
    wanted = {"train": judged} if splits is None else {name: np.intersect1d(of, judged) for name, of in splits.items()}
    drawn = {name: _drawn(log, of, most_clients) for name, of in wanted.items()}
    table = examples(holdouts, drawn, settings or Settings(), attributes, most_clients=most_clients)
    from_day = [_first_day(one, number) for number, one in enumerate(holdouts)]
    columns: dict[str, Any] = {
        "target_from": pa.array(np.array(from_day, dtype="datetime64[D]")[table[TARGET].to_numpy()]),
        "example": pa.array(np.arange(len(table))),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _drawn(log: BasketLog, clients: Ints, most: int) -> Ints:
    if len(clients) <= most:
        return clients
    draw = draws(log.clients.take(clients).to_pylist(), "examples")
    return np.sort(clients[np.lexsort((clients, draw))[:most]])


def _first_day(holdout: Holdout, number: int) -> int:
    """Of a target whose day is not known, one that keeps the order of targets."""
    if holdout.history.basket_day is None or holdout.as_of is None:
        return -number
    return int(holdout.as_of.max(initial=0))

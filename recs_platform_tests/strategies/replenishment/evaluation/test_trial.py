"""What is kept back, and what nobody is told of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from recs_platform.strategies.replenishment.evaluation.split import split_by_hash
from recs_platform.strategies.replenishment.evaluation.trial import Kept, Trial, last_baskets, weeks
from recs_platform.strategies.replenishment.order_log import log_of
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform_tests.strategies.replenishment.evaluation.logs import FIRST, Line, order_lines

END = FIRST + timedelta(days=34)


def of_weeks(lines: pa.Table, count: int = 1, **parameters: int) -> Trial:
    log = log_of(lines)
    return weeks(lines, log, split_by_hash(log.clients), ReplenishmentParameters(**parameters), count, END)


def wanted(kept: Kept) -> set[tuple[str, str]]:
    log, holdout = kept.holdout.history, kept.holdout
    pairs = zip(holdout.target_client.tolist(), holdout.target_item.tolist(), strict=True)
    return {(str(log.clients[client]), str(log.items[item])) for client, item in pairs}


def known_items(kept: Kept) -> dict[str, set[str]]:
    log = kept.seen
    found: dict[str, set[str]] = {}
    for client, item in zip(log.line_client.tolist(), log.line_item.tolist(), strict=True):
        found.setdefault(str(log.clients[client]), set()).add(str(log.items[item]))
    return found


LINES: list[Line] = [
    (0, "o1", "ann", "bread"),
    (20, "o2", "ann", "milk"),
    (28, "o3", "ann", "soap"),
    (34, "o4", "ann", "tea"),
    (27, "o5", "bob", "tea"),
    (30, "o6", "bob", "bread"),
    (31, "o7", "new", "bread"),
]


def test_a_week_is_predicted_from_all_that_was_ordered_before_it() -> None:
    (kept,) = of_weeks(order_lines(LINES)).parts
    assert kept.first_day == FIRST + timedelta(days=28)
    assert wanted(kept) == {("ann", "soap"), ("ann", "tea"), ("bob", "bread")}
    assert known_items(kept) == {"ann": {"bread", "milk"}, "bob": {"tea"}}
    assert max(kept.order_lines["event_date"].to_pylist()) < kept.first_day
    assert kept.order_lines.num_rows == 3


def test_weeks_come_the_oldest_first_and_each_knows_the_one_before() -> None:
    first, second = of_weeks(order_lines(LINES), 2).parts
    assert first.first_day == FIRST + timedelta(days=21)
    assert wanted(first) == set()
    assert known_items(first) == {"ann": {"bread", "milk"}}
    assert known_items(second)["bob"] == {"tea"}


def test_what_came_back_later_was_known_as_ordered_until_then() -> None:
    back: list[Line] = [(32, "o2", "ann", "milk")]
    (kept,) = of_weeks(order_lines(LINES, back)).parts
    assert known_items(kept)["ann"] == {"bread", "milk"}
    earlier: list[Line] = [(25, "o2", "ann", "milk")]
    (kept,) = of_weeks(order_lines(LINES, earlier)).parts
    assert known_items(kept)["ann"] == {"bread"}


def test_versions_see_as_far_back_as_the_weekly_run() -> None:
    (kept,) = of_weeks(order_lines(LINES), history_days=28).parts
    assert known_items(kept)["ann"] == {"bread", "milk"}
    (kept,) = of_weeks(order_lines(LINES), history_days=27).parts
    assert known_items(kept)["ann"] == {"milk"}
    assert min(kept.order_lines["event_date"].to_pylist()) == FIRST + timedelta(days=20)
    # Methods that the platform does not run see all there is.
    assert kept.holdout.history.baskets.sum() == 3


def test_who_is_not_active_is_not_judged() -> None:
    lines = [*LINES, (3, "o8", "zed", "bread"), (33, "o9", "zed", "bread")]
    (kept,) = of_weeks(order_lines(lines), active_window_days=25).parts
    assert ("zed", "bread") in wanted(kept)
    (kept,) = of_weeks(order_lines(lines), active_window_days=24).parts
    assert ("zed", "bread") not in wanted(kept)
    assert ("ann", "tea") in wanted(kept)


def test_the_model_learns_and_methods_are_tuned_before_the_first_week() -> None:
    many = ((day, f"{client}{day}", f"c{client}", "bread") for client in range(40) for day in range(0, 35, 3))
    trial = of_weeks(order_lines(many), 2)
    first = FIRST + timedelta(days=21)
    assert trial.learned_until == first == trial.parts[0].first_day
    assert trial.learned.basket_day is not None
    assert trial.learned.basket_day.max() < (first - date(1970, 1, 1)).days
    history = trial.tuning.history.basket_day
    assert history is not None
    assert history.max() < (first - date(1970, 1, 1)).days - 7
    assert trial.tuning.clients.tolist() == trial.split.validation.tolist()
    assert not np.isin(trial.parts[0].holdout.clients, trial.split.validation).any()


def test_last_baskets_are_kept_back_and_the_ones_before_lie_on_one_day() -> None:
    log = log_of(order_lines(LINES))
    trial = last_baskets(log, split_by_hash(log.clients))
    (kept,) = trial.parts
    assert wanted(kept) == {("ann", "tea"), ("bob", "bread")}
    assert known_items(kept) == {"ann": {"bread", "milk", "soap"}, "bob": {"tea"}, "new": {"bread"}}
    days: dict[str, list[date]] = {}
    for row in kept.order_lines.to_pylist():
        days.setdefault(row["customer_id"], []).append(row["event_date"])
    last = kept.as_of
    assert {client: max(of) for client, of in days.items()} == {"ann": last, "bob": last, "new": last}
    assert sorted(last - day for day in days["ann"]) == [timedelta(days=n) for n in (0, 8, 28)]
    assert trial.learned_until is None
    assert trial.learned is kept.seen

"""What version 4 learns from: which targets, nothing of them known, and that the platform's training takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.by_groups import GivenGroups
from recs_platform.models.data import Examples, examples
from recs_platform.models.provenance import Provenance, content_hash
from recs_platform.models.training import Training, train
from recs_platform.next_basket.days import day_of, number_of
from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.log import BasketLog
from recs_platform.strategies.replenishment import order_log
from recs_platform.strategies.replenishment.ranker import examples_of, fit_settings, holdouts_to_learn_from
from recs_platform.strategies.replenishment.task import TASK
from recs_platform_tests.next_basket.experiment_worlds import made_up
from recs_platform_tests.next_basket.worlds import log_of
from recs_platform_tests.slow import takes_seconds


def regular(gap: int, clients: int = 20, baskets: int = 12) -> BasketLog:
    """Everybody buys every `gap` days, each on days of its own."""
    log = log_of({client: [{client % 5, number % 7} for number in range(baskets)] for client in range(clients)})
    return replace(log, basket_day=log.number * gap + 3 * log.basket_client % gap)


def day_after(log: BasketLog) -> date:
    assert log.basket_day is not None
    return day_of(log.basket_day.max() + 1)


def windows(log: BasketLog, targets: int = 3) -> list[int]:
    """How many days before the end each target begins."""
    end = number_of(day_after(log))
    found = holdouts_to_learn_from(log, day_after(log), targets)
    return [end - int(one.as_of.max()) for one in found if one.as_of is not None]


def test_targets_are_the_newest_weeks() -> None:
    assert windows(regular(gap=5)) == [7, 14, 21]
    assert windows(regular(gap=5), targets=1) == [7]


def test_where_few_order_within_a_week_a_target_is_wider() -> None:
    assert windows(regular(gap=20)) == [14, 28, 42]
    assert windows(regular(gap=80)) == [56, 112, 168]


def test_many_who_order_rarely_are_enough_for_weeks() -> None:
    assert windows(regular(gap=60, clients=4000, baskets=6)) == [7, 14, 21]


def test_a_target_has_a_history_before_it() -> None:
    assert windows(regular(gap=5, baskets=9)) == [7, 14]
    assert windows(regular(gap=5, baskets=6)) == []


def test_a_stray_date_makes_no_history() -> None:
    log = regular(gap=5, baskets=6)
    assert log.basket_day is not None
    days = log.basket_day.copy()
    days[0] -= 400
    assert windows(replace(log, basket_day=days)) == []


def test_no_target_reaches_into_what_is_not_known() -> None:
    log = regular(gap=5)
    assert log.basket_day is not None
    for one in holdouts_to_learn_from(log, day_after(log)):
        assert one.as_of is not None and one.history.basket_day is not None
        assert one.history.basket_day.max() < one.as_of.max()


def test_without_days_targets_are_last_baskets() -> None:
    log = log_of({0: [{1}, {2}, {3}, {4}], 1: [{5}, {6}]})
    for found in (holdouts_to_learn_from(log, None), holdouts_to_learn_from(log, date(2025, 9, 1))):
        assert [one.target_item.tolist() for one in found] == [[4, 6], [3], [2]]


def test_an_empty_log_has_no_targets() -> None:
    assert holdouts_to_learn_from(replace(log_of({}), basket_day=np.zeros(0, dtype=np.int64)), date(2025, 9, 1)) == []


def test_of_many_clients_some_are_drawn_by_name() -> None:
    log = regular(gap=5)
    table = examples_of(log, holdouts_to_learn_from(log, day_after(log)), None, most_clients=7)
    drawn = set(table["customer_id"].to_pylist())
    assert len(drawn) == 7
    assert drawn != {f"c{client:02}" for client in range(7)}
    again = examples_of(log, holdouts_to_learn_from(log, day_after(log)), None, most_clients=7)
    assert content_hash(read(again)) == content_hash(read(table))


@pytest.fixture(scope="module")
@takes_seconds
def world() -> BasketLog:
    lines, _ = made_up(300, 200, 20, 5, explores=0.2, cycle=8)
    return order_log.log_of(lines)


@pytest.fixture(scope="module")
@takes_seconds
def table(world: BasketLog) -> pa.Table:
    return examples_of(world, holdouts_to_learn_from(world, day_after(world)), None)


def read(table: pa.Table) -> Examples:
    return examples(table, TASK.features, TASK.columns)


def trained(table: pa.Table) -> Training:
    return train(
        read(table),
        fit_settings(),
        Provenance({}, "test"),
        kinds=TASK.kinds,
        yardsticks=TASK.yardsticks,
        design=TASK.design,
    )


@pytest.mark.slow
def test_it_learns_an_order_that_beats_every_yardstick(table: pa.Table) -> None:
    training = trained(table)
    compared = training.test.against_yardsticks(training.candidate)
    assert set(compared) == {"no order", "own frequency", "neighbours", "popularity"}
    assert all(one.is_better for one in compared.values()), {name: one.words for name, one in compared.items()}
    assert training.test.fault(training.candidate) is None


@pytest.mark.slow
def test_the_evaluation_gives_the_parts(world: BasketLog) -> None:
    """Of last baskets, with clients for each part."""
    history = last_basket(world).history
    clients = np.arange(len(world.clients))
    splits = {"train": clients[::3], "validation": clients[1::3], "test": clients[2::3]}
    table = examples_of(history, holdouts_to_learn_from(history, None), splits)
    task = replace(TASK, design=replace(TASK.design, split=GivenGroups()))
    training = train(
        read(table),
        fit_settings(),
        Provenance({}, "test"),
        kinds=task.kinds,
        yardsticks=task.yardsticks,
        design=task.design,
    )
    assert training.test.fault(training.candidate) is None

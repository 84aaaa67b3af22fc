"""A whole evaluation of a small log in which habits are planted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.next_basket.holdout import last_basket
from recs_platform.next_basket.lists import figures, judged, mean
from recs_platform.next_basket.own import own
from recs_platform.next_basket.published import own_top_lists
from recs_platform.strategies.replenishment.evaluation.evaluate import Evaluation, How, Plan, evaluate
from recs_platform.strategies.replenishment.evaluation.known import known, no_items
from recs_platform.strategies.replenishment.evaluation.ranked import OTHERS
from recs_platform.strategies.replenishment.evaluation.split import Split, split_by_hash
from recs_platform.strategies.replenishment.evaluation.trial import last_baskets
from recs_platform.strategies.replenishment.order_log import log_of
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.evaluation.logs import company, habits, order_lines

pytestmark = pytest.mark.slow
LINES = habits()
GROUPS = pa.table(
    {
        "item_id": [f"i{item:03}" for item in range(40)],
        "group_id": [f"g{item % 2}" for item in range(40)],
        "brand": pa.nulls(40, pa.string()),
        "price": pa.nulls(40, pa.float64()),
    }
)


def evaluated(how: How, lines: pa.Table = LINES, items: pa.Table = GROUPS, **more: Any) -> Evaluation:
    log = log_of(lines)
    end = max(lines["event_date"].to_pylist())
    given: dict[str, Any] = {"versions": ("v31", "v32", "v4"), "weeks": 2, "end": end, "threads": 1, **more}
    told: list[str] = []
    return evaluate(company(), Plan(how, **given), lines, log, items, split_by_hash(log.clients), told.append)


@pytest.fixture(scope="module")
@takes_seconds
def by_weeks() -> Evaluation:
    return evaluated("weeks")


@pytest.fixture(scope="module")
@takes_seconds
def by_baskets() -> Evaluation:
    return evaluated("last-basket")


def value(found: Evaluation, method: str, measure: str = "ndcg", k: int = 5, **more: Any) -> float:
    row = found.figure(more.pop("of", "ranking"), method, measure, k, **more)
    assert row is not None
    assert row["value"] is not None
    of: float = row["value"]
    return of


@pytest.mark.parametrize("how", ["by_weeks", "by_baskets"])
def test_a_learned_ranking_sees_what_counting_does_not(how: str, request: pytest.FixtureRequest) -> None:
    found: Evaluation = request.getfixturevalue(how)
    for other in ("own top items", "global top items", "own, then global"):
        row = found.figure("ranking", "v4", "ndcg", 5, compared_with=other)
        assert row is not None
        assert row["low"] > 0.1, other
    assert not found.notes
    assert set(found.chosen) == {"TIFU-KNN", "UP-CF", "v4"}


def test_every_figure_stands_there_once(by_weeks: Evaluation) -> None:
    names = ("judged", "method", "compared_with", "measure", "k", "part", "segment")
    keys = [tuple(row[name] for name in names) for row in by_weeks.rows]
    assert len(set(keys)) == len(keys)
    methods, per_method = 3 + len(OTHERS), 4 * 4 * 3 * 4
    others = 3 * (methods - 1) + 3 * 2
    assert len(keys) == per_method * (methods + 3 + others) + 5 * (methods + 3)
    assert by_weeks.first_days == tuple(by_weeks.plan.end + timedelta(days=1 - 7 * back) for back in (2, 1))


def test_figures_are_those_of_the_lists_themselves(by_baskets: Evaluation) -> None:
    log = log_of(LINES)
    split = split_by_hash(log.clients)
    holdout = last_basket(log).of(split.test)
    lists = own_top_lists(own(holdout.history), holdout.clients)
    for part in ("all", "repeat", "explore"):
        of = judged(lists, holdout, part)  # type: ignore[arg-type]
        assert value(by_baskets, "own top items", "recall", 10, part=part) == pytest.approx(
            mean(figures(of, "recall", 10)), abs=1e-9
        )
    assert by_baskets.clients == len(holdout.clients) == 88
    assert by_baskets.validation == 22


def test_a_difference_is_that_of_both_figures(by_weeks: Evaluation) -> None:
    ours, theirs = (value(by_weeks, method, "recall", 10) for method in ("v4", "TIFU-KNN"))
    assert value(by_weeks, "v4", "recall", 10, compared_with="TIFU-KNN") == pytest.approx(ours - theirs, abs=1e-8)


def test_lists_keep_the_rules_that_rankings_do_not_know(by_baskets: Evaluation) -> None:
    for version in ("v31", "v32", "v4"):
        # Two groups, of which three items each may stand in a list.
        row = by_baskets.figure("list", version, "items_shown", 25)
        assert row is not None
        assert value(by_baskets, version, "groups", 25, of="list") == 2
        assert value(by_baskets, version, "recall", 25, of="list") < value(by_baskets, version, "recall", 25)
        assert value(by_baskets, version, "clients_reached", 25, of="list") == 1
        assert value(by_baskets, version, "recall", 10, of="list") == value(
            by_baskets, version, "recall", 25, of="list"
        )


def test_versions_are_scored_each_in_its_own_way(by_weeks: Evaluation) -> None:
    for of in ("ranking", "list"):
        figures = [value(by_weeks, version, "ndcg", 10, of=of) for version in ("v31", "v32", "v4")]
        assert len(set(figures)) == 3
        assert figures[0] < figures[1]  # v32 asks what is due, and that is what is planted


def test_what_was_bought_before_comes_first_where_kinds_are_not_on_one_scale() -> None:
    lines = habits(clients=12, items=30, weeks=8)
    log = log_of(lines)
    (kept,) = last_baskets(log, split_by_hash(log.clients)).parts
    own_pairs = {(str(row["customer_id"]), str(row["item_id"])) for row in kept.order_lines.to_pylist()}
    with known(company(), kept, no_items()) as tables:
        tables.scores_of("v32")
        ranked: dict[str, list[bool]] = {}
        for row in sorted(tables.ranking(25).to_pylist(), key=lambda row: (row["customer_id"], row["rank"])):
            ranked.setdefault(row["customer_id"], []).append((row["customer_id"], row["item_id"]) in own_pairs)
    assert ranked
    for is_own in ranked.values():
        assert is_own == sorted(is_own, reverse=True)
        assert not all(is_own)


@pytest.mark.parametrize("version", ["v31", "v32"])
def test_who_else_is_judged_changes_nobodys_ranking(version: str) -> None:
    """Only who is judged is scored, and by what everybody ordered."""
    lines = habits(clients=24, items=30, weeks=8)
    log = log_of(lines)
    split = split_by_hash(log.clients)
    made = []
    for test in (np.arange(24), np.array([3, 17])):
        (kept,) = last_baskets(log, Split(split.train, split.validation, test)).parts
        with known(company(), kept, no_items()) as tables:
            tables.scores_of(version)
            made.append([(row["customer_id"], row["rank"], row["item_id"]) for row in tables.ranking(25).to_pylist()])
    everybody, some = made
    assert {client for client, _, _ in some} == {"c003", "c017"}
    assert sorted(row for row in everybody if row[0] in ("c003", "c017")) == sorted(some)


def test_the_same_twice_with_one_thread_and_with_two() -> None:
    lines = habits(clients=30, items=20, weeks=12)
    once, again = (evaluated("last-basket", lines, no_items(), threads=threads) for threads in (1, 2))
    assert once.rows == again.rows
    assert (once.chosen, once.notes) == (again.chosen, again.notes)


def test_no_query_sees_what_is_kept_back() -> None:
    """Whatever clients bought in their last baskets, what is made for them is the same."""
    log = log_of(LINES)
    last = {}
    for row in sorted(LINES.to_pylist(), key=lambda row: row["event_date"]):
        last[row["customer_id"]] = row["order_id"]
    rows = LINES.to_pylist()
    for row in rows:
        row["item_id"] = "i000" if last[row["customer_id"]] == row["order_id"] else row["item_id"]
    other = log_of(pa.Table.from_pylist(rows, LINES.schema))
    assert other.line_item.tolist() != log.line_item.tolist()
    made = []
    for one in (log, other):
        (kept,) = last_baskets(one, split_by_hash(one.clients)).parts
        with known(company(), kept, GROUPS) as tables:
            tables.scores_of("v32")
            made.append((tables.ranking(25).to_pylist(), tables.lists("v32").to_pylist(), tables.profiles.to_pylist()))
    key = str
    assert [sorted(rows, key=key) for rows in made[0]] == [sorted(rows, key=key) for rows in made[1]]


def test_a_log_that_is_too_small_to_learn_from_is_judged_all_the_same() -> None:
    lines = order_lines(
        (7 * week, f"{client}-{week}", client, item)
        for client in ("ann", "bob", "cid")
        for week, item in enumerate(("bread", "milk", "bread"))
    )
    found = evaluated("last-basket", lines, no_items())
    assert found.clients == 3
    (note,) = found.notes
    assert note.startswith("v4 cannot be trained")
    assert value(found, "v4") == value(found, "v32")
    nothing = evaluated("weeks", order_lines([(0, "o", "ann", "bread")]), no_items(), end=date(2025, 1, 6))
    assert (nothing.clients, nothing.rows) == (0, [])


def test_clients_of_the_test_alone_are_judged() -> None:
    lines = habits(clients=20, items=12, weeks=8)
    log = log_of(lines)
    chosen = np.arange(4)
    split = Split(np.arange(8, 20), np.arange(4, 8), chosen)
    plan = Plan("last-basket", ("v31",), 1, date(2025, 6, 1))
    found = evaluate(company(), plan, lines, log, no_items(), split, lambda _: None)
    assert (found.clients, found.validation) == (4, 4)

"""Lists against a plain reference that reads one customer at a time, and every outcome that a list can have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, precision_recall_curve  # type: ignore[import-untyped]  # ships no types

from recs_platform.models.features import Floats
from recs_platform.models.ranking_metrics import (
    Lists,
    Values,
    average_precision,
    coverage,
    diversity,
    earned,
    lift,
    lift_by_decile,
    lists,
    mean,
    ndcg,
    novelty,
    precision,
    precision_recall,
    ranks,
    recall,
)

CATEGORIES = ("bread", "milk", "tea")


@dataclass(frozen=True)
class Row:
    customer: str
    rank: int
    item: str
    relevant: bool
    category: str
    known_to: int
    margin: float


@dataclass(frozen=True)
class World:
    rows: list[Row]
    """In no order."""

    def read(self) -> Lists:
        given = (self.column(name) for name in ("customer", "rank", "relevant"))
        return lists(*given, items=self.column("item"))

    def column(self, name: str) -> Values:
        return np.array([getattr(row, name) for row in self.rows])

    @property
    def customers(self) -> list[str]:
        return sorted({row.customer for row in self.rows})

    def top(self, customer: str, k: int) -> list[Row]:
        return sorted((row for row in self.rows if row.customer == customer), key=lambda row: row.rank)[:k]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Customers with lists of any length, and gaps between ranks."""
    rows = []
    for customer in draw(st.lists(st.sampled_from("ABCDE"), min_size=1, unique=True)):
        for rank in draw(st.lists(st.integers(-3, 30), max_size=7, unique=True)):
            row = Row(
                customer,
                rank,
                f"I{rank}",
                draw(st.booleans()),
                draw(st.sampled_from(CATEGORIES)),
                draw(st.integers(0, 9)),
                draw(st.integers(-8, 8)) / 4,
            )
            rows.append(row)
    return World(draw(st.permutations(rows)))


def plain(world: World, customer: str, k: int) -> dict[str, float]:
    """Straight from the definitions."""
    top = world.top(customer, k)
    wanted = sum(row.relevant for row in world.rows if row.customer == customer)
    hits = [row.relevant for row in top]
    best = sum(1 / math.log2(place + 1) for place in range(1, min(wanted, k) + 1))
    gain = sum(1 / math.log2(place + 1) for place, hit in enumerate(hits, start=1) if hit)
    at_hits = sum(sum(hits[:place]) / place for place, hit in enumerate(hits, start=1) if hit)
    pairs = list(itertools.combinations([row.category for row in top], 2))
    bits = [-math.log2((row.known_to + 1) / 10) for row in top]
    return {
        "precision": sum(hits) / k,
        "recall": sum(hits) / wanted if wanted else math.nan,
        "ndcg": gain / best if wanted else math.nan,
        "average_precision": at_hits / min(wanted, k) if wanted else math.nan,
        "diversity": sum(one != other for one, other in pairs) / len(pairs) if pairs else math.nan,
        "novelty": sum(bits) / len(bits) if bits else math.nan,
    }


@given(worlds(), st.integers(1, 8))
def test_figures_of_lists_are_those_of_one_customer_at_a_time(world: World, k: int) -> None:
    found = world.read()
    assert found.customers.tolist() == world.customers
    figures = {
        "precision": precision(found, k),
        "recall": recall(found, k),
        "ndcg": ndcg(found, k),
        "average_precision": average_precision(found, k),
        "diversity": diversity(found, world.column("category"), k),
        "novelty": novelty(found, world.column("known_to"), 9, k),
    }
    for number, customer in enumerate(world.customers):
        for name, expected in plain(world, customer, k).items():
            assert figures[name][number] == pytest.approx(expected, abs=1e-12, nan_ok=True), (name, customer)


@given(worlds(), worlds(), st.integers(1, 8))
def test_margins_and_coverage_are_sums_over_each_customers_first_places(one: World, other: World, k: int) -> None:
    found = [earned(world.read(), world.column("margin"), k) for world in (one, other)]
    tops = [[world.top(customer, k) for customer in world.customers] for world in (one, other)]
    sums = [[sum(row.margin for row in top) for top in of_world] for of_world in tops]
    assert [per_customer.tolist() for per_customer in found] == sums
    ours, usual = map(sum, sums)
    assert lift(*found) == (pytest.approx(ours / usual - 1) if usual > 0 else None)
    assert coverage(one.read(), one.column("item"), k, 40) == len({row.item for top in tops[0] for row in top}) / 40


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(world: World, random: Random) -> None:
    turned = World(random.sample(world.rows, len(world.rows)))
    for figure in (precision, recall, ndcg, average_precision):
        assert figure(world.read(), 3).tobytes() == figure(turned.read(), 3).tobytes()


@st.composite
def worlds_with_ties(draw: st.DrawFn) -> World:
    """Up to five rows per customer on three ranks."""
    rows = [
        Row(
            customer,
            draw(st.integers(0, 2)),
            f"I{number}",
            draw(st.booleans()),
            draw(st.sampled_from(CATEGORIES)),
            draw(st.integers(0, 9)),
            draw(st.integers(-8, 8)) / 4,
        )
        for customer in draw(st.lists(st.sampled_from("AB"), min_size=1, unique=True))
        for number in range(draw(st.integers(1, 5)))
    ]
    return World(draw(st.permutations(rows)))


def orders(world: World, customer: str) -> list[World]:
    """Each way to break the customer's ties."""
    mine = [row for row in world.rows if row.customer == customer]
    return [
        World([replace(row, rank=place) for place, row in enumerate(order)])
        for order in itertools.permutations(mine)
        if [row.rank for row in order] == sorted(row.rank for row in mine)
    ]


@given(worlds_with_ties(), st.integers(1, 6))
def test_a_figure_of_ties_is_the_average_over_all_their_orders(world: World, k: int) -> None:
    found = world.read()
    figures = {
        "precision": precision(found, k),
        "recall": recall(found, k),
        "ndcg": ndcg(found, k),
        "average_precision": average_precision(found, k),
        "diversity": diversity(found, world.column("category"), k),
        "novelty": novelty(found, world.column("known_to"), 9, k),
        "margin": earned(found, world.column("margin"), k),
    }
    reached: dict[str, list[float]] = {}
    for number, customer in enumerate(world.customers):
        each = orders(world, customer)
        for order in each:
            for item in {row.item for row in order.top(customer, k)}:
                reached.setdefault(item, []).append(1 / len(each))
        by_order = [plain(order, customer, k) for order in each]
        margins = [sum(row.margin for row in order.top(customer, k)) for order in each]
        for name, values in figures.items():
            expected = margins if name == "margin" else [one[name] for one in by_order]
            assert values[number] == pytest.approx(np.mean(expected), abs=1e-9, nan_ok=True), (name, customer)
    if len(world.customers) == 1:
        covered = sum(map(sum, reached.values()))
        assert coverage(found, world.column("item"), k, 10) == pytest.approx(covered / 10)


def test_equal_rates_earn_what_a_random_order_earns() -> None:
    """A hundred offers of one rate, two of them redeemed; their ids happen to come first."""
    redeemed = np.arange(100) < 2
    found = lists(["A"] * 100, ranks(np.full(100, 0.003)), redeemed, items=[f"f{n:03}" for n in range(100)])
    by_id = lists(["A"] * 100, range(100), redeemed)
    assert ndcg(by_id, 10) == [1.0]
    worth = sum(1 / math.log2(place + 1) for place in range(1, 11))
    best = 1 + 1 / math.log2(3)
    assert ndcg(found, 10) == pytest.approx(2 / 100 * worth / best)


@given(st.lists(st.booleans(), min_size=2, max_size=12), st.integers(1, 12))
def test_ndcg_is_scikit_learns(relevant: list[bool], k: int) -> None:
    found = lists(["A"] * len(relevant), range(len(relevant)), relevant)
    scores = [range(len(relevant), 0, -1)]
    expected = ndcg_score([relevant], scores, k=k) if any(relevant) else math.nan
    assert ndcg(found, k)[0] == pytest.approx(expected, nan_ok=True)


def test_a_week_by_hand() -> None:
    """Ann wanted three and finds two of them at places 1 and 3, the third at place 4; Bob wanted one, at place 4; Cem
    wanted nothing."""
    found = lists(
        ["Ann"] * 4 + ["Bob"] * 4 + ["Cem"],
        [1, 2, 3, 4, 1, 2, 3, 4, 1],
        [True, False, True, True, False, False, False, True, False],
    )
    nan = math.nan
    assert precision(found, 2) == pytest.approx([1 / 2, 0, 0])
    assert recall(found, 3) == pytest.approx([2 / 3, 0, nan], nan_ok=True)
    # Ann at 3: (1 + 1/2) of (1 + 0.6309 + 1/2); her average precision is (1 + 2/3) / 3.
    assert ndcg(found, 3) == pytest.approx([1.5 / 2.13093, 0, nan], abs=1e-5, nan_ok=True)
    assert average_precision(found, 3) == pytest.approx([5 / 9, 0, nan], nan_ok=True)
    assert mean(recall(found, 3)) == pytest.approx(1 / 3)  # of the two who wanted something


FIGURES: tuple[Callable[[Lists, int], Floats], ...] = (recall, ndcg, average_precision)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_list_that_begins_with_all_that_is_wanted_is_perfect(figure: Callable[[Lists, int], Floats]) -> None:
    found = lists(["A", "A", "A"], [1, 2, 3], [True, True, False])
    assert figure(found, 2) == figure(found, 9) == [1.0]


@pytest.mark.parametrize("figure", FIGURES)
def test_nobody_wanted_anything(figure: Callable[[Lists, int], Floats]) -> None:
    found = lists(["A", "B"], [1, 1], [False, False])
    assert np.isnan(figure(found, 5)).all()
    assert mean(figure(found, 5)) is None
    assert mean(precision(found, 5)) == 0


def test_no_lists_at_all() -> None:
    found = lists([], [], [])
    for figure in (precision, *FIGURES):
        assert mean(figure(found, 3)) is None
    assert mean(diversity(found, [], 3)) is None
    assert mean(novelty(found, [], 5, 3)) is None
    assert coverage(found, [], 3, catalogue=5) == 0
    assert coverage(found, [], 3, catalogue=0) is None
    assert lift(earned(found, [], 3), earned(found, [], 3)) is None


def test_fewer_items_than_places_cost_precision_alone() -> None:
    found = lists(["A"], [1], [True])
    assert precision(found, 4).tolist() == [0.25]
    assert [figure(found, 4).tolist() for figure in FIGURES] == [[1.0]] * 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"customers": ["B", "B"], "ranks": [1, 2], "relevant": [True, False], "items": ["x", "x"]},
            "B: the same item",
        ),
        ({"customers": ["A"], "ranks": [1, 2], "relevant": [True]}, "not the same rows"),
        ({"customers": ["A", "A"], "ranks": [1, 2], "relevant": [True, None]}, "in every row"),
        ({"customers": ["A", "A"], "ranks": [1, math.nan], "relevant": [True, True]}, "in every row"),
        ({"customers": ["A", None], "ranks": [1, 2], "relevant": [True, True]}, "1 rows do not say"),
    ],
)
def test_what_is_not_a_list_is_refused(arguments: dict[str, list[object]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lists(**arguments)  # type: ignore[arg-type]


def test_no_places_and_columns_of_another_length_are_refused() -> None:
    found = lists(["A"], [1], [True])
    with pytest.raises(ValueError, match="first 0 places"):
        recall(found, 0)
    with pytest.raises(ValueError, match="2 values for 1 rows"):
        novelty(found, [1, 2], 5, 1)
    with pytest.raises(ValueError, match="2 items are recommended"):
        coverage(lists(["A", "A"], [1, 2], [True, True]), ["x", "y"], 2, catalogue=1)


outcomes = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)


@given(outcomes)
def test_precision_and_recall_at_each_score_are_counts(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([one for one, _ in pairs]), np.array([score / 6 for _, score in pairs])
    thresholds, precise, recalled = precision_recall(labels, scores)
    assert thresholds.tolist() == sorted(set(scores.tolist()), reverse=True)
    for at, share, reach in zip(thresholds, precise, recalled, strict=True):
        above = [one for one, score in zip(labels, scores, strict=True) if score >= at]
        assert share == sum(above) / len(above)
        assert reach == pytest.approx(sum(above) / labels.sum() if labels.any() else math.nan, nan_ok=True)
    if labels.any():
        theirs, _, _ = precision_recall_curve(labels, scores)
        assert theirs[:-1][::-1][: len(precise)] == pytest.approx(precise[: len(theirs) - 1])


def test_a_thinned_curve_is_a_part_of_the_whole_one_and_ends_at_the_same_place() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(5_000)
    labels = rng.random(5_000) < scores
    whole, thin = precision_recall(labels, scores), precision_recall(labels, scores, points=50)
    assert len(thin[0]) == 50
    assert set(zip(*thin, strict=True)) <= set(zip(*whole, strict=True))
    assert thin[2][-1] == 1
    # Evenly over ranks: the first point stands at the hundredth example.
    assert thin[0][0] == np.sort(scores)[::-1][99]


@given(outcomes, st.integers(1, 10))
def test_lift_is_what_all_ways_to_order_equal_scores_give_on_average(pairs: list[tuple[bool, int]], parts: int) -> None:
    """Sharing examples out in fractions: every example stands `parts` times, so that the parts are whole."""
    labels, scores = np.array([one for one, _ in pairs]), np.array([float(score) for _, score in pairs])
    found = lift_by_decile(labels, scores, parts)
    if not labels.any():
        assert np.isnan(found).all()
        return
    assert found.mean() == pytest.approx(1)
    expected_of = {score: labels[scores == score].mean() for score in set(scores.tolist())}
    spread = np.repeat(np.sort(scores)[::-1], parts)
    rates = np.array([expected_of[score] for score in spread]).reshape(parts, len(labels)).mean(axis=1)
    assert found == pytest.approx(rates / labels.mean(), abs=1e-9)

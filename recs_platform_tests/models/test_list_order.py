"""Which model serves where lists judge: planted orders, planted luck, and yardsticks that a sceptic would try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.by_groups import ByGroups
from recs_platform.models.challenge import challenge
from recs_platform.models.choice import BEST_ON_VALIDATION, SIMPLEST, ComparisonWindow
from recs_platform.models.design import Design
from recs_platform.models.features import Floats
from recs_platform.models.list_order import ListOrder, ListsComparison
from recs_platform.models.list_quality import ListQuality
from recs_platform.models.model import Model
from recs_platform.models.training import train
from recs_platform.models.yardsticks import Yardstick
from recs_platform.statistics.intervals import Interval
from recs_platform_tests.models.list_worlds import (
    LENGTH,
    MONDAY,
    PROVENANCE,
    SETTINGS,
    TASK,
    habits,
    luck,
    misled,
    plain,
    read,
    rows,
    train_on,
    trained,
)


def quality(model: Model, part: str = "test") -> ListQuality:
    assert model.manifest.lists is not None
    return model.manifest.lists.quality[part]


def plain_ndcg(table: pa.Table, scores: Floats) -> float:
    """Client by client, as it is told; no two scores are equal."""
    found = []
    clients, bought = np.array(table["client"].to_pylist()), table["bought"].to_numpy()
    for client in set(clients):
        mine = bought[clients == client][np.argsort(-scores[clients == client])]
        best = sorted(mine, reverse=True)[:LENGTH]
        worth = [1 / np.log2(place + 2) for place in range(LENGTH)]
        if sum(best):
            gained, possible = (sum(w * one for w, one in zip(worth, row, strict=False)) for row in (mine, best))
            found.append(gained / possible)
    return float(np.mean(found))


def test_order_inside_lists_counts_and_chances_over_all_mislead() -> None:
    """By log loss the binary trees learn that `due` speaks for a purchase; in every list it speaks against it."""
    training = misled()
    boosted, ranking, _ = training.models
    guessing = ListOrder(LENGTH).figures(training.test.examples, training.test.yardsticks["no order"]).ndcg
    assert quality(boosted).ndcg < guessing - 0.1
    assert quality(ranking).ndcg > guessing + 0.1
    assert training.candidate is ranking
    assert "it is not told to order better than no order at all" in str(training.test.fault(boosted))
    verdict = challenge(training.candidate, None, training.test, 0.0, TASK.design)
    assert (verdict.activate, verdict.fit) == (True, True)
    refused = challenge(boosted, None, training.test, 1.0, TASK.design)
    assert (refused.activate, refused.fit) == (False, False)


@pytest.mark.parametrize("seed", range(6))
def test_where_nothing_is_to_be_learned_no_model_goes_active(seed: int) -> None:
    training = train_on(rows(luck, seed=seed))
    verdict = challenge(training.candidate, None, training.test, 1.0, TASK.design)
    assert (verdict.activate, verdict.fit) == (False, False)
    assert verdict.words.startswith("The new model is not fit to serve: it is not told to order better than ")


def test_figures_are_those_of_a_plain_computation() -> None:
    training, table = trained(habits), rows(habits)
    is_test = pa.array(np.isin(table["client"].to_pylist(), training.test.examples.groups.to_pylist()))
    mine = table.filter(is_test)
    noise = np.random.default_rng(1).normal(0, 1e-9, len(mine))
    for model in training.models:
        found = quality(model)
        assert found.ndcg == pytest.approx(plain_ndcg(mine, model.raw_scores(mine) + noise), abs=2e-3)
        assert (found.rows, found.positives) == (len(mine), int(mine["bought"].to_numpy().sum()))
        assert found.lists == len(set(mine.filter(pa.array(mine["bought"].to_numpy() > 0))["client"].to_pylist()))


def test_the_verdict_says_what_it_beat_and_by_how_much() -> None:
    training = trained(habits)
    verdict = challenge(training.candidate, None, training.test, 0.0, TASK.design)
    assert verdict.activate
    assert verdict.words.startswith("No model is active, so the new one goes active: NDCG at 5 0.")
    assert list(verdict.comparisons) == ["no order", "own frequency", "popularity"]
    assert "It beats no order (NDCG at 5 +0." in verdict.words
    assert "; it beats own frequency (NDCG at 5 +0." in verdict.words
    own, chosen = training.test.yardsticks["own frequency"], quality(training.candidate)
    beaten = verdict.comparisons["own frequency"].lead.estimate
    assert beaten == pytest.approx(chosen.ndcg - ListOrder(LENGTH).figures(training.test.examples, own).ndcg)


def test_the_kind_that_is_best_on_validation_is_the_candidate_whatever_serves() -> None:
    other = train_on(rows(habits, clients=400, seed=1))
    for training in (trained(habits), misled(), other):
        best = max(training.models, key=lambda model: quality(model, "validation").ndcg)
        for incumbent in (None, "boosted", "lambdarank", "blend"):
            assert training.candidate_after(incumbent) is best
    luckiest = max(other.models, key=lambda model: quality(model).ndcg)
    assert other.candidate is not luckiest, "or nothing tells validation from test"


def test_only_what_may_serve_is_fitted_again() -> None:
    assert trained(habits).possible == (trained(habits).candidate,)
    minding = replace(trained(habits), choice=SIMPLEST)
    assert minding.possible == minding.models


def test_of_kinds_that_are_as_good_the_simplest_is_chosen() -> None:
    boosted = trained(habits).models[0]
    twin = replace(boosted, manifest=boosted.manifest.model_copy(update={"code_version": "2"}))
    window = trained(habits).validation
    assert BEST_ON_VALIDATION.pick([boosted, twin], window, window, None) == 0


def interval(low: float, high: float) -> ListsComparison:
    return ListsComparison(Interval((low + high) / 2, low, high), LENGTH)


@pytest.mark.parametrize(
    ("comparisons", "fault"),
    [
        ([(0.1, 0.2), (0.01, 0.05), (-0.01, 0.02)], None),
        ([(-0.1, 0.2), (0.01, 0.05), (0.01, 0.02)], "not told to order better than no order at all"),
        ([(0.1, 0.2), (-0.01, 0.05), (0.01, 0.02)], "not told to order better than own frequency alone"),
        ([(0.1, 0.2), (-0.02, -0.01), (0.01, 0.02)], "own frequency alone orders better"),
        ([(0.1, 0.2), (0.01, 0.05), (-0.02, -0.01)], "popularity alone orders better"),
        ([(0.1, 0.2)], None),
    ],
)
def test_the_simplest_yardstick_must_be_beaten_and_the_others_not_better(
    comparisons: list[tuple[float, float]], fault: str | None
) -> None:
    figures = quality(trained(habits).candidate)
    named = dict(
        zip(("no order", "own frequency", "popularity"), (interval(*one) for one in comparisons), strict=False)
    )
    found = ListOrder(LENGTH).unfit(figures, named)
    assert found is None if fault is None else fault in str(found)
    assert ListOrder(LENGTH).unfit(replace(figures, constant=True), named) == "it gives every example the same score"


def test_what_a_column_says_alone_is_no_model() -> None:
    """Where own frequency decides all, trees cannot be told to be better than it."""

    def own_alone(table: pa.Table, appetite: Floats) -> Floats:
        return 2.5 * plain(table, "own_frequency") + 0.2 * appetite - 3.0

    training = train_on(rows(own_alone))
    verdict = challenge(training.candidate, None, training.test, 1.0, TASK.design)
    assert not verdict.activate
    assert "own frequency alone" in verdict.words


def next_week(truth_seed: int = 4) -> ComparisonWindow:
    return train_on(rows(habits, seed=truth_seed, day=MONDAY + timedelta(days=7))).test


def test_next_week_the_newer_one_goes_active_unless_it_is_worse() -> None:
    champion = trained(habits).candidate
    newer = train_on(rows(habits, seed=4, day=MONDAY + timedelta(days=7)))
    verdict = challenge(newer.candidate, champion, newer.test, 0.02, TASK.design)
    assert verdict.activate
    count = len(set(newer.test.examples.groups.to_pylist()))
    assert f"On the {count} lists of 2026-03-09 the new model is " in verdict.words
    assert "advantage" not in verdict.words
    of_luck = train_on(rows(luck, seed=4)).models[0]
    fault = challenge(champion, of_luck, newer.test, 0.0, TASK.design)
    assert fault.activate
    assert not challenge(of_luck, champion, newer.test, 1.0, TASK.design).activate


def test_the_tolerance_is_the_border_and_no_kind_is_too_complex() -> None:
    ranked = sorted(trained(habits).models, key=lambda model: quality(model).ndcg)
    worse, better = ranked[0], ranked[-1]
    gap = quality(better).ndcg - quality(worse).ndcg
    test = trained(habits).test
    assert gap > 0
    for tolerance, activates in ((gap + 1e-9, True), (gap - 1e-9, False)):
        verdict = challenge(worse, better, test, tolerance, TASK.design)
        assert verdict.activate == activates
        assert f"worse by {gap:.4f} in NDCG at 5" in verdict.words
    boosted, _, blend = trained(habits).models
    assert challenge(blend, boosted, test, 1.0, TASK.design).activate
    careful = replace(TASK.design, choice=SIMPLEST)
    assert "more complex than the active one" in challenge(blend, boosted, test, 1.0, careful).words


def test_a_champion_of_other_parts_is_said_to_have_an_advantage() -> None:
    other = Design(ByGroups(0.25, 0.25, salt="other"), TASK.design.measure, TASK.design.choice)
    champion = train(read(rows(habits)), SETTINGS, PROVENANCE, kinds=TASK.kinds, design=other).candidate
    verdict = challenge(trained(habits).candidate, champion, trained(habits).test, 1.0, TASK.design)
    assert "may have learned from some of these lists, so it may have had an advantage" in verdict.words


def test_a_yardstick_that_the_examples_lack_is_left_out() -> None:
    training = train(
        read(rows(habits)),
        SETTINGS,
        PROVENANCE,
        yardsticks=(Yardstick("gone", "gone"),),
        kinds=TASK.kinds[:1],
        design=TASK.design,
    )
    assert list(training.test.yardsticks) == ["no order"]

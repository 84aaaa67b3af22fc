"""The offline evaluation: hand-computed lists, a planted truth that the model finds and popularity does not, what was
learned from is said, and days on which nothing can be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.schemas.offer_ranking import BY_RATE
from recs_platform.strategies.offer_ranking.evaluation import (
    Judged,
    against_baselines,
    curves,
    offline_evaluation,
    ranking,
)
from recs_platform.strategies.offer_ranking.evaluation_pictures import _baselines, show_evaluation
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.offer_ranking.market import (
    CLOSED_TO,
    DAY,
    candidates,
    impressions,
    metro,
    score,
    shelf,
    train,
    with_column,
)
from recs_platform_tests.strategies.offer_ranking.shown import offers_of, recommended

Row = dict[str, Any]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    """A model was trained for the day."""
    found = shelf(tmp_path_factory.mktemp("shelf"))
    train(found, impressions())
    return found


def evaluated(
    models: ModelShelf, training_set: pa.Table, *, day: date = DAY, pairs: pa.Table | None = None
) -> list[Row]:
    """Of a day on which everybody is recommended the three likeliest candidates."""
    pairs = candidates(2_000, day=day) if pairs is None else pairs
    made = offline_evaluation.function(
        Days.one(day),
        models,
        training_set=training_set,
        offers=offers_of(pairs, day),
        candidate_features=pairs,
        offer_recommendations=recommended(pairs, score(models, pairs, day), day),
    )
    rows: list[Row] = made.to_pylist()
    return rows


def by_name(rows: Sequence[Mapping[str, Any]], section: str, k: int = 0) -> dict[str, Any]:
    return {row["name"]: row for row in rows if row["section"] == section and row["k"] == k}


def said(rows: Sequence[Mapping[str, Any]], day: date = DAY) -> str:
    return show_evaluation(metro(), day, rows).words


def judged(pairs: Sequence[tuple[str, str, bool, float, float, float]]) -> Judged:
    """Customer, offer, redeemed, chance, redemption rate, margin; all of one day."""
    customers, offers, labels, chances, rates, margins = zip(*pairs, strict=True)
    return Judged(
        shown_on=np.array([np.datetime64(DAY)] * len(pairs)),
        customers=np.array(customers, dtype=object),
        offers=np.array(offers, dtype=object),
        labels=np.array(labels),
        chances=np.array(chances),
        rates=np.array(rates),
        past_redemptions=np.zeros(len(pairs)),
        margins=np.array(margins),
    )


BY_HAND = judged(
    [
        ("A", "F1", True, 0.9, 0.1, 4.0),
        ("A", "F2", False, 0.2, 0.8, 6.0),
        ("A", "F3", True, 0.5, 0.3, 1.0),
        ("B", "F1", False, 0.4, 0.1, 4.0),
        ("B", "F2", True, 0.4, 0.8, 5.0),  # the model's tie: half a hit at 1
    ]
)


def test_lists_by_hand() -> None:
    """A: the model says F1 F3 F2, popularity F2 F3 F1. B: the model says either order, popularity F2 F1."""
    first, third = by_name(list(ranking(BY_HAND)), "ranking", 1), by_name(list(ranking(BY_HAND)), "ranking", 3)
    assert (first["precision"]["value"], first["precision"]["baseline"]) == (0.75, 0.5)
    assert first["precision_gain"]["value"] == 0.25  # A gains 1, B loses a half
    assert third["precision"]["value"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert first["recall"]["value"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert third["average_precision"]["value"] == pytest.approx((1 + (1 + 1 / 2) / 2) / 2)
    assert third["average_precision"]["baseline"] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
    best = 1 + 1 / np.log2(3)
    assert third["ndcg"]["value"] == pytest.approx((1 + (1 + 1 / np.log2(3)) / 2) / 2)
    assert third["ndcg"]["baseline"] == pytest.approx(((1 / np.log2(3) + 1 / 2) / best + 1) / 2)
    assert {row["sample_size"] for row in first.values()} == {2}


def test_margins_by_hand() -> None:
    """Realised at 1: the model 4 of A and half of 5 of B, popularity 5 of B.

    Expected: the model 0.9 x 4, and 0.4 x 4 or 0.4 x 5; popularity 0.2 x 6 + 0.4 x 5."""
    first = by_name(list(ranking(BY_HAND)), "ranking", 1)
    assert (first["realised_margin"]["value"], first["realised_margin"]["baseline"]) == (3.25, 2.5)
    assert first["realised_margin_lift"]["value"] == pytest.approx(6.5 / 5 - 1)
    assert first["expected_margin"]["value"] == pytest.approx((3.6 + 1.8) / 2)
    assert first["expected_margin_lift"]["value"] == pytest.approx(5.4 / 3.2 - 1)


def test_a_baseline_that_earns_nothing_has_no_lift() -> None:
    nothing = judged([("A", "F1", True, 0.9, 0.1, 4.0), ("A", "F2", False, 0.2, 0.8, 0.0)])
    first = by_name(list(ranking(nothing)), "ranking", 1)
    assert first["realised_margin"]["value"] == 4.0
    assert first["realised_margin_gain"]["value"] == 4.0
    assert "realised_margin_lift" not in first


def test_a_lift_over_next_to_nothing_has_no_interval() -> None:
    """Popularity earns 1 of A, and of B it loses 0.9: not told from zero. Of C and D it earns 1 and 1.1."""
    lossy = [("A", "F1", True, 0.9, 0.8, 1.0), ("B", "F1", True, 0.1, 0.8, -0.9), ("B", "F2", True, 0.9, 0.1, 1.0)]
    lift = by_name(list(ranking(judged(lossy))), "ranking", 1)["realised_margin_lift"]
    assert (lift["value"], lift["low"], lift["high"]) == (pytest.approx(2 / 0.1 - 1), None, None)
    sound = [("C", "F1", True, 0.9, 0.8, 1.0), ("D", "F1", True, 0.1, 0.8, 1.1), ("D", "F2", True, 0.9, 0.1, 1.5)]
    lift = by_name(list(ranking(judged(sound))), "ranking", 1)["realised_margin_lift"]
    assert lift["value"] == pytest.approx(2.5 / 2.1 - 1)
    assert lift["low"] < lift["value"] < lift["high"]


def test_an_offer_that_was_shown_twice_stands_in_the_list_once() -> None:
    """As it was first shown, and redeemed if any showing was."""
    twice = judged(
        [
            ("A", "F1", False, 0.9, 0.1, 1.0),
            ("A", "F1", True, 0.1, 0.2, 2.0),
            ("A", "F2", False, 0.5, 0.3, 1.0),
        ]
    )
    pairs = twice.first_of_each_pair()
    assert pairs.offers.tolist() == ["F1", "F2"]
    assert (pairs.labels.tolist(), pairs.chances.tolist(), pairs.margins.tolist()) == (
        [True, False],
        [0.9, 0.5],
        [1, 1],
    )
    assert by_name(list(ranking(twice)), "ranking", 1)["precision"]["value"] == 1.0


_FEW = st.sampled_from([0.1, 0.2, 0.3])
_PAIRS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["F1", "F2", "F3", "F4"]), st.booleans(), _FEW, _FEW, _FEW),
    min_size=1,
    max_size=12,
    unique_by=lambda pair: pair[:2],
)


@settings(max_examples=60, deadline=None)
@given(_PAIRS)
def test_precision_is_that_of_lists_sorted_one_by_one(pairs: list[tuple[str, str, bool, float, float, float]]) -> None:
    """Ties share the places that are left."""
    for k in (1, 3):
        found = by_name(list(ranking(judged(pairs))), "ranking", k)["precision"]
        for figure, column in (("value", 3), ("baseline", 4)):
            hits = []
            for customer in {pair[0] for pair in pairs}:
                mine = [(float(pair[column]), pair[2]) for pair in pairs if pair[0] == customer]
                above = [sum(other > score for other, _ in mine) for score, _ in mine]
                alike = [sum(other == score for other, _ in mine) for score, _ in mine]
                chances = [min(max(k - a, 0), n) / n for a, n in zip(above, alike, strict=True)]
                hits.append(sum(c for c, (_, redeemed) in zip(chances, mine, strict=True) if redeemed) / k)
            assert found[figure] == pytest.approx(np.mean(hits))


def test_equal_rates_have_the_gain_over_a_random_order() -> None:
    """New offers all have everybody's rate. By their ids the redeemed one would come first, which says nothing."""
    rows = [
        (f"C{n:02}", f"F{offer:02}", offer == 0, 0.9 if offer == 0 else 0.1, 0.002, 1.0)
        for n in range(20)
        for offer in range(40)
    ]
    tenth = by_name(list(ranking(judged(rows))), "ranking", 10)
    by_chance = sum(1 / np.log2(place + 1) for place in range(1, 11)) / 40
    assert tenth["ndcg"]["baseline"] == pytest.approx(by_chance)
    assert tenth["ndcg_gain"]["value"] == pytest.approx(1 - by_chance)


def test_a_model_that_a_column_beats_is_said_to_be() -> None:
    """Whoever redeemed before redeems again; the model knows nothing of it, and its chances are too high."""
    rng = np.random.default_rng(2)
    habit = np.repeat(rng.random(200) < 0.3, 10)
    labels = rng.random(2_000) < np.where(habit, 0.5, 0.05)
    plain = judged([(f"C{n // 10}", f"F{n % 10}", bool(labels[n]), 0.5, 0.1, 1.0) for n in range(2_000)])
    drawn = replace(plain, past_redemptions=habit.astype(float) * 3, chances=0.6 + 0.2 * rng.random(2_000))
    rows = [{**row, "digest": "d"} for row in against_baselines(drawn)]
    found = by_name(rows, "baselines") | by_name(rows, "baselines", 10)
    assert found["past_redemptions_roc_auc"]["baseline"] > 0.75
    assert found["past_redemptions_roc_auc_gain"]["high"] < 0
    assert found["base_rate_log_loss_gain"]["low"] > 0
    assert found["past_redemptions_ndcg_gain"]["low"] < 0 < found["past_redemptions_ndcg_gain"]["high"]
    words = " ".join(_baselines({(row["section"], row["name"], row["k"]): row for row in rows}))
    assert "past redemptions alone" in words
    assert "the model is worse than it" in words
    assert "the model is worse than that" in words


def test_the_planted_truth_is_found(models: ModelShelf) -> None:
    """Redemptions hang on a product of two signs, of which popularity, drawn at random, knows nothing."""
    rows = evaluated(models, impressions())
    overall, third = by_name(rows, "overall"), by_name(rows, "ranking", 3)
    assert overall["roc_auc"]["value"] > 0.75
    assert overall["roc_auc"]["baseline"] == pytest.approx(0.5, abs=0.06)
    assert third["precision_gain"]["low"] > 0
    assert third["ndcg_gain"]["low"] > 0
    assert third["precision"]["low"] < third["precision"]["value"] < third["precision"]["high"]
    assert by_name(rows, "lift")["1"]["value"] > 1.5 > 0.7 > by_name(rows, "lift")["10"]["value"]
    points = by_name(rows, "calibration").values()
    assert sum(row["low"] <= row["baseline"] <= row["high"] for row in points) >= len(points) - 2, "not calibrated"
    recalls = [
        row["baseline"] for row in sorted(by_name(rows, "precision_recall").values(), key=lambda r: int(r["name"]))
    ]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1.0
    assert {row["digest"] for row in rows} == {models.serving("offer_ranking", DAY).digest}  # type: ignore[union-attr]
    keys = [(row["section"], row["name"], row["k"]) for row in rows]
    assert len(keys) == len(set(keys))


def test_it_is_judged_on_a_week_from_which_nothing_was_learned(models: ModelShelf) -> None:
    overall = by_name(evaluated(models, impressions()), "overall")
    week = impressions().filter(pc.greater(impressions()["shown_on"], pa.scalar(CLOSED_TO - timedelta(days=7))))
    assert overall["days"]["sample_size"] == week.num_rows - week["label"].null_count
    found = {name: overall[name]["value"] for name in ("days", "days_before", "days_learned_from", "days_chosen_on")}
    assert found == {"days": 7, "days_before": 7, "days_learned_from": 0, "days_chosen_on": 7}
    words = said(evaluated(models, impressions()))
    assert "impressions of 2025-11-18 to 2025-11-24" in words
    assert "learned from none of these days (on 7 of them it was chosen from two models" in words


@pytest.mark.parametrize(("newest_closed", "days", "learned"), [(13, 4, 0), (17, 7, 7)])
def test_days_that_the_model_knew_are_left_out_or_said(
    models: ModelShelf, newest_closed: int, days: int, learned: int
) -> None:
    """It learned up to 2025-11-10, three weeks before the day. In a set that ends four days later only those four are
    judged; in one that ends on that day there is nothing else."""
    until = {13: DAY - timedelta(days=17), 17: DAY - timedelta(days=21)}[newest_closed]
    known = impressions().filter(pc.less_equal(impressions()["shown_on"], pa.scalar(until)))
    rows = evaluated(models, known)
    overall = by_name(rows, "overall")
    assert (overall["days"]["value"], overall["days_learned_from"]["value"]) == (days, learned)
    assert ("**it has learned from 7 of these days**" in said(rows)) is (learned > 0)


def test_the_order_of_rows_decides_nothing(models: ModelShelf) -> None:
    mixed = impressions().take(np.random.default_rng(3).permutation(impressions().num_rows))
    pairs = candidates()
    other = pairs.take(np.random.default_rng(4).permutation(pairs.num_rows))
    assert evaluated(models, mixed, pairs=other) == evaluated(models, impressions(), pairs=pairs)


def test_a_day_that_does_not_train_judges_as_one_that_does(models: ModelShelf) -> None:
    """It holds the newest impressions and the newest week whose outcomes are final; what is older is not judged."""
    table = impressions()
    held = pa.array([DAY - timedelta(days=age) for age in (0, 1, *range(7, 14))])
    few = table.filter(pc.is_in(table["shown_on"], held))
    assert by_name(evaluated(models, few), "overall")["days"]["value"] == 7
    assert evaluated(models, few) == evaluated(models, table)


def test_impressions_without_a_final_outcome_are_not_judged(models: ModelShelf) -> None:
    table = impressions()
    rows = evaluated(models, table.filter(pc.is_null(table["label"])))
    assert {row["section"] for row in rows} == {"list"}
    assert "order is not judged today: there is no model, or the day's training set" in said(rows)


def test_without_a_model_the_lists_are_all_there_is(tmp_path: Path) -> None:
    rows = evaluated(shelf(tmp_path), impressions())
    assert {(row["section"], row["digest"]) for row in rows} == {("list", BY_RATE)}
    # Ordered by rate without any rule, they are popularity's own lists.
    for row in rows:
        if row["k"] <= 3 and row["baseline"] is not None:
            assert row["value"] == pytest.approx(row["baseline"])


def test_nothing_at_all(tmp_path: Path) -> None:
    rows = evaluated(shelf(tmp_path), impressions().slice(0, 0), pairs=candidates().slice(0, 0))
    assert rows == []
    assert said(rows).startswith("Nothing is recommended. The model's order is not judged")


def test_outcomes_that_are_all_alike(models: ModelShelf) -> None:
    table = impressions()
    closed = table.filter(pc.is_valid(table["label"]))
    for label in (0, 1):
        rows = evaluated(models, with_column(closed, "label", [label] * closed.num_rows))
        assert "roc_auc" not in by_name(rows, "overall")
        assert by_name(rows, "overall")["redeemed"]["value"] == label
        assert "All outcomes are the same" in said(rows)
        assert {row["section"] for row in rows} >= {"overall", "ranking", "calibration"}
    never = judged([("A", "F1", False, 0.1, 0.1, 1.0)])
    assert {row["section"] for row in curves(never)} == {"calibration"}, "of no redemption there is no curve"


def test_words_and_pictures(models: ModelShelf) -> None:
    rows = evaluated(models, impressions())
    shown = show_evaluation(metro(), DAY, rows)
    assert "ROC AUC alone proves little" in shown.words
    assert "Of the first 3 offers in a customer's list" in shown.words
    assert list(shown.pictures()) == ["", "_lift", "_precision_recall"]
    assert show_evaluation(metro(), DAY, rows[::-1]) == shown, "the order of rows shows"
    calibration, lift, curve = (ElementTree.fromstring(picture) for picture in shown.pictures().values())
    assert "redeemed as predicted" in "".join(calibration.itertext())
    svg = "{http://www.w3.org/2000/svg}"
    points = by_name(rows, "calibration")
    assert len(calibration.findall(f".//{svg}circle")) == len(points)
    assert len([p for p in calibration.findall(f".//{svg}g/{svg}path") if p.get("stroke") == "#1a1a1a"]) == len(points)
    assert len(calibration.findall(f".//{svg}path[@stroke-dasharray]")) == 1
    assert len(lift.findall(f".//{svg}rect")) == 10
    assert len(curve.findall(f".//{svg}circle")) == len(by_name(rows, "precision_recall"))

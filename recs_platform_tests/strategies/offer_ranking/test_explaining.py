"""Stored contributions add up to the scores, for the same customers whoever else there is; importance stands beside
that of the model before, and what cannot be read is said."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from recs_platform.errors import UserError
from recs_platform.model_registry.score_parts import START, scorer
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.strategies.offer_ranking.contributions import (
    explained,
    feature_contributions,
    feature_importance,
    show_importance,
)
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.warehouse.slices import Days
from recs_platform_tests.model_registry.artifacts import file_of
from recs_platform_tests.strategies.offer_ranking.market import (
    DAY,
    candidates,
    impressions,
    metro,
    score,
    shelf,
    train,
)
from recs_platform_tests.strategies.offer_ranking.shown import recommended

Row = dict[str, Any]
LATER = DAY + timedelta(days=7)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    """Two models: one of the day, and one of a week later that took its place."""
    found = shelf(tmp_path_factory.mktemp("shelf"))
    train(found, impressions())
    train(found, impressions(seed=9, day=LATER), day=LATER, company=metro(model_tolerance=0.5))
    return found


def contributed(
    models: ModelShelf, pairs: pa.Table, scores: pa.Table, day: date = DAY, **parameters: object
) -> list[Row]:
    made = feature_contributions.function(
        metro(**parameters),
        Days.one(day),
        models=models,
        offer_recommendations=recommended(pairs, scores, day),
        candidate_features=pairs,
    )
    rows: list[Row] = made.to_pylist()
    return rows


def importances(models: ModelShelf, day: date = LATER) -> list[Row]:
    made = feature_importance.function(Days.one(day), models)
    rows: list[Row] = made.to_pylist()
    return rows


def test_the_parts_of_every_stored_pair_add_up_to_its_raw_score(models: ModelShelf) -> None:
    pairs = candidates(1_500)
    scores = score(models, pairs)
    raw = {(row["customer_id"], row["offer_id"]): row["raw_score"] for row in scores.to_pylist()}
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in contributed(models, pairs, scores, explained_customers=40):
        found.setdefault((row["customer_id"], row["offer_id"]), {})[row["feature"]] = row["contribution"]
    assert len(found) == 40 * 3
    assert len({customer for customer, _ in found}) == 40
    for pair, parts in found.items():
        assert set(parts) == {*FEATURES.names, START}
        assert sum(parts.values()) == pytest.approx(raw[pair], abs=1e-6)
    assert len({parts[START] for parts in found.values()}) == 1, "one model starts from one place"


def test_values_stand_beside_their_parts(models: ModelShelf) -> None:
    pairs = candidates()
    rows = contributed(models, pairs, score(models, pairs), explained_customers=5)
    given = {(row["customer_id"], row["offer_id"]): row for row in pairs.to_pylist()}
    for row in rows:
        pair = given[row["customer_id"], row["offer_id"]]
        if row["feature"] == "is_own_brand":
            assert row["value"] == ("yes" if pair["is_own_brand"] else "no")
        elif row["feature"] == "promo_affinity":
            assert float(row["value"]) == pytest.approx(pair["promo_affinity"], rel=1e-3)
        elif row["feature"] == START:
            assert row["value"] is None


def test_the_same_customers_are_explained_whoever_else_there_is() -> None:
    names = [f"C{number:03d}" for number in range(200)]
    chosen = explained(pa.chunked_array([names]), 20).to_pylist()
    assert chosen == sorted(names, key=lambda name: hashlib.md5(name.encode()).hexdigest())[:20]
    fewer = [name for name in names if name in chosen or int(name[1:]) % 2]
    assert explained(pa.chunked_array([fewer[::-1] * 2]), 20).to_pylist() == chosen
    assert explained(pa.chunked_array([names]), 0).to_pylist() == []


def test_the_order_of_rows_decides_nothing(models: ModelShelf) -> None:
    pairs = candidates()
    scores = score(models, pairs)
    again = pairs.take(list(range(pairs.num_rows))[::-1])
    assert contributed(models, again, scores) == contributed(models, pairs, scores)


def test_without_a_model_nothing_is_explained(tmp_path: Path, models: ModelShelf) -> None:
    pairs, nobody = candidates(), shelf(tmp_path)
    assert contributed(nobody, pairs, score(nobody, pairs)) == []
    assert contributed(models, pairs, score(models, pairs), explained_customers=0) == []
    empty = pairs.slice(0, 0)
    assert contributed(models, empty, score(models, empty)) == []
    assert importances(nobody) == []
    assert show_importance([]).words == "No model serves, so no feature counts."


def test_the_model_that_scored_explains_whichever_serves_now(models: ModelShelf) -> None:
    first = models.serving("offer_ranking", DAY)
    second = models.serving("offer_ranking", LATER)
    assert first is not None
    assert second is not None
    assert (first.version, second.version) == (1, 2)
    pairs = candidates()
    by_first = score(models, pairs, DAY)
    assert set(by_first["scored_by"].to_pylist()) == {first.digest}
    raw = {(row["customer_id"], row["offer_id"]): row["raw_score"] for row in by_first.to_pylist()}
    sums: dict[tuple[str, str], float] = {}
    # As if the second model had been activated between the scores and their explanation.
    for row in contributed(models, pairs, by_first, LATER):
        pair = row["customer_id"], row["offer_id"]
        sums[pair] = sums.get(pair, 0.0) + row["contribution"]
    assert len(sums) > 50
    assert sums == {pair: pytest.approx(raw[pair], abs=1e-6) for pair in sums}


def test_a_model_that_nobody_knows(models: ModelShelf) -> None:
    with pytest.raises(UserError, match=r"metro: the model sha256:none that scored 2025-12-01 is not in the registry"):
        scorer(TASK, models, DAY, "sha256:none")
    second = models.serving("offer_ranking", LATER)
    assert second is not None
    with pytest.raises(UserError, match="cannot be explained"):
        scorer(TASK, models, DAY, second.digest)  # a model of a later day has scored none before it


def test_importance_beside_that_of_the_model_before(models: ModelShelf) -> None:
    rows = importances(models)
    before = {row["feature"]: row for row in importances(models, DAY)}
    assert [row["feature"] for row in rows] == list(FEATURES.names)
    assert sum(row["importance"] for row in rows) == pytest.approx(1)
    for row in rows:
        assert row["previous_importance"] == before[row["feature"]]["importance"]
        assert row["previous_digest"] == before[row["feature"]]["digest"]
        assert before[row["feature"]]["previous_digest"] is None
    top = sorted(rows, key=lambda row: -row["importance"])[:2]
    assert {row["feature"] for row in top} == {"promo_affinity", "discount_depth"}, "they decide in this market"
    assert "No model served before it." in show_importance(list(before.values())).words


def test_what_gained_and_what_lost() -> None:
    moves = {"a": (0.5, 0.3), "b": (0.3, 0.3), "c": (0.15, 0.39), "d": (0.05, 0.01)}
    rows = [
        {
            "feature": name,
            "importance": now,
            "previous_importance": then,
            "digest": "n",
            "previous_digest": "sha256:" + 16 * "f",
        }
        for name, (now, then) in moves.items()
    ]
    shown = show_importance(rows)
    assert shown.words == (
        "The model makes most of a (50.0%), b (30.0%), c (15.0%). Against the model before it (ffffffffffff) "
        "gained: a (+20.0%), d (+4.0%); lost: c (−24.0%)."
    )
    assert show_importance(rows[::-1]) == shown, "the order of rows shows"
    assert shown.picture is not None
    drawn = "".join(ElementTree.fromstring(shown.picture).itertext())
    assert drawn.index("50.0%, before 30.0%") < drawn.index("5.0%, before 1.0%")


def test_a_model_before_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    models = shelf(tmp_path)
    train(models, impressions())
    train(models, impressions(seed=9, day=LATER), day=LATER, company=metro(model_tolerance=0.5))
    first = models.serving("offer_ranking", DAY)
    assert first is not None
    file_of(models, first).write_text("{}")
    rows = importances(models)
    assert {(row["previous_digest"], row["previous_importance"]) for row in rows} == {(first.digest, None)}
    assert "cannot be read by this code, so they are not compared" in show_importance(rows).words

"""A task that is judged by its lists goes through the registry as any other: trained, served, replaced, refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.model_registry.scoring import score_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.train_and_register import (
    ExampleTable,
    RegisteredTraining,
    TrainingOrder,
    train_and_register,
)
from recs_platform.models.by_groups import GivenGroups
from recs_platform.models.data import NotTrainableError
from recs_platform.models.retraining import Reason
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.models.list_worlds import (
    COLUMNS,
    FEATURES,
    MONDAY,
    SETTINGS,
    TASK,
    Truth,
    habits,
    luck,
    rows,
)

WEEK = timedelta(days=7)


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    upgrade(database)
    return ModelShelf("concord", database, layouts_in(tmp_path / "artifacts"), "run-1")


def order(day: date) -> TrainingOrder:
    return TrainingOrder(day, (Reason("weekday", "it is Monday", f"weekday:{day}"),), SETTINGS, 0.02)


def week(shelf: ModelShelf, number: int, truth: Truth = habits) -> RegisteredTraining:
    day = MONDAY + number * WEEK
    examples = ExampleTable("reorder_examples", rows(truth, seed=3 + number, day=day))
    return train_and_register(TASK, examples, shelf, order(day))


def test_the_first_week_serves_and_scores_every_candidate(shelf: ModelShelf) -> None:
    trained = week(shelf, 0)
    version = trained.registered
    assert (version.version, version.status, version.as_of) == (1, "active", MONDAY)
    assert version.words.startswith("No model is active, so the new one goes active: NDCG at 5 0.")
    assert set(version.metrics["comparisons"]) == {"no order", "own frequency", "popularity"}
    assert version.metrics["comparisons"]["popularity"]["ndcg"]["low"] > 0
    assert version.metrics["candidate"]["ndcg"] == trained.training.test.leading(trained.candidate)
    candidates = rows(habits, clients=30, seed=9)
    scored = score_for(TASK, candidates, shelf, MONDAY)
    assert scored is not None and scored.by.digest == version.digest
    model = shelf.load(scored.by, FEATURES)
    assert np.array_equal(scored.raw, model.raw_scores(candidates))
    assert model.judged.digest == trained.candidate.digest != version.digest
    assert [training.outcome for training in shelf.begun_trainings(TASK.model)] == ["trained"]


def test_the_next_week_is_compared_with_it_on_clients_that_neither_learned_from(shelf: ModelShelf) -> None:
    week(shelf, 0)
    second = week(shelf, 1)
    assert second.champion is not None and second.champion.version == 1
    assert (second.registered.version, second.registered.status) == (2, "active")
    assert "lists of 2026-03-09 the new model is " in second.registered.words
    assert "advantage" not in second.registered.words
    assert set(second.registered.metrics["comparisons"]) >= {"active model"}
    champion = second.registered.metrics["champion"]
    judged = shelf.load(second.champion, FEATURES).judged
    assert champion["ndcg"] == second.training.test.leading(judged)


def test_a_week_without_anything_to_learn_leaves_the_active_one(shelf: ModelShelf) -> None:
    week(shelf, 0)
    refused = week(shelf, 1, luck)
    assert (refused.registered.status, refused.registered.metrics["fit"]) == ("candidate", False)
    assert ", so the active model stays." in refused.registered.words
    serving = shelf.serving(TASK.model, MONDAY + WEEK)
    assert serving is not None and serving.version == 1


def test_a_week_that_is_made_again_adds_no_version(shelf: ModelShelf) -> None:
    first = week(shelf, 0)
    again = week(shelf, 0)
    assert again.registered == first.registered
    assert len(shelf.versions(TASK.model)) == 1
    week(shelf, 1)
    assert week(shelf, 1).registered.version == 2


def test_too_few_clients_train_nothing_and_it_is_recorded(shelf: ModelShelf) -> None:
    few = ExampleTable("reorder_examples", rows(habits, clients=12))
    with pytest.raises(NotTrainableError, match="each part needs 10"):
        train_and_register(TASK, few, shelf, order(MONDAY))
    (begun,) = shelf.begun_trainings(TASK.model)
    assert (begun.outcome, shelf.versions(TASK.model)) == ("refused", ())


def test_given_parts_go_the_same_way(shelf: ModelShelf) -> None:
    table = rows(habits)
    parts = [("test", "validation", "train", "train")[int(name[1:]) % 4] for name in table["client"].to_pylist()]
    given = replace(TASK, columns=replace(COLUMNS, part="part"), design=replace(TASK.design, split=GivenGroups()))
    trained = train_and_register(
        given, ExampleTable("reorder_examples", table.append_column("part", pa.array(parts))), shelf, order(MONDAY)
    )
    assert trained.registered.status == "active"
    assert {int(name[1:]) % 4 for name in trained.training.test.examples.groups.to_pylist()} == {0}
    assert shelf.load(trained.registered, FEATURES).manifest.split == {"rule": "given"}

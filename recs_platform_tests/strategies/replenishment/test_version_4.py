"""Version 4 on the simulated world: it trains, its model scores, what fails stops nobody, and again it is the same."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.model_registry.scoring import scorer_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.columns import FEATURES
from recs_platform.next_basket.holdout import Holdout
from recs_platform.next_basket.log import places_of
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.schemas.replenishment import FAILED
from recs_platform.strategies.replenishment import candidates, isolation, neighbours, scoring
from recs_platform.strategies.replenishment.drift import drift_report
from recs_platform.strategies.replenishment.evaluation.learned import Learned
from recs_platform.strategies.replenishment.evaluation.trial import Kept, number_of
from recs_platform.strategies.replenishment.order_log import attributes_of, log_of
from recs_platform.strategies.replenishment.task import TASK
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.worlds import DAY, SPEC, Concord, days, due_pairs

pytestmark = pytest.mark.slow
LISTS = "SELECT * FROM weekly_recommendations ORDER BY customer_id, rank"
SCORES = "SELECT * FROM model_scores ORDER BY customer_id, item_id"
EXAMPLES = "SELECT * FROM replenishment_examples ORDER BY example"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    return shelf_in(tmp_path_factory.mktemp("shelf"))


def shelf_in(home: Path) -> ModelShelf:
    database = engine(f"sqlite:///{home / 'platform.db'}")
    upgrade(database)
    return ModelShelf("concord", database, layouts_in(home / "artifacts"), "0123456789")


@pytest.fixture(scope="module")
@takes_seconds
def concord(events: pa.Table, shelf: ModelShelf) -> Concord:
    return Concord(events, version="v4", models=shelf)


def test_the_day_trains_and_its_model_scores(concord: Concord, shelf: ModelShelf) -> None:
    serving = shelf.serving(TASK.model, DAY)
    assert serving is not None
    rows = concord.rows("SELECT outcome, version, digest FROM ranking_model WHERE outcome = 'activated'")
    assert rows == [("activated", 1, serving.digest)]
    assert concord.rows("SELECT DISTINCT scored_by, version FROM weekly_recommendations") == [(serving.digest, "v4")]
    # In the model's order, and what it did not look at behind.
    wrong = concord.rows(
        """WITH scored AS (
            SELECT scores.customer_id, scores.score, by_model.raw
            FROM replenishment_scores AS scores
            LEFT JOIN model_scores AS by_model
              ON by_model.customer_id = scores.customer_id AND by_model.item_id = scores.item_id
            WHERE scores.score < 2)
        SELECT first.customer_id
        FROM scored AS first
        JOIN scored AS second ON second.customer_id = first.customer_id
        WHERE first.score <= second.score
          AND (first.raw > second.raw OR (first.raw IS NOT NULL AND second.raw IS NULL))"""
    )
    assert wrong == []


def test_the_evaluation_orders_as_the_week_does(concord: Concord, shelf: ModelShelf) -> None:
    """Where both know the same orders, the same items and the same model, to the last bit."""
    scorer = scorer_for(TASK, shelf, DAY)
    assert scorer is not None
    lines, trends = concord.table("order_lines"), concord.table("product_trends")
    log = log_of(lines, trends)
    week = concord.rows("SELECT customer_id, item_id, raw FROM model_scores ORDER BY customer_id, raw DESC, item_id")
    names = sorted({client for client, _, _ in week})
    clients = places_of(pa.chunked_array([pa.array(names)]), log.clients)
    nothing = np.zeros(0, dtype=np.int64)
    as_of = np.full(len(log.clients), number_of(DAY) + 1)
    kept = Kept(Holdout(log, clients, nothing, nothing, as_of), log, DAY, lines, are_weeks=True)
    scored = Learned(scorer.model, "").scored(kept, attributes_of(trends, log), threads=1)
    order = np.lexsort((scored.item, -scored.score, scored.client))
    found = zip(
        log.clients.take(scored.client[order]).to_pylist(),
        log.items.take(scored.item[order]).to_pylist(),
        scored.score[order].tolist(),
        strict=True,
    )
    assert list(found) == week
    listed = scored.ranking(clients, 10).items.tolist()
    for name, items in zip(names[:20], listed, strict=False):
        first = [item for client, item, _ in week if client == name][:10]
        assert log.items.take(items).to_pylist() == first


def test_what_falls_due_stands_higher_than_by_version_32(events: pa.Table, concord: Concord) -> None:
    due = due_pairs(DAY, 7)
    by_version = {}
    for name, world in (("v4", concord), ("v32", Concord(events))):
        listed = world.rows(
            "SELECT customer_id, item_id FROM weekly_recommendations WHERE kind = 'repurchase' AND rank <= 5"
        )
        by_version[name] = sum(pair in due for pair in listed) / len(listed)
    assert by_version["v4"] > 1.1 * by_version["v32"]


def test_the_same_day_again_is_the_same_with_one_thread(
    events: pa.Table, concord: Concord, shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (candidates, neighbours):
        monkeypatch.setattr(module, "cores", lambda: 1)
    again = Concord(events, version="v4", models=shelf, threads=1)
    for query in (LISTS, SCORES):
        assert again.rows(query) == concord.rows(query)
    assert str(again.rows(EXAMPLES)) == str(concord.rows(EXAMPLES))
    assert len(shelf.versions(TASK.model)) == 1


def test_the_newest_week_is_compared_with_training(concord: Concord) -> None:
    rows = concord.computed(drift_report).to_pylist()
    told = {row["name"] for row in rows}
    assert {"score", "label", *FEATURES} - told <= {"season_lift"}, "of a year that is not known nothing is told"
    assert "volume" not in told, "examples are of some clients alone"
    # It is the week that it learned from.
    assert {row["verdict"] for row in rows if row["name"] in ("own_count", "label", "score")} == {"ok"}


def test_without_a_model_it_scores_as_version_32(events: pa.Table, tmp_path: Path) -> None:
    """Of so few days nothing is learned."""
    shelf = shelf_in(tmp_path)
    day = days(SPEC.start, DAY)[20]
    known = events.filter(pa.compute.less_equal(events["event_date"], pa.scalar(day)))
    without = Concord(known, version="v4", models=shelf, day=day)
    assert without.rows("SELECT outcome FROM ranking_model") == [("refused",)]
    assert without.rows("SELECT count(*) FROM model_scores") == [(0,)]
    assert without.rows("SELECT DISTINCT scored_by, version FROM weekly_recommendations") == [("v32", "v4")]
    columns = "SELECT customer_id, item_id, score FROM replenishment_scores"
    plain = Concord(known, day=day)
    both = {(client, item): score for client, item, score in without.rows(columns)}
    assert all(both[client, item] == score for client, item, score in plain.rows(columns))


@pytest.mark.parametrize("step", ["candidates", "scores"])
def test_a_client_whose_computation_fails_stops_nobody(
    step: str,
    events: pa.Table,
    concord: Concord,
    shelf: ModelShelf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (victim,) = concord.rows("SELECT customer_id FROM weekly_recommendations ORDER BY customer_id LIMIT 1")[0]
    module: Any = {"candidates": candidates, "scores": scoring}[step]
    monkeypatch.setattr(module, "each_block", planted(victim))
    with caplog.at_level(logging.ERROR):
        broken = Concord(events, version="v4", models=shelf, trained=concord)
    assert broken.rows("SELECT customer_id, reason FROM unserved_clients") == [(victim, FAILED)]
    others = f"SELECT * FROM weekly_recommendations WHERE customer_id <> '{victim}' ORDER BY customer_id, rank"
    assert broken.rows(others) == concord.rows(others)
    assert broken.rows(f"SELECT count(*) FROM weekly_recommendations WHERE customer_id = '{victim}'") == [(0,)]
    assert "failed for 1 client" in caplog.text


def planted(victim: str) -> Any:
    """Work that fails on one client's rows."""

    def each_block(work: Any, clients: Ints, names: Any, what: str) -> Any:
        def fails(these: Ints) -> Any:
            if victim in [names[client].as_py() for client in these.tolist()]:
                raise ZeroDivisionError("jane@shop.example is broken")
            return work(these)

        return isolation.each_block(fails, clients, names, what)

    return each_block


def test_where_many_fail_it_is_no_clients_fault() -> None:
    def fails(these: Ints) -> None:
        raise ZeroDivisionError(str(these))

    with pytest.raises(ZeroDivisionError):
        list(isolation.each_block(fails, np.arange(100), pa.array([str(n) for n in range(100)]), "Counting"))


def test_the_words_of_a_failure_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    def fails(these: Ints) -> int:
        if 3 in these:
            raise ZeroDivisionError("jane@shop.example is broken")
        return len(these)

    made = list(isolation.each_block(fails, np.arange(10), pa.array([f"c{n}@shop.example" for n in range(10)]), "Work"))
    assert sum(made) == 9
    assert "jane@" not in caplog.text
    assert "c3@" not in caplog.text
    assert "Work failed for 1 client of 10" in caplog.text

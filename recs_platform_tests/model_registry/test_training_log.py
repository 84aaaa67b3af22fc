"""The log of trainings: begun before they start, ended however they end."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from recs_platform.model_registry import training_log
from recs_platform.model_registry.training_log import Begun, from_json, to_json
from recs_platform.models.retraining import Reason
from recs_platform_tests.model_registry.versions import NOON, day

MONDAY = Reason("weekday", "it is Monday", "weekday:2025-10-06")
DRIFT = Reason("drift", "drifted: Größe", "metro:2025-10-05:sha256:aa")


def begin(database: Engine, number: int, *reasons: Reason, run_id: str = "run-1", model: str = "offer_ranking") -> None:
    training_log.begin(database, "metro", model, day(number), reasons, run_id=run_id, at=NOON)


def begun(database: Engine) -> tuple[Begun, ...]:
    return training_log.begun(database, "metro", "offer_ranking")


def test_a_training_that_began_is_known_although_it_was_killed(platform_db: Engine) -> None:
    begin(platform_db, 6, MONDAY, DRIFT)
    assert begun(platform_db) == (Begun("offer_ranking", day(6), (MONDAY, DRIFT), "run-1", NOON, None, ""),)


def test_a_training_that_ended(platform_db: Engine) -> None:
    begin(platform_db, 6, MONDAY)
    training_log.end(
        platform_db, "metro", "offer_ranking", day(6), outcome="refused", words="for jane@x.org " + "x" * 3000
    )
    (run,) = begun(platform_db)
    assert (run.outcome, run.words[:20], len(run.words)) == ("refused", "for j***@***.org xxx", 2000)


def test_a_day_that_trains_again_begins_again_with_the_reasons_of_both(platform_db: Engine) -> None:
    begin(platform_db, 6, MONDAY)
    training_log.end(platform_db, "metro", "offer_ranking", day(6), outcome="failed", words="disk full")
    begin(platform_db, 6, DRIFT, MONDAY._replace(words="told otherwise"), run_id="run-2")
    assert begun(platform_db) == (Begun("offer_ranking", day(6), (MONDAY, DRIFT), "run-2", NOON, None, ""),)


def test_trainings_come_with_the_oldest_day_first(platform_db: Engine) -> None:
    for number in (13, 6, 20):
        begin(platform_db, number, MONDAY)
    begin(platform_db, 7, MONDAY, model="churn")
    assert [run.as_of for run in begun(platform_db)] == [day(6), day(13), day(20)]


def test_the_end_of_an_unknown_training_is_not_swallowed(platform_db: Engine) -> None:
    with pytest.raises(
        LookupError, match="metro: the training of offer_ranking for 2025-10-06 ends, but was never begun"
    ):
        training_log.end(platform_db, "metro", "offer_ranking", day(6), outcome="trained", words="")


def test_reasons_are_stored_by_name() -> None:
    said = to_json([DRIFT])
    assert said == ('[{"kind": "drift", "words": "drifted: Größe", "evidence_id": "metro:2025-10-05:sha256:aa"}]')
    assert from_json(said) == (DRIFT,)


@pytest.mark.parametrize("said", ["", "drift", "[1]", '[{"kind": "boredom", "words": "w", "evidence_id": "e"}]'])
def test_what_is_no_list_of_reasons_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_json(said)

"""What asks a day to train, with a real registry and real artifacts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf, open_shelf
from recs_platform.models.features import FeatureSet
from recs_platform.models.retraining import Reason
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.training import training_plan
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.offer_ranking.market import metro
from recs_platform_tests.strategies.offer_ranking.serving import a_model, activate

MONDAY = date(2025, 12, 1)
WEDNESDAY = MONDAY + timedelta(days=2)
DRIFT = Reason("drift", "drifted: discount_depth", "drift:metro:2025-12-02")
IT_IS_MONDAY = ("weekday", "it is Monday", "weekday:2025-12-01")


def shelf(*asked: Reason) -> ModelShelf:
    return open_shelf("metro", run_id="0123456789", asked=asked)


def plan(day: date, *asked: Reason, company: Company | None = None) -> list[tuple[str, str, str]]:
    rows = training_plan.function(company or metro(), Days.one(day), shelf(*asked)).to_pylist()
    assert all(row["as_of"] == day for row in rows)
    return [(row["reason"], row["words"], row["evidence"]) for row in rows]


def begin(day: date, *reasons: Reason, outcome: str | None = "trained") -> None:
    shelf().begin(TASK.model, day, reasons)
    if outcome:
        shelf().end(TASK.model, day, outcome, "")


def test_without_a_model_every_day_asks() -> None:
    assert plan(WEDNESDAY) == [("no_artifact", "no usable model: none is active", "no_artifact:2025-12-03")]
    begin(WEDNESDAY, *(Reason(*row) for row in plan(WEDNESDAY)), outcome="refused")  # type: ignore[arg-type]
    # The next day is within the cool-down, which does not hold while there is no model.
    assert plan(WEDNESDAY + timedelta(days=1)) == [
        ("no_artifact", "no usable model: none is active", "no_artifact:2025-12-04")
    ]


def test_with_a_model_the_configured_weekday_asks_and_other_days_do_not() -> None:
    activate(shelf(), MONDAY - timedelta(days=7))
    assert plan(MONDAY) == [IT_IS_MONDAY]
    assert plan(WEDNESDAY) == []
    assert plan(MONDAY, company=metro(retrain_weekday=None)) == []
    assert plan(WEDNESDAY, company=metro(retrain_weekday="wednesday")) != []


@pytest.mark.parametrize(("trained", "asks"), [(1, 2), (2, 1), (3, 0)])
def test_a_weekday_that_the_cool_down_held_back_asks_on_the_first_day_after_it(trained: int, asks: int) -> None:
    """So many days before Monday was a training; so many after it the three days are over."""
    activate(shelf(), MONDAY - timedelta(days=7))
    begin(MONDAY - timedelta(days=trained), DRIFT)
    for waits in range(asks):
        assert plan(MONDAY + timedelta(days=waits)) == []
    first = MONDAY + timedelta(days=asks)
    words = "Monday's training (2025-12-01) had to wait" if asks else "it is Monday"
    due = ("weekday", words, "weekday:2025-12-01")
    assert plan(first) == [due]
    # That day trains, and Monday asks no more.
    begin(first, Reason(*due))  # type: ignore[arg-type]
    assert [plan(first + timedelta(days=later)) for later in range(1, 5)] == [[]] * 4
    assert plan(MONDAY + timedelta(days=7)) == [("weekday", "it is Monday", "weekday:2025-12-08")]


def test_a_weekday_that_nothing_held_back_and_nobody_ran_is_not_made_up_for() -> None:
    activate(shelf(), MONDAY - timedelta(days=7))
    begin(MONDAY - timedelta(days=3), DRIFT)
    assert plan(MONDAY + timedelta(days=1)) == []


def test_a_shorter_cool_down_holds_the_weekday_back_for_fewer_days() -> None:
    activate(shelf(), MONDAY - timedelta(days=7))
    begin(MONDAY - timedelta(days=2), DRIFT)
    assert plan(MONDAY) == []
    assert plan(MONDAY, company=metro(retrain_cool_down_days=2)) == [IT_IS_MONDAY]


def test_a_damaged_artifact_asks_and_says_what_is_wrong() -> None:
    manifest = activate(shelf(), MONDAY)
    assert plan(WEDNESDAY) == []
    manifest.write_text("{}")
    ((reason, words, _),) = plan(WEDNESDAY)
    assert reason == "no_artifact"
    said = "its bytes are not those that the manifest names"
    assert words == f"no usable model: version 1 cannot be used, {said}"


def test_a_model_of_other_features_is_none() -> None:
    activate(shelf(), MONDAY, a_model(FeatureSet(TASK.features.specs[::-1])))
    ((reason, words, _),) = plan(WEDNESDAY)
    assert reason == "no_artifact"
    assert words.startswith("no usable model: version 1 cannot be used, feature 1 of the model is redemptions_of_kind")


def test_a_day_before_the_first_model_has_none() -> None:
    activate(shelf(), WEDNESDAY)
    assert [reason for reason, _, _ in plan(MONDAY)] == ["no_artifact", "weekday"]


def test_a_day_that_is_made_late_knows_of_no_later_training() -> None:
    activate(shelf(), MONDAY - timedelta(days=7))
    begin(MONDAY + timedelta(days=1), DRIFT)
    assert plan(MONDAY) == [IT_IS_MONDAY]


def test_what_a_sensor_asks_for_is_planned_with_what_the_cool_down_held_back() -> None:
    activate(shelf(), MONDAY - timedelta(days=7))
    assert plan(WEDNESDAY, DRIFT) == [tuple(DRIFT)]
    begin(MONDAY - timedelta(days=1), Reason("volume", "fewer", "volume:metro:2025-11-30"))
    assert plan(MONDAY) == []
    assert plan(MONDAY, DRIFT) == [IT_IS_MONDAY, tuple(DRIFT)]


@pytest.mark.parametrize("outcome", ["activated", "refused", "failed", None])
def test_a_day_made_again_has_the_reasons_that_it_trained_for(outcome: str | None) -> None:
    first = plan(MONDAY)
    assert [reason for reason, _, _ in first] == ["no_artifact", "weekday"]
    begin(MONDAY, *(Reason(*row) for row in first), outcome=outcome)  # type: ignore[arg-type]
    # Meanwhile a model serves the day, and a later day has trained.
    activate(shelf(), MONDAY)
    begin(WEDNESDAY, DRIFT)
    assert plan(MONDAY) == first


def test_reasons_add_up_when_a_sensor_starts_a_day_that_has_trained() -> None:
    activate(shelf(), MONDAY)
    begin(MONDAY, Reason(*IT_IS_MONDAY))  # type: ignore[arg-type]
    both = [IT_IS_MONDAY, tuple(DRIFT)]
    assert plan(MONDAY, DRIFT) == both
    begin(MONDAY, *(Reason(*row) for row in both))  # type: ignore[arg-type]
    # The sensor's run started again, and the daily run.
    assert plan(MONDAY, DRIFT) == both
    assert plan(MONDAY) == both

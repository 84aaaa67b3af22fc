"""When replenishment trains: while no model serves, weeks after the last training, and never where nobody is of v4."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf, open_shelf
from recs_platform.models.retraining import Reason
from recs_platform.schemas.replenishment_examples import ReplenishmentExamples
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment import training
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.task import TASK
from recs_platform.strategies.replenishment.training import training_plan
from recs_platform.strategies.training import plan
from recs_platform.warehouse.slices import Days

SUNDAY = date(2025, 11, 30)
DRIFT = Reason("drift", "drifted: own_count", "drift:concord:2025-11-30")


def company(**parameters: Any) -> Company:
    chosen = ReplenishmentParameters.model_validate(parameters)
    return company_named("concord").model_copy(update={"parameters": chosen})


def shelf(*asked: Reason) -> ModelShelf:
    return open_shelf("concord", run_id="0123456789", asked=asked)


def reasons(day: date, *asked: Reason, **parameters: Any) -> list[str]:
    rows = training_plan.function(company(**parameters), Days.one(day), shelf(*asked)).to_pylist()
    return [row["words"] for row in rows]


def test_without_a_model_every_week_trains() -> None:
    assert reasons(SUNDAY) == ["no usable model: none is active"]
    assert reasons(SUNDAY + timedelta(days=7)) == ["no usable model: none is active"]


def test_a_company_of_which_nobody_is_of_version_4_trains_nothing() -> None:
    shares = {date(2025, 9, 1): {"v32": 0.5, "v4": 0.5}}
    assert reasons(SUNDAY, version="v32") == reasons(SUNDAY, DRIFT, version="v31") == []
    assert reasons(SUNDAY, version="v32", experiment="order", experiment_shares=shares) != []


@pytest.mark.parametrize(("weeks", "words"), [(3, []), (4, ["the last training was 28 days ago"])])
def test_a_model_that_serves_is_trained_again_after_four_weeks(
    weeks: int, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_unusable", lambda *_: None)
    shelf().begin(TASK.model, SUNDAY, [DRIFT])
    day = SUNDAY + timedelta(weeks=weeks)
    assert reasons(day) == words
    assert reasons(day, retrain_weeks=None) == []
    # What somebody asks for is not held back.
    assert DRIFT.words in reasons(day, DRIFT)


def test_the_table_of_examples_has_the_columns_of_the_task() -> None:
    """Both ways: what is stored is what is learned from, and nothing else."""
    columns = TASK.columns
    own = (columns.example, columns.day, columns.label, columns.group, *columns.subjects, *columns.given.values())
    assert {column.name for column in spec_of(ReplenishmentExamples).columns} == {"as_of", *own, *TASK.features.names}
    assert training.replenishment_examples.spec.name == "replenishment_examples"

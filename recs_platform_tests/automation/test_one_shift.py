"""A shift that was planted in a simulated world asks for one training, from its drift report to a model that serves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.ticks import Ticks
from recs_platform_tests.promises.platform import Platform
from recs_platform_tests.strategies.offer_ranking.drift_worlds import TABLES, drift_world

pytestmark = pytest.mark.slow

SHIFT = 100
"""Days from the world's start; it is reported on here two days after."""


def test_a_planted_shift_asks_for_exactly_one_training(own_home: Path) -> None:
    world = drift_world(own_home, seed=11, customers=250, first=48, last=SHIFT + 2, drift=SHIFT)
    platform, day = Platform(own_home, [world.long_known]).beginning_on("metro", world.day(48)), world.day(SHIFT + 2)
    ticks, shelf = Ticks(platform), open_shelf("metro", run_id="0123456789")
    before = world.trained(SHIFT - 2)
    first = shelf.keep(
        TASK.model, before, world.day(SHIFT - 2), ChallengeVerdict(True, "", before.manifest.quality["test"], None)
    )
    models = platform.ref("metro", "ranking_model")
    nothing = models.spec.arrow_schema.empty_table().to_reader()
    platform.lake.replace(Subject("ranking_model", "metro", models, Days.one(day)), nothing)
    platform.succeeded(platform.run_day("metro", day, only=["drift_report"]))
    seen = platform.rows("metro", "drift_report", Days.one(day))

    (request,) = ticks.asks()
    assert request.run_key == f"drift:metro:{day}"
    platform.succeeded(ticks.run(request, ["training_plan", *TABLES, "ranking_model", "drift_report"]))

    (plan,) = platform.rows("metro", "training_plan", Days.one(day))
    assert (plan["reason"], plan["evidence"]) == ("drift", f"drift:metro:{day}")
    assert "discount_depth" in plan["words"]
    (run,) = shelf.trainings(TASK.model)
    assert [reason.evidence_id for reason in run.reasons] == [plan["evidence"]]
    made = {row["outcome"]: row for row in platform.rows("metro", "ranking_model", Days.one(day))}
    assert made.keys() - {"not chosen"} in ({"activated"}, {"worse"})
    # The active model is replaced by one that is no worse, or stays.
    serving = shelf.serving(TASK.model, day)
    assert serving is not None
    assert serving.digest == (made["activated"]["digest"] if "activated" in made else first.digest)

    # The shift goes on for two weeks: outcomes of its days become final only now.
    for number in range(1, 15):
        report = platform.ref("metro", "drift_report")
        rows = [{**row, "as_of": day + timedelta(days=number)} for row in seen]
        days = Days.one(day + timedelta(days=number))
        platform.lake.replace(Subject("drift_report", "metro", report, days), report.spec.arrow_table(rows).to_reader())
        assert ticks.says() == f"metro: Nothing new asks for a training ({days.last})"

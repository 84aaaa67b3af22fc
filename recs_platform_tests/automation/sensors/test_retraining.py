"""The retraining sensor on a real lake, registry and Dagster instance: ticks as the daemon makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.sensors.retraining import ask
from recs_platform.model_registry.run_tags import REASONS_TAG
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.drift import DriftVerdict
from recs_platform.models.retraining import Reason, Run
from recs_platform.strategies.catalogue import pipelines
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.ticks import JOB, SENSOR, Ticks
from recs_platform_tests.promises.platform import Platform
from recs_platform_tests.strategies.offer_ranking.market import metro
from recs_platform_tests.strategies.offer_ranking.serving import activate

pytestmark = pytest.mark.slow

TUESDAY = date(2025, 9, 2)
TRAINING = ("training_plan", "ranking_model")
Verdicts = Mapping[str, DriftVerdict]
DRIFTED: Verdicts = {"discount_depth": "drifted", "monetary": "ok"}
QUIET: Verdicts = {"discount_depth": "watch", "monetary": "ok"}


def day(number: int) -> date:
    return TUESDAY + timedelta(days=number)


class Shop:
    """Companies of offer ranking whose drift reports a test writes."""

    def __init__(self, home: Path) -> None:
        twin = metro().model_copy(update={"name": "twin", "dataset": "twin"})
        self.platform = Platform(home, [metro(), twin])
        self.ticks = Ticks(self.platform)
        self.shelf = open_shelf("metro", run_id="0123456789")

    def reports(self, by_day: Mapping[date, Verdicts], company: str = "metro") -> None:
        """Drift reports of days in a row, in one commit."""
        rows = [
            {
                "as_of": day,
                "name": name,
                "figure": "psi",
                "value": 0.3,
                "limit": 0.25,
                "verdict": verdict,
                "words": f"{name}: {verdict}",
                "digest": "sha256:0",
                "trained_on": TUESDAY - timedelta(days=1),
            }
            for day, verdicts in by_day.items()
            for name, verdict in verdicts.items()
        ]
        self._write("drift_report", Days(min(by_day), max(by_day)), rows, company)

    def nothing_to_train_on(self, day: date) -> None:
        self._write("training_set", Days.one(day), [], "metro")

    def _write(self, table: str, days: Days, rows: Sequence[Mapping[str, object]], company: str) -> None:
        ref = self.platform.ref(company, table)
        self.platform.lake.replace(Subject(table, company, ref, days), ref.spec.arrow_table(rows).to_reader())


@pytest.fixture
def shop(own_home: Path) -> Shop:
    return Shop(own_home)


def test_the_sensor_is_off_until_somebody_turns_it_on(shop: Shop) -> None:
    sensor = shop.platform.definitions.get_repository_def().get_sensor_def(SENSOR)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert sensor.job_name == JOB


def test_the_job_makes_the_plan_and_all_that_follows_from_it_and_no_log(shop: Shop) -> None:
    selected = shop.platform.definitions.resolve_job_def(JOB).asset_layer.executable_asset_keys
    made = {key.path[-1] for key in selected}
    assert {"training_plan", "training_set", "ranking_model", "offer_scores", "publication", "drift_report"} <= made
    assert not made & {"events", "impressions", "customer_days", "offer_candidates"}


def test_without_reports_or_a_lake_nothing_is_asked_for(shop: Shop) -> None:
    assert shop.ticks.says() == "metro, twin: no drift report yet"
    shop.reports({day(0): {}})
    assert shop.ticks.says() == "metro: Nothing new asks for a training (2025-09-02); twin: no drift report yet"


def test_a_request_is_the_newest_day_with_its_reasons(shop: Shop) -> None:
    shop.reports({day(0): QUIET, day(1): DRIFTED})
    shop.nothing_to_train_on(day(1))
    (request,) = shop.ticks.asks()
    evidence = "drift:metro:2025-09-03"
    assert (request.run_key, request.partition_key) == (evidence, "metro|2025-09-03")
    assert request.tags[COMPANY_TAG] == "metro"
    assert shop.ticks.run(request, TRAINING).success
    drift = Reason("drift", "drifted: discount_depth", evidence)
    no_artifact = Reason("no_artifact", "no usable model: none is active", "no_artifact:2025-09-03")
    planned = shop.platform.rows("metro", "training_plan")
    assert {(row["reason"], row["evidence"]) for row in planned} == {
        (reason.kind, reason.evidence_id) for reason in (drift, no_artifact)
    }


def test_fourteen_days_of_drift_are_one_training(shop: Shop) -> None:
    """Three ticks a day, the days' reports one by one; the training is refused, and does not ask again for that."""
    activate(shop.shelf, day(-30))
    started = []
    for number in range(14):
        shop.reports({day(number): QUIET if number < 2 else DRIFTED})
        shop.nothing_to_train_on(day(number))
        for _ in range(3):
            for request in shop.ticks.asks():
                started.append(request.partition_key)
                assert shop.ticks.run(request, TRAINING).success
    assert started == ["metro|2025-09-04"]
    (run,) = shop.shelf.trainings(TASK.model)
    assert run == Run(day(2), (Reason("drift", "drifted: discount_depth", "drift:metro:2025-09-04"),))
    (refused,) = shop.platform.rows("metro", "ranking_model")
    assert (refused["outcome"], refused["asked_by"]) == ("refused", "drifted: discount_depth")
    serving = shop.shelf.serving(TASK.model, day(13))
    assert serving is not None
    assert serving.version == 1


def test_reports_of_a_weekly_strategy_end_a_shift_with_one_quiet_week(shop: Shop) -> None:
    """Daily ones need three quiet reports for that: the shift of two reports before lasts."""
    for number, verdicts in ((0, DRIFTED), (7, QUIET), (14, DRIFTED)):
        shop.reports({day(number): verdicts})
    pipeline, company = pipelines()["offer_ranking"], shop.platform.companies["metro"]
    weekly = replace(pipeline)
    vars(weekly)["weekly"] = frozenset({"drift_report"})
    for made, begun in ((pipeline, day(0)), (weekly, day(14))):
        assert made.strategy.model is not None
        request = ask(made, made.strategy.model, company, shop.platform.lake, shop.ticks.instance)
        assert isinstance(request, dg.RunRequest)
        assert request.run_key == f"drift:metro:{begun}"


def test_a_tick_before_the_run_begins_does_not_ask_again(shop: Shop) -> None:
    shop.reports({day(0): DRIFTED})
    (first,), (second,) = shop.ticks.asks(), shop.ticks.asks()
    # The daemon starts nothing twice for one key, ...
    assert first.run_key == second.run_key
    shop.ticks.queue(first)
    # ... and once the run is queued, nothing is asked for, although the next day would be a run of its own.
    shop.reports({day(1): DRIFTED})
    assert shop.ticks.says().startswith("metro: Nothing new asks for a training (2025-09-03)")


def test_a_run_that_was_started_by_hand_without_reasons_holds_nothing_back(shop: Shop) -> None:
    shop.reports({day(0): DRIFTED})
    (request,) = shop.ticks.asks()
    tags = {name: value for name, value in request.tags.items() if name != REASONS_TAG}
    shop.ticks.queue(request._replace(run_key="by hand", tags=tags))
    assert [again.run_key for again in shop.ticks.asks()] == [request.run_key]


def test_a_run_that_fails_before_it_trains_does_not_ask_again(shop: Shop) -> None:
    """Here there is no training set, so no training was begun: that it was asked for is known from the run."""
    shop.reports({day(0): DRIFTED})
    (request,) = shop.ticks.asks()
    assert not shop.ticks.run(request, TRAINING).success
    assert shop.shelf.trainings(TASK.model) == ()
    shop.reports({day(1): DRIFTED})
    assert shop.ticks.says().startswith("metro: Nothing new asks for a training (2025-09-03)")


def test_drift_waits_for_the_cool_down_after_a_weekly_training(shop: Shop) -> None:
    monday = day(-1)
    shop.shelf.begin(TASK.model, monday, [Reason("weekday", "it is Monday", f"weekday:{monday}")])
    shop.reports({day(0): DRIFTED, day(1): DRIFTED})
    waits = "metro: Waits 3 days from the run of 2025-09-01: drifted: discount_depth (2025-09-03)"
    assert shop.ticks.says().split("; ")[0] == waits
    shop.reports({day(2): DRIFTED})
    (request,) = shop.ticks.asks()
    # The evidence is the day on which the drift was seen first.
    assert (request.partition_key, request.run_key) == ("metro|2025-09-04", "drift:metro:2025-09-02")


def test_the_calendar_asks_in_the_daily_run_and_not_here(shop: Shop) -> None:
    shop.reports({day(6): QUIET})
    assert day(6).strftime("%A") == "Monday"
    assert shop.ticks.says().startswith("metro: Nothing new asks for a training (2025-09-08)")


def test_a_drift_that_lasts_for_months_is_followed_to_its_first_day(shop: Shop) -> None:
    """Longer than what is read at once; it asks again as many days after its training as the parameter says."""
    shop.reports({day(number): DRIFTED for number in range(100)})
    assert shop.ticks.asks()[0].run_key == "drift:metro:2025-09-02"
    shop.shelf.begin(TASK.model, day(99 - 34), [Reason("drift", "", "drift:metro:2025-09-02")])
    assert shop.ticks.says().startswith("metro: Nothing new")
    shop.reports({day(100): DRIFTED})
    assert shop.ticks.asks()[0].run_key == f"drift:metro:{day(100)}"


def test_each_company_is_asked_for_by_itself(shop: Shop) -> None:
    shop.reports({day(0): DRIFTED})
    shop.reports({day(3): DRIFTED}, company="twin")
    assert [request.partition_key for request in shop.ticks.asks()] == ["metro|2025-09-02", "twin|2025-09-05"]


def test_one_companys_trouble_keeps_no_other_company_waiting(shop: Shop) -> None:
    shop.reports({day(0): DRIFTED})
    shop.reports({day(0): DRIFTED}, company="twin")
    (request, _) = shop.ticks.asks()
    shop.ticks.queue(request._replace(tags={**request.tags, REASONS_TAG: "not reasons"}))
    assert [request.partition_key for request in shop.ticks.asks()] == ["twin|2025-09-02"]
    shop.reports({day(0): QUIET}, company="twin")
    assert shop.ticks.says().startswith(f"metro: cannot tell: the run's tag {REASONS_TAG} is not a list of reasons")

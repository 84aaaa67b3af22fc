"""What Dagster loads: without network or credentials, everything in it, schedules that ask for the right day."""

from __future__ import annotations

import re
import socket
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from recs_platform.automation.doctor.schedules import ON_FROM_THE_START, RETRAINING
from recs_platform.automation.journal import RANGE_END, RANGE_START
from recs_platform.automation.sensors.alerts import NAME as ALERTS
from recs_platform.companies.model import Company
from recs_platform.serving.trace.served import MODEL_CHECK, PUBLICATION_CHECK
from recs_platform.strategies.catalogue import STRATEGIES, load_companies, pipelines
from recs_platform_tests.automation.mornings import asked_for
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.promises.platform import definitions_of, quietly

_JAPAN = {"name": "nagoya", "dataset": "nagoya", "timezone": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def companies() -> dict[str, Company]:
    """The built-in companies, and one far to the east."""
    built_in = load_companies()
    others = {company.name: company for company in companies_of_each_strategy().values()}
    return {**others, **built_in, "nagoya": built_in["metro"].model_copy(update=_JAPAN)}


@pytest.fixture(scope="module")
def definitions(companies: dict[str, Company]) -> dg.Definitions:
    made = definitions_of(companies)
    with quietly():
        made.get_repository_def()
    return made


def test_definitions_load_without_network_or_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"the network was asked for {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "SLACK_BOT_TOKEN", "HOME"):
        monkeypatch.delenv(name, raising=False)
    with quietly():
        dg.Definitions.validate_loadable(definitions_of())


def test_the_doctor_knows_what_is_on_from_the_start_and_what_trains(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    every = [*repository.sensor_defs, *repository.schedule_defs]
    running = (dg.DefaultSensorStatus.RUNNING, dg.DefaultScheduleStatus.RUNNING)
    on = {one.name for one in every if one.default_status in running}
    assert on == {ALERTS, *(one.name for one in every if one.name.endswith(ON_FROM_THE_START))}
    assert all(any(name.endswith(end) for name in on) for end in ON_FROM_THE_START)
    trained = {f"{strategy.name}{RETRAINING}" for strategy in STRATEGIES.values() if strategy.model}
    assert trained == {one.name for one in every if one.name.endswith(RETRAINING)} != set()


def test_the_assets_checks_jobs_and_schedules_that_people_look_for_are_there(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assets = {key.to_user_string() for key in graph.get_all_asset_keys()}
    checks = {f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys}
    for strategy in STRATEGIES:
        tables = {
            "events",
            "landed_events",
            "customers",
            "rejected_rows",
            "source_counts",
            "source_assessment",
        }
        assert {f"{strategy}/{table}" for table in tables} <= assets
        assert {
            f"{strategy}/landed_events:repeated_events",
            f"{strategy}/source_counts:rejected_share",
            f"{strategy}/source_assessment:nothing_new",
        } <= checks
        assert definitions.resolve_job_def(f"{strategy}_daily").name
        assert definitions.resolve_job_def(f"{strategy}_history").name
    assert {"vehicle_fitment/fitment", "offer_ranking/impressions"} <= assets
    assert "replenishment/fitment" not in assets
    assert "vehicle_fitment/fitment:purchases_outside_fitment" in checks


def test_every_asset_and_check_is_described_in_at_most_three_sentences(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    described = {key.to_user_string(): graph.get(key).description for key in graph.get_all_asset_keys()}
    specs = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    described |= {f"{key.asset_key.to_user_string()}:{key.name}": spec.description for key, spec in specs.items()}
    assert sentences("One. Two (2.5 of `a.b`). `Three`: 1. is no sentence, e.g. this. Four.") == 4
    assert {name: text for name, text in described.items() if not text or sentences(text) > 3} == {}


def sentences(text: str) -> int:
    """How many there are: one ends with a full stop before something that could begin another."""
    return len(re.split(r"(?<=[.!?])\s+(?=[A-Z`@'(])", text.strip()))


def test_every_table_and_check_of_a_pipeline_is_an_asset_or_an_asset_check(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    made = {(pipeline.strategy.name, table) for pipeline in pipelines().values() for table in pipeline.tables}
    publishing = [(name, product) for name, pipeline in pipelines().items() for product in pipeline.products.values()]
    made |= {(strategy, product.asset) for strategy, product in publishing}
    assert {tuple(key.path) for key in graph.get_all_asset_keys()} == {*made, ("platform", "all_companies")}
    judged = {
        (pipeline.strategy.name, check.table, name)
        for pipeline in pipelines().values()
        for name, (check, _) in pipeline.checks.items()
    }
    judged |= {(strategy, product.comparison, product.guardrails) for strategy, product in publishing}
    judged |= {(strategy, product.asset, PUBLICATION_CHECK) for strategy, product in publishing}
    trained = {name: pipeline.strategy.model for name, pipeline in pipelines().items()}
    judged |= {(name, model.trained, MODEL_CHECK) for name, model in trained.items() if model}
    judged |= {(strategy, "source_assessment", "earlier_days_missing") for strategy in pipelines()}
    assert {(*key.asset_key.path, key.name) for key in graph.asset_check_keys} == judged


def _tick(definitions: dg.Definitions, company: Company, local: datetime) -> list[dg.RunRequest] | str:
    """What the schedule of a company that never ran does at a moment of the company's own time."""
    schedule = definitions.resolve_schedule_def(f"{company.name}_daily")
    assert schedule.cron_schedule == "0 6 * * *"
    assert schedule.execution_timezone == company.timezone
    return asked_for(definitions, company.name, local.replace(tzinfo=ZoneInfo(company.timezone)))


# Six in the morning is after midnight UTC in America and in Europe, and before it in Asia: there the day that began in
# the afternoon before is still going on.
_LAST_COMPLETE = {
    "holley": date(2025, 9, 14),
    "acme": date(2025, 9, 14),
    "metro": date(2025, 9, 14),
    "concord": date(2025, 9, 14),
    "nagoya": date(2025, 9, 13),
}


@pytest.mark.parametrize("name", _LAST_COMPLETE)
def test_a_schedule_asks_for_the_last_complete_day(
    name: str, companies: dict[str, Company], definitions: dg.Definitions
) -> None:
    company, day = companies[name], _LAST_COMPLETE[name]
    history, request = _tick(definitions, company, datetime(2025, 9, 15, 6))
    assert isinstance(history, dg.RunRequest)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == f"{name}|{day}"
    assert request.run_key == f"{name}|{day}"
    assert request.asset_selection is None
    loaded = f"{name}|{company.start_date}", f"{name}|{day - timedelta(days=1)}"
    assert (history.tags[RANGE_START], history.tags[RANGE_END]) == loaded
    assert history.asset_selection
    assert [one.tags["recs/company"] for one in (history, request)] == [name, name]


@pytest.mark.parametrize("name", _LAST_COMPLETE)
def test_a_schedule_waits_for_the_first_day_to_be_over(
    name: str, companies: dict[str, Company], definitions: dg.Definitions
) -> None:
    company = companies[name]
    first = company.start_date
    late = 1 if name == "nagoya" else 0
    assert _tick(definitions, company, datetime(first.year, first.month, 1 + late, 6)) == f"{name} starts on {first}"
    (request,) = _tick(definitions, company, datetime(first.year, first.month, 2 + late, 6))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == f"{name}|{first}"


def test_a_schedule_asks_for_nothing_after_the_last_day(companies: dict[str, Company]) -> None:
    acme = companies["acme"].model_copy(update={"end_date": date(2025, 9, 14)})
    ended = definitions_of({**companies, "acme": acme})
    last = _tick(ended, acme, datetime(2025, 9, 15, 6))[-1]
    assert isinstance(last, dg.RunRequest)
    assert last.partition_key == "acme|2025-09-14"
    assert _tick(ended, acme, datetime(2025, 9, 16, 6)) == "acme ended on 2025-09-14"


@pytest.mark.slow
@pytest.mark.parametrize("night", [date(2025, 10, 26), date(2025, 11, 2)], ids=["Europe", "America"])
def test_no_day_is_left_out_or_asked_for_twice_when_clocks_change(
    night: date, companies: dict[str, Company], definitions: dg.Definitions
) -> None:
    for company in {company.timezone: company for company in companies.values()}.values():
        mornings = [datetime.combine(night + timedelta(days=n), time(6)) for n in (-1, 0, 1)]
        requests = [_tick(definitions, company, morning)[-1] for morning in mornings]
        days = [
            date.fromisoformat(str(r.partition_key).split("|")[1]) for r in requests if isinstance(r, dg.RunRequest)
        ]
        assert days == [days[0] + timedelta(days=n) for n in (0, 1, 2)], company.name


def test_every_tick_that_decides_something_says_its_reason_first(definitions: dg.Definitions) -> None:
    """Dagster wraps what decides (`__wrapped__`), and so does `guarded_tick`."""
    sensors, schedules = list(definitions.sensors or ()), list(definitions.schedules or ())
    unguarded = {one.name for one in [*sensors, *schedules] if not hasattr(_decides(one), "__wrapped__")}
    # Those that only have a time decide nothing.
    plain = {one.name for one in schedules if _decides(one) is None}
    assert {one.name for one in sensors} >= {"alerts", "offer_ranking_retraining"}
    assert unguarded == plain
    assert plain < {one.name for one in schedules}


def _decides(tick: Any) -> Any:
    return getattr(tick, "__wrapped__", None)

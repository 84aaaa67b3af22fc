"""Companies whose files are wrong, in Dagster: the others load, nothing of theirs vanishes, nothing runs for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from recs_platform.assembly.schedules import company_schedule
from recs_platform.automation.failures import TickError
from recs_platform.automation.jobs import daily_job
from recs_platform.automation.partitions import COMPANY, partition_key
from recs_platform.companies.known_companies import Companies
from recs_platform.definitions import build_defs, defs
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform_tests.companies.shop import shop_file

DAY = date(2025, 9, 2)


@pytest.fixture
def companies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Companies]:
    """The built-in companies, a sound shop, and one whose file is wrong."""
    folder = tmp_path / "companies"
    folder.mkdir()
    shop_file(folder)
    shop_file(folder, "other.yaml", name="other", dataset="other", currency="DOLLAR")
    monkeypatch.setenv("RECS_COMPANIES_DIR", str(folder))
    monkeypatch.setenv("RECS_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield load_companies()
    settings.cache_clear()


def test_the_sound_companies_load(companies: Companies) -> None:
    definitions = build_defs(companies=companies)
    dg.Definitions.validate_loadable(definitions)
    schedules = {schedule.name for schedule in definitions.schedules or ()}
    assert {"acme_daily", "concord_daily", "holley_daily", "metro_daily", "shop_daily"} < schedules


def test_the_partitions_of_a_broken_company_stay(companies: Companies) -> None:
    graph = build_defs(companies=companies).resolve_asset_graph()
    partitions = graph.get(dg.AssetKey(["replenishment", "events"])).partitions_def
    assert isinstance(partitions, dg.MultiPartitionsDefinition)
    keys = partitions.get_partitions_def_for_dimension(COMPANY).get_partition_keys()
    assert list(keys) == ["concord", "other", "shop"]


def test_a_run_of_a_broken_company_says_what_is_wrong_and_is_not_retried(companies: Companies) -> None:
    job = build_defs(companies=companies).resolve_job_def(daily_job("replenishment"))
    run = job.execute_in_process(
        partition_key=partition_key("other", DAY),
        asset_selection=[dg.AssetKey(["replenishment", "landed_events"])],
        raise_on_error=False,
    )
    assert not run.success
    (failed,) = [event for event in run.all_events if event.is_step_failure]
    error = failed.step_failure_data.error
    assert error is not None
    assert "MistakeFailure" in str(error.to_string())
    assert companies.broken[0].problems in error.to_string()
    assert not [event for event in run.all_events if event.is_step_up_for_retry]


def test_each_tick_of_its_schedule_fails_with_what_is_wrong(companies: Companies) -> None:
    (schedule,) = [s for s in build_defs(companies=companies).schedules or () if s.name == "other_daily"]
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert "currency" in (schedule.description or "")
    at = datetime(2025, 9, 3, 6, tzinfo=ZoneInfo("UTC"))
    with pytest.raises(TickError) as failed:
        schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at))
    assert str(failed.value) == companies.broken[0].problems


def test_it_stands_in_the_place_of_the_companys_own_schedule(companies: Companies) -> None:
    """Dagster keeps by this name whether a schedule is on."""
    sound = company_schedule(companies["shop"], pipeline_of(companies["shop"]), dg.define_asset_job("some"), ())
    assert sound.name == f"{companies['shop'].name}_daily"


def test_whoever_loads_the_definitions_is_told_in_the_log(
    companies: Companies, caplog: pytest.LogCaptureFixture
) -> None:
    assert defs()
    problems = companies.broken[0].problems
    assert [(record.levelname, record.getMessage()) for record in caplog.records if "other" in record.getMessage()] == [
        ("WARNING", f"other is not loaded, and nothing runs for it, until its file is put right: {problems}")
    ]


def test_a_strategy_whose_companies_are_all_broken_does_not_stop_the_others(
    companies: Companies, tmp_path: Path
) -> None:
    (tmp_path / "companies" / "metro.yaml").write_text("name: metro\nstrategy: offer_ranking\nsources: [\n")
    definitions = build_defs(companies=load_companies())
    dg.Definitions.validate_loadable(definitions)
    assert {"metro_daily", "shop_daily"} < {schedule.name for schedule in definitions.schedules or ()}

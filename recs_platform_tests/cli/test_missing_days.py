"""A day that was skipped is named or made, its neighbours' feeds are not blamed for it, and nothing is published over
the hole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dagster as dg
import pytest

from recs_platform.automation.launch import Outcome
from recs_platform_tests.automation.mornings import asked_for
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date, small_companies
from recs_platform_tests.slow import takes_seconds

COMPANY = "concord"
_DAILY = ("--product", "allocation")
_YEARS = ("--from", "2025-09-01", "--to", "2999-01-01")
FIRST, SKIPPED, NEXT, LAST = (date(2025, 9, day) for day in (8, 9, 10, 11))


@dataclass(frozen=True)
class Skipped:
    terminal: Terminal
    run: Outcome
    """Of the day after the skipped one, started as the UI starts it."""
    status: dict[str, Any]
    publications: list[dict[str, Any]]


def started_alone(terminal: Terminal, day: date) -> Outcome:
    """A day's run, and nothing else: what the UI, a backfill of Dagster or a sensor starts."""
    with terminal.inside():
        from recs_platform.automation.instance import instance
        from recs_platform.automation.launch import launch
        from recs_platform.automation.plan import Step
        from recs_platform.definitions import build_defs
        from recs_platform.strategies.catalogue import company_named
        from recs_platform.warehouse.slices import Days

        company = company_named(COMPANY)
        step = Step(company.name, company.strategy.name, Days.one(day), history=False)
        with instance() as dagster:
            return launch(build_defs(), dagster, step)


def status(terminal: Terminal) -> dict[str, Any]:
    (state,) = terminal.recs("status", "--company", COMPANY, "--json").json
    return dict(state)


@pytest.fixture(scope="module")
@takes_seconds
def skipped(tmp_path_factory: pytest.TempPathFactory) -> Skipped:
    folder = tmp_path_factory.mktemp("skipped")
    small_companies(folder, customers=120)
    terminal = Terminal(folder)
    assert terminal.recs("run", "--company", COMPANY, "--date", str(FIRST)).code == 0
    run = started_alone(terminal, NEXT)
    published = terminal.recs("publications", COMPANY, *_DAILY, "--json").json
    return Skipped(terminal, run, status(terminal), published)


def test_the_run_names_the_missing_day_and_blames_no_feed(skipped: Skipped) -> None:
    assert not skipped.run.success
    assert skipped.run.summary.user_mistake
    errors = skipped.run.summary.errors
    assert errors
    for error in errors:
        assert error.startswith(f"{COMPANY} {NEXT}: ")
        assert f"{SKIPPED} was never made" in error
        assert "not to blame" in error
        assert f"recs run {COMPANY} --date {NEXT}" in error
    assert "unusable" not in " ".join(errors)


def test_nothing_is_published_over_the_hole(skipped: Skipped) -> None:
    assert [publication["as_of"] for publication in skipped.publications] == [str(FIRST)]


def test_status_tells_missing_and_failed_apart(skipped: Skipped) -> None:
    assert skipped.status["missing_days"] == [str(SKIPPED), str(NEXT)]
    tables = {table["table"]: table for table in skipped.status["tables"]}
    assert tables["events"]["state"] == "failed"
    assert tables["events"]["missing_days"] == [str(SKIPPED), str(NEXT)]
    assert (tables["customers"]["state"], tables["customers"]["why"]) == ("missing", f"{SKIPPED} was never made")
    assert tables["customers"]["missing_days"] == [str(SKIPPED)]
    downstream = tables["source_assessment"]
    assert (downstream["state"], downstream["why"]) == ("missing", f"{NEXT} was not made: events failed")
    shown = skipped.terminal.recs("status").told
    assert f"{SKIPPED} and {NEXT} are missing. Make what is missing: recs run {COMPANY} --date {NEXT}" in shown


def test_publishing_by_hand_says_what_failed(skipped: Skipped) -> None:
    ended = skipped.terminal.recs("publish", COMPANY, *_DAILY, "--date", str(NEXT))
    assert ended.code == 2
    assert f"of {NEXT} were not made: " in ended.told
    never = skipped.terminal.recs("publish", COMPANY, *_DAILY, "--date", str(SKIPPED))
    assert f"of {SKIPPED} were never made. Make that day first" in never.told


def test_a_schedule_catches_up_in_order(skipped: Skipped) -> None:
    morning = datetime.combine(LAST + timedelta(days=1), time(6), UTC)
    with skipped.terminal.inside():
        from recs_platform.definitions import build_defs

        asked = asked_for(build_defs(), COMPANY, morning)
    keys = [request.partition_key for request in asked if isinstance(request, dg.RunRequest)]
    assert keys == [f"{COMPANY}|{day}" for day in (SKIPPED, NEXT, LAST)]


def test_a_schedule_does_not_ask_again_for_what_waits_in_the_queue(skipped: Skipped) -> None:
    morning = datetime.combine(LAST + timedelta(days=1), time(6), UTC)
    with skipped.terminal.inside(), dg.instance_for_test() as dagster:
        from recs_platform.definitions import build_defs

        definitions = build_defs()
        for day in (SKIPPED, NEXT):
            tags = {"recs/company": COMPANY, "dagster/partition": f"{COMPANY}|{day}"}
            job = definitions.resolve_job_def("replenishment_daily")
            dagster.create_run_for_job(job, tags=tags)
        (left,) = asked_for(definitions, COMPANY, morning, dagster)
    assert isinstance(left, dg.RunRequest)
    assert left.partition_key == f"{COMPANY}|{LAST}"


@pytest.mark.slow
def test_a_later_day_is_run_and_the_missing_ones_come_first(skipped: Skipped) -> None:
    ended = skipped.terminal.recs("run", "--company", COMPANY, "--date", str(LAST))
    assert ended.code == 0, ended.told
    assert f"{SKIPPED} and {NEXT} are missing. They are made first; with --only, {LAST} alone would be." in ended.told
    order = [ended.told.index(f"ok {COMPANY} {day}:") for day in (SKIPPED, NEXT, LAST)]
    assert order == sorted(order)
    after = status(skipped.terminal)
    assert after["missing_days"] == []
    assert not_up_to_date(after["tables"]) == []
    published = skipped.terminal.recs("publications", COMPANY, *_DAILY, "--json").json
    assert [one["as_of"] for one in published] == [str(day) for day in (LAST, NEXT, SKIPPED, FIRST)]
    assert not any(one["approved"] for one in published)


@pytest.mark.slow
def test_a_day_that_is_lost_for_good_holds_nothing_up_and_is_named(terminal: Terminal) -> None:
    first, lost, last = "2025-09-01", "2025-09-02", "2025-09-03"
    assert terminal.recs("run", "acme", "--date", first).code == 0
    path = terminal.companies / "acme.yaml"
    path.write_text(f"{path.read_text()}lost_days: [{lost}]\n")
    assert terminal.recs("run", "acme", "--date", last).code == 0
    (state,) = terminal.recs("status", "acme", "--json").json
    assert (state["missing_days"], state["lost_days"]) == ([], [lost])
    assert not_up_to_date(state["tables"]) == []
    assert terminal.recs("publications", "acme", "--json").json[0]["as_of"] == last
    where = f"{lost} (deliveries, events, interactions, landed_events, treatments)"
    report = terminal.recs("report", "campaign", "acme", "--out", "report")
    assert f"The report lacks {where}." in report.told
    assert f"This report lacks {lost}" in (terminal.folder / "report" / "index.html").read_text()
    compared = terminal.recs("compare", "acme", "--a", first, "--b", last)
    assert f"{last} was made without {lost} (events, landed_events)." in compared.told
    assert f"{first} was made without" not in compared.told
    assert f"lost for good, as its file says: {lost}" in terminal.recs("status").told


def test_a_day_that_is_not_over_is_refused_before_anything_is_written(terminal: Terminal) -> None:
    for command in (("run", "concord", "--date", "2999-01-01"), ("backfill", "concord", *_YEARS)):
        ended = terminal.recs(*command)
        assert ended.code == 2
        assert "concord: 2999-01-01 is not over yet" in ended.told
        assert "Traceback" not in ended.told
    assert not (terminal.folder / ".recs" / "lake").exists()


@pytest.mark.slow
def test_a_day_with_a_failed_part_is_published_when_somebody_approves_it(terminal: Terminal) -> None:
    path = terminal.companies / "acme.yaml"
    path.write_text(path.read_text() + "sources: {deliveries: {connector: files, path: deliveries.csv}}\n")
    (terminal.companies / "deliveries.csv").write_text("send_id,status\nS1,arrived\n")
    run = terminal.recs("run", "--company", "acme", "--date", "2025-09-01")
    assert run.code == 2
    assert "source table deliveries" in run.told
    assert "acme 2025-09-01 is not published: landed_deliveries failed on 2025-09-01" in run.told
    assert terminal.recs("publications", "acme", "--json").json == []
    refused = terminal.recs("publish", "acme")
    assert refused.code == 1
    assert "refused landed_deliveries failed on 2025-09-01" in refused.told
    offered = terminal.recs("publish", "acme", "--json").json
    assert offered["holes"] == ["landed_deliveries failed on 2025-09-01"]
    assert terminal.recs("publish", "acme", "--approve", offered["comparison_id"]).code == 0
    (published,) = terminal.recs("publications", "acme", "--json").json
    assert published["approved"]

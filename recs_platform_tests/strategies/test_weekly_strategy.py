"""A strategy that is weekly in part, run for real: on the days between, what is weekly is neither made, nor missing,
nor late; it is there on its day, and on any other for who asks.

The days are September's: the 7th and the 14th are Sundays, which the schedule makes on Monday morning.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.automation.instance import instance
from recs_platform.automation.launch import launch
from recs_platform.automation.plan import Step
from recs_platform.definitions import build_defs
from recs_platform.strategies import catalogue
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.mornings import asked_for
from recs_platform_tests.cli.terminal import Ended, Terminal, not_up_to_date
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.regulars import COMPANY, NAME, WEEKLY, terminal_in, weekly_pipeline

FRIDAY, SUNDAY, MONDAY = date(2025, 9, 12), date(2025, 9, 14), date(2025, 9, 15)
OWN = ("regulars", "allocation_comparison")


@pytest.fixture(scope="module")
def _record() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue.STRATEGIES, NAME, WEEKLY)
        yield


@pytest.fixture
def terminal(tmp_path: Path, _record: None) -> Terminal:
    return terminal_in(tmp_path / "shop")


@pytest.fixture(scope="module")
@takes_seconds
def four_days(tmp_path_factory: pytest.TempPathFactory, _record: None) -> tuple[Terminal, Ended]:
    """From a Friday to a Monday. Nobody makes anything in it."""
    terminal = terminal_in(tmp_path_factory.mktemp("weekly") / "shop")
    ran = terminal.recs("run", COMPANY, "--date", str(FRIDAY), "--to", str(MONDAY))
    assert ran.code == 0, ran.told
    return terminal, ran


def _state(terminal: Terminal) -> dict[str, Any]:
    (state,) = terminal.recs("status", COMPANY, "--json").json
    return {**state, "tables": {table["table"]: table for table in state["tables"]}}


def _days_of(terminal: Terminal, table: str) -> list[str]:
    asked = terminal.recs("query", COMPANY, f"SELECT DISTINCT as_of FROM {table} ORDER BY 1", "--json")
    return [row["as_of"] for row in asked.json]


def _log_of(terminal: Terminal) -> str:
    """What the newest run wrote down for people."""
    with terminal.inside(), instance() as dagster:
        (run,) = dagster.get_runs(limit=1)
        return "\n".join(entry.user_message for entry in dagster.all_logs(run.run_id))


def test_what_is_weekly_is_made_on_its_day_alone(four_days: tuple[Terminal, Ended]) -> None:
    terminal, _ = four_days
    assert _days_of(terminal, "regulars") == [str(SUNDAY)]
    assert _days_of(terminal, "source_assessment") == [str(FRIDAY + timedelta(days=n)) for n in range(4)]


def test_on_the_day_after_nothing_is_missing_and_nothing_stale(four_days: tuple[Terminal, Ended]) -> None:
    terminal, ran = four_days
    state = _state(terminal)
    assert not_up_to_date(state["tables"].values()) == []
    assert (state["missing_days"], state["newest"], state["newest_whole"]) == ([], str(MONDAY), str(MONDAY))
    assert {state["tables"][name]["newest"] for name in OWN} == {str(SUNDAY)}
    assert "warned" not in ran.told
    lines = {line["company"]: line for line in terminal.recs("status", "--json").json}
    assert lines[COMPANY]["missing_days"] == []


def test_a_day_between_is_explained_by_its_week(four_days: tuple[Terminal, Ended]) -> None:
    terminal, _ = four_days
    asked = terminal.recs("why", COMPANY, "C1", "--date", str(MONDAY))
    there = "corner has no recommendations of 2025-09-15; it has 1 day up to 2025-09-14."
    assert asked.told == f"error: {there} They are made once a week: those of that week are of 2025-09-14."
    before = terminal.recs("why", COMPANY, "C1", "--date", str(FRIDAY))
    assert before.told.endswith("They are made once a week: recs weekly corner --week 2025-09-12")


def test_it_is_published_once_a_week(four_days: tuple[Terminal, Ended]) -> None:
    terminal, _ = four_days
    (live,) = terminal.recs("publications", COMPANY, "--product", "allocation", "--json").json
    assert (live["status"], live["as_of"]) == ("live", str(SUNDAY))


def test_the_schedule_asks_for_it_on_monday_at_six(four_days: tuple[Terminal, Ended]) -> None:
    terminal, _ = four_days
    pipeline = weekly_pipeline()
    with terminal.inside():
        defs = build_defs(companies={COMPANY: catalogue.company_named(COMPANY)})
        for morning in (MONDAY, MONDAY + timedelta(days=1)):
            moment = datetime.datetime.combine(morning, datetime.time(6), datetime.UTC)
            (request,) = asked_for(defs, COMPANY, moment)
            assert not isinstance(request, str)
            assert request.partition_key == f"{COMPANY}|{morning - timedelta(days=1)}"
            asked = {key.path[-1] for key in request.asset_selection or ()} or set(pipeline.stage_names)
            assert asked == set(pipeline.stage_names) - (set() if morning == MONDAY else pipeline.weekly)


@pytest.mark.slow
def test_before_its_first_week_it_is_not_due_and_on_demand_it_is_made(terminal: Terminal) -> None:
    assert terminal.recs("run", COMPANY, "--date", "2025-09-10").code == 0
    state = _state(terminal)
    assert {(state["tables"][name]["state"], state["tables"][name]["why"]) for name in OWN} == {
        ("not due", "it is made on Mondays")
    }
    assert state["missing_days"] == []
    asked = terminal.recs("why", COMPANY, "C1")
    assert asked.told == "error: corner has no recommendations yet. Make a day: recs weekly corner --week DAY"
    (run,) = terminal.recs("run", COMPANY, "--date", "2025-09-10", "--table", "regulars", "--json").json
    assert (run["success"], run["assets"]) == (True, 1)
    assert "corner: regulars is weekly and not due on 2025-09-10. This run was asked for it" in _log_of(terminal)
    assert _days_of(terminal, "regulars") == ["2025-09-10"]
    assert _state(terminal)["tables"]["regulars"]["state"] == "fresh"


@pytest.mark.slow
def test_a_week_is_made_and_published_with_the_days_that_are_missing(terminal: Terminal) -> None:
    """On the day before it something daily failed, so to say: it was never made."""
    assert terminal.recs("run", COMPANY, "--date", str(FRIDAY)).code == 0
    made = terminal.recs("weekly", COMPANY, "--week", "2025-09-18")
    assert made.code == 0, made.told
    assert "corner: 2025-09-13 is missing. It is made first" in made.told
    assert _days_of(terminal, "regulars") == [str(SUNDAY)]
    again = terminal.recs("weekly", COMPANY, "--week", str(MONDAY), "--json")
    (run,) = again.json
    assert (again.code, run["first"], run["assets"]) == (0, str(SUNDAY), 3)
    (live,) = terminal.recs("publications", COMPANY, "--product", "allocation", "--json").json
    assert live["as_of"] == str(SUNDAY)


@pytest.mark.slow
def test_a_week_that_was_not_made_is_missing_and_a_backfill_makes_it_alone(terminal: Terminal) -> None:
    assert terminal.recs("run", COMPANY, "--date", "2025-09-13").code == 0
    pipeline = weekly_pipeline()
    daily = Step(
        COMPANY, NAME, Days.one(SUNDAY), history=False, tables=frozenset(pipeline.stage_names) - pipeline.weekly
    )
    with terminal.inside(), instance() as dagster:
        defs = build_defs(companies={COMPANY: catalogue.company_named(COMPANY)})
        assert launch(defs, dagster, daily).success
    state = _state(terminal)
    assert {(state["tables"][name]["state"], state["tables"][name]["why"]) for name in OWN} == {
        ("missing", "2025-09-14 was never made")
    }
    assert state["missing_days"] == [str(SUNDAY)]
    assert state["newest_whole"] == "2025-09-13"
    (run,) = terminal.recs("backfill", COMPANY, "--from", "2025-09-13", "--to", str(SUNDAY), "--json").json
    assert (run["first"], run["assets"]) == (str(SUNDAY), len(OWN))
    assert _state(terminal)["missing_days"] == []


def test_weeks_that_there_are_not(terminal: Terminal) -> None:
    early = terminal.recs("weekly", COMPANY, "--week", "2025-09-03")
    assert (early.code, early.told) == (
        2,
        "error: corner starts on 2025-09-01; there is nothing for 2025-08-31 before it.",
    )
    late = terminal.recs("weekly", COMPANY, "--week", "2199-01-01")
    assert late.code == 2
    assert "is not over yet" in late.told
    nothing = terminal.recs("weekly", "acme", "--week", "2025-12-03")
    assert (nothing.code, nothing.told) == (
        2,
        "error: acme makes nothing weekly: all of vehicle_fitment is made every day. "
        "`recs run acme --date 2025-12-03` makes a day.",
    )
    unknown = terminal.recs("run", COMPANY, "--date", str(SUNDAY), "--table", "regular")
    assert (unknown.code, unknown.told) == (2, 'error: corner has no table regular. Did you mean "regulars"?')

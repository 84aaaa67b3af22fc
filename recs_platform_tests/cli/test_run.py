"""`recs run`, `backfill` and `demo`: real Dagster runs, what is told of them, and going on after one was broken off."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from recs_platform.definitions import build_defs, defs_of
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.platform_db.tables import Status
from recs_platform.strategies import catalogue
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date

pytestmark = pytest.mark.slow

_MUCH_TOO_LONG = 120
_TO_SUNDAY = ("2025-11-29", "2025-11-30")


def test_a_day_and_the_history_that_it_needs(terminal: Terminal) -> None:
    runs = terminal.recs("run", "--company", "concord", "--date", "2025-09-22", "--json")
    assert runs.code == 0
    history, day = runs.json
    assert (history["first"], history["last"], history["history"]) == ("2025-09-08", "2025-09-21", True)
    assert (day["first"], day["last"], day["history"]) == ("2025-09-22", "2025-09-22", False)
    assert all(run["success"] and run["rows"] > 0 and run["errors"] == [] for run in runs.json)
    assert all(run["seconds"] > max(run["seconds_of_tables"].values()) > 0 for run in runs.json)
    assert "timings" not in day
    two = ("--table", "catalog", "--table", "events")
    again = terminal.recs("run", "--company", "concord", "--date", "2025-09-22", *two, "--timings")
    assert again.code == 0
    assert "ok concord 2025-09-22:" in again.told
    assert "history" not in again.told
    assert {"Dagster", "all", "catalog", "events"} <= {row[0] for row in again.tables[0]}
    (timed,) = terminal.recs("run", "--company", "concord", "--date", "2025-09-22", "--timings", "--json").json
    _adds_up(timed["timings"], timed["seconds_of_tables"])
    assert {"catalog", "events"} <= {one["table"] for one in timed["timings"]["inputs_more_than_once"]}


def test_it_is_the_job_that_dagster_loads(terminal: Terminal) -> None:
    with terminal.inside():
        whole, alone = build_defs(), defs_of("replenishment")
        for job in ("replenishment_daily", "replenishment_history"):
            loaded, made = (defs.resolve_job_def(job).get_job_snapshot_id() for defs in (whole, alone))
            assert loaded == made


def _adds_up(timings: dict[str, Any], seconds_of_tables: dict[str, float]) -> None:
    """Every table is in it, and what belongs to none is Dagster's."""
    tables = {table["table"]: table for table in timings["tables"]}
    assert seconds_of_tables.keys() <= tables.keys()
    for figure in ("seconds", "cpu_seconds"):
        parts = [timings["dagster"][figure], *(table[figure] for table in tables.values())]
        assert sum(parts) == pytest.approx(timings[figure], abs=0.01)
        phases = [timings["dagster"][figure], *(phase[figure] for phase in timings["phases"].values())]
        assert sum(phases) == pytest.approx(timings[figure], abs=0.01)
        assert timings["dagster"][figure] > 0
    assert tables["events"]["input_rows"] > 0
    assert all(timings["phases"][phase]["seconds"] > 0 for phase in ("write", "audit", "check", "publish", "serve"))


def test_a_mistake_in_the_feed_stops_the_company(terminal: Terminal) -> None:
    path = terminal.companies / "concord.yaml"
    path.write_text(path.read_text() + "sources: {catalog: {connector: files, path: catalog.csv}}\n")
    (terminal.companies / "catalog.csv").write_text("item_id,price\nA1,-5\nA2,-7\n")
    arguments = ("run", "--company", "concord", "--date", "2025-09-01", "--to", "2025-09-02")
    failed = terminal.recs(*arguments)
    assert failed.code == 2
    assert "failed concord 2025-09-01" in failed.told
    assert "concord: source table catalog, column price: 2 of 2 rows" in failed.told
    assert "2025-09-02:" not in failed.told
    assert "Traceback" not in failed.told
    told = terminal.recs(*arguments, "--json")
    assert told.code == 2
    assert [run["user_mistake"] for run in told.json] == [True]
    assert "source table catalog" in told.err
    state = terminal.recs("status", "--json").json
    concord = next(company for company in state if company["company"] == "concord")
    assert concord["last_run"] == "failed (replenishment_daily)"
    assert concord["message"].startswith("concord: source table catalog")


def test_a_backfill_of_several_companies(terminal: Terminal) -> None:
    companies = ("--company", "concord", "--company", "holley")
    days = ("--from", "2025-09-01", "--to", "2025-09-01")
    runs = terminal.recs("backfill", *companies, *days, "--json").json
    for company in ("concord", "holley"):  # in which order their runs end is not said
        assert [(run["first"], run["history"]) for run in runs if run["company"] == company] == [
            ("2025-09-01", True),
            ("2025-09-01", False),
        ]
    again = terminal.recs("backfill", *companies, *days)
    assert again.out.strip() == "Nothing is left to do; --again makes what is there again."
    for company in ("concord", "holley"):
        assert f"To publish them: recs publish {company} --product allocation --date 2025-09-01" in again.told
    state = {company["company"]: company for company in terminal.recs("status", "--json").json}
    for name in ("concord", "holley"):
        assert not_up_to_date(state[name]["tables"]) == []


def test_ctrl_c_stops_a_run_and_the_same_command_goes_on(terminal: Terminal) -> None:
    command = ("run", "--company", "concord", "--date", "2025-09-01", "--to", "2025-09-02")
    out = _interrupted(terminal, command)
    assert "ok concord" not in out
    state = {company["company"]: company for company in terminal.recs("status", "--json").json}
    assert state["concord"]["last_run"].startswith("failed")
    assert state["concord"]["message"] == "interrupted; run it again"
    assert terminal.recs(*command).code == 0


def test_ctrl_c_stops_all_companies_and_starts_no_other(terminal: Terminal) -> None:
    companies = ("concord", "acme", "metro", "holley")
    options = [word for company in companies for word in ("--company", company)]
    _interrupted(terminal, ("backfill", *options, "--from", "2025-09-01", "--to", "2025-09-01"))
    began = {company for company in companies if _statuses(terminal, company)}
    assert "concord" in began
    assert "holley" not in began
    assert Status.RUNNING not in [status for company in began for status in _statuses(terminal, company)]


def test_the_demo_runs_every_company_twice(terminal: Terminal) -> None:
    ended = terminal.recs("demo")
    assert ended.code == 0, ended.told
    # The last of concord's days is a Sunday: on Monday morning its weekly lists are made of it.
    # Here holley is of concord's strategy, whose weekly lists are made of a Sunday.
    days = dict.fromkeys(("acme", "metro"), ("2025-12-02", "2025-12-03")) | dict.fromkeys(
        ("holley", "concord"), _TO_SUNDAY
    )
    for company, of in days.items():
        for day in of:
            assert f"ok {company} {day}:" in ended.told
    assert "Next: recs status" in ended.told


def test_the_demo_for_programs(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "built_in_companies", lambda: [catalogue.company_named("concord")])
    ended = terminal.recs("demo", "--json")
    assert ended.code == 0
    assert [(run["first"], run["success"]) for run in ended.json] == [
        ("2025-11-15", True),
        *((day, True) for day in _TO_SUNDAY),
    ]


def _interrupted(terminal: Terminal, command: tuple[str, ...]) -> str:
    """Start a command and press Ctrl-C when a run of concord goes on: the terminal tells every process of the group."""
    process = terminal.start(*command)
    _wait_until(process, lambda: _is_running(terminal, "concord"))
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=_MUCH_TOO_LONG)
    told = " ".join(out.split())
    assert process.returncode == 130, out
    assert "interrupted: nothing half-done was published; run the same command again." in told
    assert "Traceback" not in out
    return told


def _is_running(terminal: Terminal, company: str) -> bool:
    """Looked at in no time, so that the run has not ended when the answer comes."""
    path = terminal.folder / ".recs" / "platform.db"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            running = "SELECT 1 FROM job_log WHERE status = 'running' AND company = ?"
            return bool(database.execute(running, (company,)).fetchall())
    except sqlite3.OperationalError:
        return False  # it is being made


def _statuses(terminal: Terminal, company: str = "concord") -> list[Status]:
    path = terminal.folder / ".recs" / "platform.db"
    if not path.exists():
        return []
    database = engine(f"sqlite:///{path}")
    upgrade(database)
    found = [run.status for run in job_log.recent(database, company)]
    database.dispose()
    return found


def _wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _MUCH_TOO_LONG
    while not reached():
        if process.poll() is not None:
            pytest.fail(f"it ended too early: {process.communicate()[0]}")
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""`recs sql`: a query as an engine runs it, and whether all of them keep the rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlglot

from recs_platform.strategies import catalogue
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.query import sql_folder
from recs_platform_tests.cli.terminal import Terminal


@pytest.mark.slow
def test_check_counts_tables_and_checks(terminal: Terminal) -> None:
    ended = terminal.recs("sql", "check")
    assert ended.code == 0
    counts = terminal.recs("sql", "check", "--json").json
    for name, pipeline in pipelines().items():
        assert counts[name] == {
            "tables": len(pipeline.tables),
            "checks": len(pipeline.checks),
            "questions": len(pipeline.questions),
        }
        assert f"ok {name}: {len(pipeline.tables)} tables" in ended.told


@pytest.mark.parametrize("engine", ["duckdb", "bigquery"])
@pytest.mark.parametrize("table", ["source_assessment", "rejected_share", "rejected_rows", "landed_events"])
def test_show_gives_sql_of_the_engine(terminal: Terminal, engine: str, table: str) -> None:
    shown = terminal.recs("sql", "show", table, "--company", "acme", "--engine", engine, "--json").json
    assert shown["table"] == table
    assert sqlglot.parse(shown["sql"], read=engine)
    assert "@" not in shown["sql"]


def test_show_says_which_days_are_shown(terminal: Terminal) -> None:
    arguments = ("sql", "show", "source_assessment", "--company", "acme", "--date", "2025-09-05")
    shown = terminal.recs(*arguments, "--json").json
    days = {view["name"]: view["days"] for view in shown["shown"]}
    assert days["events"] == "2025-09-03 to 2025-09-05"  # a window of three days
    told = terminal.recs(*arguments)
    assert told.code == 0
    assert "events 2025-09-03 to 2025-09-05" in told.told
    assert "CAST('2025-09-05' AS DATE)" in told.told


@pytest.mark.slow
def test_check_finds_what_is_used_as_what_it_is_not(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sql"
    shutil.copytree(sql_folder(), folder)
    path = folder / "reporting" / "delivery_failures.sql"
    path.write_text(path.read_text().replace("status <> 'held_out'", "status <> 7"))
    monkeypatch.setattr(catalogue, "sql_folder", lambda: folder)
    ended = terminal.recs("sql", "check")
    assert ended.code == 2
    assert "sql/reporting/delivery_failures.sql:" in ended.err
    assert "cannot compare STRING with INT64" in ended.told

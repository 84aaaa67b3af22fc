"""A strategy is added by its record alone: a schema, a query and the record give it assets, a job, a schedule,
partitions, and a place in every command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.cli import progress
from recs_platform.definitions import build_defs
from recs_platform.pipeline.strategy import Strategy
from recs_platform.strategies import catalogue
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.strategies.regulars import COMPANY, NAME, RECORD, WEEKLY, terminal_in

MONDAY = date(2025, 9, 8)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return terminal_in(tmp_path)


@pytest.fixture(autouse=True)
def _record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.STRATEGIES, NAME, RECORD)


def test_it_has_assets_a_job_a_schedule_and_partitions(terminal: Terminal) -> None:
    with terminal.inside():
        defs = build_defs(companies={COMPANY: catalogue.company_named(COMPANY)})
        asset = defs.resolve_assets_def(dg.AssetKey([NAME, "regulars"]))
        assert asset.partitions_def is not None
        assert asset.partitions_def.has_partition_key(dg.MultiPartitionKey({"date": "2025-09-08", "company": COMPANY}))
        assert {dg.AssetKey([NAME, "events"])} == {dep.asset_key for dep in next(iter(asset.specs)).deps}
        assert {f"{NAME}_daily", f"{NAME}_history"} <= {str(job.name) for job in defs.resolve_all_job_defs()}
        assert defs.resolve_schedule_def(f"{COMPANY}_daily").job_name == f"{NAME}_daily"


@pytest.mark.slow
def test_it_has_a_place_in_every_command(terminal: Terminal) -> None:
    ran = terminal.recs("run", "--company", COMPANY, "--date", str(MONDAY))
    assert ran.code == 0, ran.told
    (state,) = terminal.recs("status", "--company", COMPANY, "--json").json
    (table,) = [table for table in state["tables"] if table["table"] == "regulars"]
    assert (state["strategy"], table["state"], table["newest"]) == (NAME, "fresh", str(MONDAY))
    asked = "SELECT customer_id, orders FROM regulars ORDER BY customer_id LIMIT 1"
    customer, orders = next(iter(terminal.recs("query", asked, "--company", COMPANY, "--json").json)).values()
    told = terminal.recs("why", COMPANY, customer)
    assert (told.code, told.out.strip()) == (0, f"{customer} {orders} orders in a week")
    assert terminal.recs("why", COMPANY, "nobody").told == "error: corner has no regular nobody on 2025-09-08."


@pytest.mark.slow
@pytest.mark.parametrize(("record", "day"), [(RECORD, "2025-12-03"), (WEEKLY, "2025-11-30")], ids=["daily", "weekly"])
def test_it_has_a_place_in_the_demo(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, record: Strategy, day: str
) -> None:
    """Companies run in processes of their own, which a record of a test does not reach: here they run in this one."""
    monkeypatch.setitem(catalogue.STRATEGIES, NAME, record)
    monkeypatch.setattr(catalogue, "built_in_companies", lambda: [catalogue.company_named(COMPANY)])
    monkeypatch.setattr(progress, "run_side_by_side", _in_this_process)
    told = terminal.recs("demo").told
    assert f"corner, {day}" in told
    assert " regulars " in told


def _in_this_process(steps: Sequence[Any], *, quiet: bool, processes: Any = None) -> list[Any]:
    from recs_platform.automation.instance import instance

    with instance() as dagster:
        defs = build_defs()
        return progress.run_steps(defs, dagster, steps, quiet=quiet)

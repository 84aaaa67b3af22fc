"""A table that a company comes to provide: what was made without it says so, in the ledger, in Dagster and in the
status, until it is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recs_platform.automation.instance import instance
from recs_platform.pipeline.left_out import NOT_PROVIDED
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform_tests.cli.terminal import Terminal

pytestmark = pytest.mark.slow

DAY = "2025-09-03"


def describe(terminal: Terminal, *, without: bool) -> None:
    terminal.companies.mkdir(exist_ok=True)
    (terminal.companies / "corner.yaml").write_text(
        "name: corner\nstrategy: measurement\ndataset: corner\ntimezone: UTC\ncurrency: EUR\nstart_date: 2025-09-01\n"
        "simulation: {seed: 7, customers: 60}\nparameters: {campaign_window_days: 8}\n"
        + ("sources: {interactions: {connector: none}}\n" if without else "")
    )


def states(terminal: Terminal) -> dict[str, tuple[str, str]]:
    (company,) = terminal.recs("status", "corner", "--json").json
    return {table["table"]: (table["state"], table["why"]) for table in company["tables"]}


def metadata_of(terminal: Terminal, table: str) -> dict[str, Any]:
    import dagster as dg

    with terminal.inside(), instance() as dagster:
        made = dagster.get_latest_materialization_event(dg.AssetKey(["measurement", table]))
        assert made is not None
        assert made.asset_materialization is not None
        return {name: value.value for name, value in made.asset_materialization.metadata.items()}


def test_a_table_that_is_provided_later(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    describe(terminal, without=True)
    ran = terminal.recs("run", "corner", "--date", DAY)
    assert ran.code == 0, ran.told
    assert ran.told.count("interactions is not provided, so there is no judged_interactions") == 1
    told = states(terminal)
    for table in ("landed_interactions", "interactions", "judged_interactions", "treatment_bandit"):
        assert told[table] == ("not provided", "interactions is not provided")
        assert metadata_of(terminal, table)[NOT_PROVIDED] == "interactions is not provided: no rows, and no alarm."
    with terminal.inside():
        company = company_named("corner")
        (*_, slice_) = open_warehouse().slices(pipeline_of(company).ref("interactions", company))
    assert (slice_.empty, slice_.note[NOT_PROVIDED]) == (True, ["interactions"])
    assert "interactions is not provided; what is made of it is left out" in terminal.recs("status", "corner").told

    describe(terminal, without=False)
    assert states(terminal)["interactions"] == ("stale", "it was made without interactions")
    ran = terminal.recs("backfill", "corner", "--from", "2025-09-01", "--to", DAY, "--again")
    assert ran.code == 0, ran.told
    assert "not provided" not in ran.told
    # On that day nobody has opened anything: that is empty, and something else. In the days before, somebody has.
    told = states(terminal)
    assert told["interactions"] == ("empty", "no rows")
    assert told["judged_interactions"] == ("fresh", "")
    assert NOT_PROVIDED not in metadata_of(terminal, "interactions")

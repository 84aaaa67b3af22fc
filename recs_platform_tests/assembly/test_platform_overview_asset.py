"""The overview's run in Dagster. What it says: cli/test_platform_overview.py."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from recs_platform.assembly.platform_overview_asset import overview_asset
from recs_platform.automation.journal import RunJournal
from recs_platform.automation.run_process import is_gone
from recs_platform.companies.known_companies import Companies
from recs_platform_tests.warehouse.memory import MemoryWarehouse


def test_its_run_says_which_process_it_is(own_home: Path) -> None:
    """So that it is noticed at once when that is killed."""
    with dg.DagsterInstance.ephemeral() as instance:
        ended = dg.materialize(
            [overview_asset(Companies({}), {}, [])],
            instance=instance,
            resources={"warehouse": MemoryWarehouse(), "journal": RunJournal()},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        run = instance.get_run_by_id(ended.run_id)
    assert run is not None
    assert is_gone(run) is False

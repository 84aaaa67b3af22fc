"""What a backfill from a job's page starts, as Dagster works it out from partitions and policies."""

from __future__ import annotations

import dagster as dg

from recs_platform.definitions import build_defs
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.automation.small import PARTITIONS


def test_a_day_is_a_run_and_the_logs_of_a_range_are_one() -> None:
    definitions = build_defs()
    for strategy in pipelines():
        if f"{strategy}_daily" not in {job.name for job in definitions.jobs or ()}:
            continue
        assert definitions.resolve_job_def(f"{strategy}_daily").backfill_policy == dg.BackfillPolicy.multi_run(1)
        assert definitions.resolve_job_def(f"{strategy}_history").backfill_policy == dg.BackfillPolicy.single_run()


def test_a_rectangle_is_a_range_for_each_company() -> None:
    """A run serves one company, and refuses a range over two."""
    days = [f"2025-09-{day:02}" for day in range(2, 7)]
    keys = [f"{company}|{day}" for day in days for company in ("acme", "holley")]
    ranges = PARTITIONS.subset_with_partition_keys(keys).get_partition_key_ranges(PARTITIONS)
    assert {(one.start, one.end) for one in ranges} == {
        (f"{company}|{days[0]}", f"{company}|{days[-1]}") for company in ("acme", "holley")
    }

"""Checks are judged in few steps, and none waits for more than it reads and its table is made of."""

from __future__ import annotations

import pytest

from recs_platform.pipeline.check_steps import check_steps, tables_read
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.strategies.catalogue import pipelines

_PIPELINES = [pytest.param(pipeline, id=name) for name, pipeline in pipelines().items()]


@pytest.mark.parametrize("pipeline", _PIPELINES)
def test_every_check_is_in_one_step_of_its_table_and_severity(pipeline: Pipeline) -> None:
    steps = check_steps(pipeline)
    assert sorted(name for step in steps for name in step.checks) == sorted(pipeline.checks)
    for step in steps:
        judged = [pipeline.checks[name][0] for name in step.checks]
        assert {(check.table, check.severity) for check in judged} == {(step.table, step.severity)}
    assert len({(step.table, step.name) for step in steps}) == len(steps) < 0.85 * len(pipeline.checks)


@pytest.mark.parametrize("pipeline", _PIPELINES)
def test_no_check_waits_for_a_table_that_only_others_of_its_step_read(pipeline: Pipeline) -> None:
    for step in check_steps(pipeline):
        before = pipeline.made_of(step.table)
        waits = frozenset[str]().union(*(tables_read(pipeline, name) for name in step.checks))
        for name in step.checks:
            assert waits - before == tables_read(pipeline, name) - before, name


def test_a_check_that_reads_what_its_table_is_not_made_of_stands_apart() -> None:
    steps = {
        step.name: step.checks for step in check_steps(pipelines()["vehicle_fitment"]) if step.table == "customers"
    }
    assert steps["blocking_checks_beside_events"] == ("events_of_unknown_customers",)
    assert {"emails_unusable", "customers_without_vehicle"} <= set(steps["checks"])
    assert "unknown_customers" not in steps["checks"]

"""Sizes and costs follow from their inputs, by numbers computed by hand; docs/deploy.md shows what is printed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import yaml

from recs_platform.bench.sizing import COMPANIES, cost_lines, dollars_a_month, size, size_lines
from recs_platform.bench.sizing_inputs import INPUTS, input_lines
from recs_platform.declarations.room import ORDINARY_ROOMS
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.bigquery.bill import DOLLARS_PER_TIB
from recs_platform_tests.docs.console import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()


@pytest.mark.parametrize("name", ["sizes", "costs", "inputs"])
def test_the_page_shows_what_is_computed(name: str) -> None:
    lines = {"sizes": size_lines, "costs": cost_lines, "inputs": input_lines}[name]
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    assert PAGE.partition(begin)[2].partition(end)[0] == "\n".join(lines())


def test_redis_holds_three_versions_of_all_lists_with_room() -> None:
    given = {**INPUTS, "customers": 200_000, "redis MB per 100,000 lists": 100, "share of redis in use": 0.5}
    # 10 companies x 2 x 100 MB x 3 versions = 6,000 MB, twice of which are 11.7 GiB.
    assert size(10, given).redis_gib == 12


def test_runs_of_all_companies_end_in_the_morning() -> None:
    given = {**INPUTS, "run minutes": 30, "morning minutes": 120, "run cores": 2}
    assert size(10, given).concurrent_runs == 3
    assert size(10, given).run_core_hours == pytest.approx(10 * 0.5 * 2 * 730 / 24)


def test_pods_of_the_service_follow_the_rate_that_one_holds() -> None:
    given = {**INPUTS, "held rate": 100, "load of a pod": 0.5, "peak requests": 30}
    assert [size(n, given).service_pods for n in (1, 10)] == [2, 6]


def test_a_database_lets_in_everybody_with_room() -> None:
    assert size(1, {**INPUTS, "connections of the rest": 72}).database_cores == 1
    assert size(1, {**INPUTS, "connections of the rest": 73}).database_cores == 2


def test_a_month_is_paid_by_the_hour() -> None:
    one = replace(size(1), service_pods=3, redis_gib=5, read_tib_a_day=2.0)
    costs = dollars_a_month(one)
    assert costs["service"] == pytest.approx(730 * 3 * (0.5 * 0.0445 + 0.5 * 0.0049225))
    assert costs["Memorystore, with a replica"] == pytest.approx(730 * 5 * 0.046)
    assert costs["BigQuery: queries"] == pytest.approx(2 * DOLLARS_PER_TIB * 730 / 24)


def test_nothing_shrinks_with_more_companies() -> None:
    costs = [dollars_a_month(size(companies)) for companies in COMPANIES]
    for fewer, more in pairwise(costs):
        assert all(more[name] >= fewer[name] for name in fewer)


@pytest.mark.slow
def test_a_days_steps_are_those_of_the_strategy() -> None:
    pipeline = pipelines()["vehicle_fitment"]
    assert INPUTS["steps"] == len(pipeline.tables) + len(pipeline.checks)


def test_pods_ask_for_what_the_model_takes() -> None:
    day = ORDINARY_ROOMS.day
    assert (INPUTS["run cores"], INPUTS["run GiB"]) == (day.cores, day.memory_gib)
    (deployment,) = _objects("k8s/base/service.yaml", "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"] == {
        "cpu": f"{INPUTS['service cores'] * 1_000:.0f}m",
        "memory": f"{INPUTS['service GiB'] * 1_024:.0f}Mi",
    }


def test_another_pod_is_started_at_the_rate_that_the_model_takes() -> None:
    (scaler,) = _objects("k8s/base/service-scaling.yaml", "HorizontalPodAutoscaler")
    (rate,) = [one["pods"]["target"] for one in scaler["spec"]["metrics"] if "per_second" in str(one.get("pods"))]
    assert int(rate["averageValue"]) == pytest.approx(INPUTS["held rate"] * INPUTS["load of a pod"], rel=0.05)


def _objects(file: str, kind: str) -> list[dict[str, Any]]:
    found = yaml.safe_load_all((ROOT / "deploy" / file).read_text())
    return [one for one in found if one["kind"] == kind]

"""The publication stage in real Dagster runs: a day goes live, a refused one stops the run, an old one does nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from recs_platform.publication.publish import publications
from recs_platform_tests.publication.garage import DAY, NAME, NEXT, STRATEGY, Garage, Owner, owners

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]


def metadata(run: dg.ExecuteInProcessResult, table: str = "publication") -> dict[str, Any]:
    (event,) = [e for e in run.get_asset_materialization_events() if e.asset_key and e.asset_key.path[1] == table]
    said = event.step_materialization_data.materialization.metadata
    return {name: value.value for name, value in said.items()}


def verdict(run: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = [e for e in run.get_asset_check_evaluations() if e.check_name == "guardrails"]
    return found


def failed_steps(run: dg.ExecuteInProcessResult) -> list[str]:
    return [
        str(e.step_key).removeprefix(f"{STRATEGY}__")
        for e in run.all_events
        if e.event_type is dg.DagsterEventType.STEP_FAILURE
    ]


def versions(garage: Garage) -> list[tuple[int, Any, str]]:
    return [(p.version, p.as_of, str(p.status)) for p in publications(garage.outlet)]


def test_a_days_run_goes_live_and_says_what_changed(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, [*owners(8), Owner("c8", ("z", "b", "c", "d")), Owner("c9")], b=284, a=284, z=288)
    first = garage.run(DAY)
    assert first.success
    assert (metadata(first)["version (garage)"], metadata(first)["summary"]) == (
        1,
        "garage: 2025-09-10 is the first publication.",
    )
    assert verdict(first).passed
    second = garage.run(NEXT)
    assert second.success
    said = metadata(second)
    assert [said[f"{figure} (garage)"] for figure in ("version", "customers", "rows")] == [2, 10, 10]
    assert said["published"]
    assert said["published_by"] == f"run {second.run_id[:8]}"
    assert "| position 1: a -> z | 1 | 10.00% | z replaced a: 284 -> 288 orders" in said["comparison"]
    assert said["picture"].startswith("![comparison](data:image/svg+xml;base64,")
    assert versions(garage) == [(2, NEXT, "live"), (1, DAY, "backup")]


def test_the_comparison_is_shown_as_tables_and_a_picture(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, [*owners(9), Owner("c9", ("z", "b", "c", "d"))])
    garage.run(DAY)
    said = metadata(garage.run(NEXT), "comparison")
    assert "90.00% of whom keep all four recommendations" in said["summary"]
    assert "**Average price by position**" in said["summary"]
    picture = garage.home / "reports" / NAME / str(NEXT) / "comparison.svg"
    assert picture.read_bytes().startswith(b"<svg")
    live = [
        dep
        for deps in said["dagster/column_lineage"].deps_by_column.values()
        for dep in deps
        if dep.asset_key == dg.AssetKey([STRATEGY, "publication"])
    ]
    assert live, "the comparison comes from what is live, too"


def test_guardrails_stop_the_run_before_publication(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, owners(5), {f"c{n}": "no vehicle" for n in range(5, 10)})
    garage.run(DAY)
    refused = garage.run(NEXT)
    assert failed_steps(refused) == ["comparison_guardrails"], "publication does not even begin"
    found = verdict(refused)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    id_ = found.metadata["comparison_id"].value
    assert found.description == (
        "garage 2025-09-11 is not published: 50.00% of live customers are lost; max_customers_lost is 5.00%. "
        f"To publish it: recs publish garage --date 2025-09-11 --approve {id_}"
    )
    assert "publication" not in {e.asset_key.path[1] for e in refused.get_asset_materialization_events() if e.asset_key}
    assert versions(garage) == [(1, DAY, "live")]


def test_a_publication_materialized_by_itself_is_judged_all_the_same(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, owners(5))
    garage.run(DAY)
    garage.run(NEXT)
    alone = garage.run(NEXT, only=["publication"])
    assert failed_steps(alone) == ["publication"]
    assert versions(garage) == [(1, DAY, "live")]


def test_a_failed_check_of_the_table_stops_publication(garage: Garage) -> None:
    garage.check = "SELECT customer_id FROM vehicle_recommendations WHERE rec_part_1 = 'z'"
    garage.plan(DAY, [*owners(9), Owner("c9", ("z", "b", "c", "d"))])
    broken = garage.run(DAY)
    assert failed_steps(broken) == ["vehicle_recommendations__blocking_checks"]
    assert versions(garage) == []
    alone = garage.run(DAY, only=["publication"])
    assert failed_steps(alone) == ["publication"]
    assert versions(garage) == []


def test_a_backfill_of_an_old_day_runs_through_and_changes_nothing_that_is_live(garage: Garage) -> None:
    before = DAY - timedelta(days=1)
    garage.plan(DAY, owners(10))
    garage.plan(before, owners(2, parts=("p", "q", "r", "s")))
    garage.run(DAY)
    backfill = garage.run(before)
    assert backfill.success, "its guardrails have nothing to refuse: it does not go live"
    assert metadata(backfill)["published"] is False
    assert metadata(backfill)["summary"] == (
        "garage: 2025-09-09 is older than what is live (version 1, of 2025-09-10); nothing is published."
    )
    assert metadata(backfill)["live_as_of"] == str(DAY)
    assert versions(garage) == [(1, DAY, "live")]


def test_a_day_run_twice_is_published_once(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    garage.run(DAY)
    again = garage.run(DAY)
    assert again.success
    assert (metadata(again)["published"], metadata(again)["version (garage)"]) == (False, 1)
    assert versions(garage) == [(1, DAY, "live")]

"""A company that publishes two products: each is compared, judged, published and rolled back by itself, in Dagster and
at the terminal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.publication.allocation import allocation
from recs_platform.publication.allocation_picture import show_allocation
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.proposal import Standing, newest_day, propose
from recs_platform.publication.publish import publications
from recs_platform.publication.stage import outlet_of, product_stage
from recs_platform.schemas.publication import AllocationComparison, Comparison
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.vehicle_fitment import DroppedCustomers
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.strategies.vehicle_fitment.comparison_picture import show_recommendations
from recs_platform.strategies.vehicle_fitment.publication import recommendations
from recs_platform_tests.publication.garage import DAY, NAME, NEXT, STRATEGY, Garage, Shares, owners
from recs_platform_tests.publication.test_assets import failed_steps, metadata
from recs_platform_tests.publication.test_cli import open_to_commands, recs, recs_json
from recs_platform_tests.sql.queries import platform_queries

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]

EVEN: Shares = {"(all)": {"t1": 0.5, "t2": 0.5}}
TURNED: Shares = {"(all)": {"t1": 0.4, "t3": 0.6}}
"""60% of the traffic moves, and half of the live treatments are dropped."""


@pytest.fixture
def both(own_home: Path) -> Garage:
    """The garage with an allocation as well: two days alike."""
    garage = Garage(own_home, shares={DAY: EVEN, NEXT: {"(all)": {"t1": 0.4, "t2": 0.6}}})
    garage.plan(DAY, owners(10))
    garage.plan(NEXT, owners(10))
    return garage


def versions(outlet: Outlet) -> list[tuple[int, object, str]]:
    return [(p.version, p.as_of, str(p.status)) for p in publications(outlet)]


def shares(outlet: Outlet) -> dict[str, float]:
    """What senders read."""
    with outlet.warehouse.read(outlet.live) as reader:
        return {row["treatment_id"]: row["share"] for row in reader.read_all().to_pylist()}


def test_a_days_run_publishes_both(both: Garage) -> None:
    assert both.run(DAY).success
    second = both.run(NEXT)
    assert second.success
    said = metadata(second, "allocation_publication")
    assert [said[f"{figure} (garage)"] for figure in ("version", "rows")] == [2, 2]
    assert said["published"]
    assert said["summary"] == "garage allocation: 2025-09-11 replaced version 1, of 2025-09-10."
    assert "| t2 | 50.00% | 60.00% | +10.00% |" in said["comparison"]
    assert said["picture"].startswith("![allocation_comparison](data:image/svg+xml;base64,")
    assert "customers" not in said
    assert metadata(second)["customers (garage)"] == 10
    assert shares(both.allocation) == {"t1": 0.4, "t2": 0.6}
    assert versions(both.allocation) == versions(both.outlet) == [(2, NEXT, "live"), (1, DAY, "backup")]


def test_a_product_that_is_refused_does_not_hold_up_the_other(both: Garage) -> None:
    assert both.shares is not None
    both.shares[NEXT] = TURNED
    both.run(DAY)
    refused = both.run(NEXT)
    assert failed_steps(refused) == ["allocation_comparison_allocation_guardrails"]
    (found,) = [e for e in refused.get_asset_check_evaluations() if e.check_name == "allocation_guardrails"]
    id_ = found.metadata["comparison_id"].value
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == (
        "garage allocation 2025-09-11 is not published: 60.00% of the traffic changes treatment; "
        "max_allocation_move is 50.00%. "
        f"To publish it: recs publish garage --product allocation --date 2025-09-11 --approve {id_}"
    )
    assert versions(both.allocation) == [(1, DAY, "live")]
    assert versions(both.outlet) == [(2, NEXT, "live"), (1, DAY, "backup")]


def test_an_empty_allocation_is_no_failure_and_leaves_what_is_live(both: Garage) -> None:
    assert both.shares is not None
    both.shares[NEXT] = {}
    both.run(DAY)
    quiet = both.run(NEXT)
    assert quiet.success
    said = metadata(quiet, "allocation_publication")
    assert said["published"] is False
    assert said["summary"] == "garage allocation: 2025-09-11 has no treatment shares; nothing is published."
    assert (said["version (garage)"], said["live_as_of"]) == (1, str(DAY))
    assert shares(both.allocation) == EVEN["(all)"]


def test_a_company_that_never_sent_anything_publishes_no_allocation(own_home: Path) -> None:
    silent = Garage(own_home, shares={})
    silent.plan(DAY, owners(10))
    assert silent.run(DAY).success
    assert (versions(silent.allocation), versions(silent.outlet)) == ([], [(1, DAY, "live")])
    newest = newest_day(silent.allocation, silent.pipeline, silent.company)
    proposal = propose(silent.allocation, silent.pipeline, silent.company, newest)
    assert (proposal.standing, proposal.live) == (Standing.EMPTY, None)


def test_an_older_allocation_never_goes_live(both: Garage) -> None:
    assert both.shares is not None
    before = DAY - timedelta(days=1)
    both.shares[before] = TURNED
    both.plan(before, owners(10))
    both.run(DAY)
    backfill = both.run(before)
    assert backfill.success
    assert metadata(backfill, "allocation_publication")["published"] is False
    assert versions(both.allocation) == [(1, DAY, "live")]


def test_broken_shares_are_not_published(both: Garage) -> None:
    assert both.shares is not None
    both.shares[DAY] = {"(all)": {"t1": 0.5, "t2": 0.4}}
    broken = both.run(DAY)
    assert failed_steps(broken) == ["allocation_publication"]
    assert versions(both.allocation) == []
    assert versions(both.outlet) == [(1, DAY, "live")]


@pytest.fixture
def shop(both: Garage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Garage:
    """Where commands find it, with both days made: the second day's allocation moves too much."""
    assert both.shares is not None
    both.shares[NEXT] = TURNED
    open_to_commands(both, tmp_path, monkeypatch)
    both.make(DAY)
    both.make(NEXT)
    return both


def test_publish_refuse_approve_and_roll_back_one_product(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    named = ("--product", "allocation")
    code, said = recs(capsys, "publications", NAME, *named)
    assert said == "garage allocation has published nothing yet. Next: recs publish garage --product allocation"
    recs(capsys, "publish", NAME, "--date", str(DAY))
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY), *named)
    assert code == 0
    assert "Published as version 1: 2 rows as of 2025-09-10, read back and complete." in said

    code, said = recs(capsys, "publish", NAME, *named)
    assert code == 1
    assert "garage allocation: 2025-09-11 would replace version 1, of 2025-09-10." in said
    assert "refused 60.00% of the traffic changes treatment; max_allocation_move is 50.00%" in said
    assert "ok 50.00% of live treatments are dropped; max_treatments_dropped is 50.00%" in said
    command = said.partition("To approve this comparison, and no other: recs ")[2].split()
    assert command[:7] == ["publish", NAME, *named, "--date", "2025-09-11", "--approve"]
    code, said = recs(capsys, *command)
    assert code == 0
    assert shares(shop.allocation) == TURNED["(all)"]

    code, said = recs(capsys, "rollback", NAME, "--to", "1", *named)
    assert code == 0
    assert "garage allocation: back to version 1, which is live as version 3: 2 rows as of 2025-09-10" in said
    assert shares(shop.allocation) == EVEN["(all)"]
    assert versions(shop.outlet) == [(1, DAY, "live")], "recommendations are as they were"
    _, listed = recs_json(capsys, "publications", NAME, *named)
    assert [(row["version"], row["product"], row["customers"], row["approved"]) for row in listed] == [
        (3, "allocation", None, False),
        (2, "allocation", None, True),
        (1, "allocation", None, False),
    ]


def test_an_approval_of_one_product_approves_no_other(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    for product in ("recommendations", "allocation"):
        recs(capsys, "publish", NAME, "--date", str(DAY), "--product", product)
    _, refused = recs_json(capsys, "publish", NAME, "--product", "allocation")
    assert (refused["product"], refused["published"]) == ("allocation", None)
    code, said = recs(capsys, "publish", NAME, "--approve", refused["comparison_id"])
    assert code == 2
    assert f"{refused['comparison_id']} was approved, but the comparison is" in said
    assert versions(shop.outlet) == [(1, DAY, "live")]


def test_an_empty_allocation_at_the_terminal(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    assert shop.shares is not None
    shop.shares[NEXT] = {}
    shop.make(NEXT)
    said = "garage allocation: 2025-09-11 has no treatment shares; nothing is published."
    assert recs(capsys, "publish", NAME, "--product", "allocation") == (0, said)


def test_a_product_that_is_not_there(shop: Garage, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = recs(capsys, "publications", NAME, "--product", "hats")
    assert code == 2
    assert "--product: garage publishes recommendations and allocation, not hats." in said


def test_the_only_product_of_a_strategy_need_not_be_named(
    shop: Garage, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = [s for s in shop.pipeline.stages if s.product is None or s.product.name == "allocation"]
    shop.pipeline = Pipeline(STRATEGIES[STRATEGY], stages, shop.pipeline.validation)
    open_to_commands(shop, tmp_path, monkeypatch)
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY))
    assert code == 0
    assert "garage allocation: 2025-09-10 is the first publication." in said
    with pytest.raises(ValueError, match="vehicle_fitment does not publish recommendations"):
        outlet_of(shop.pipeline, "recommendations", shop.company, shop.allocation.warehouse, shop.allocation.database)


def test_what_cannot_be_declared(shop: Garage) -> None:
    strategy, queries = STRATEGIES[STRATEGY], platform_queries()
    with pytest.raises(ValueError, match="vehicle_fitment cannot publish dropped_customers: a table of recommend"):
        product_stage(
            strategy,
            queries,
            recommendations(spec_of(DroppedCustomers), queries["vehicle_recommendation_figures"]),
            Comparison,
            show_recommendations,
        )
    with pytest.raises(ValueError, match=r"a table of treatment shares is a snapshot with as_of, segment, share"):
        product_stage(
            strategy,
            queries,
            allocation(spec_of(Comparison), queries["allocation_figures"]),
            AllocationComparison,
            show_allocation,
        )
    made, *publishing = shop.pipeline.stages
    with pytest.raises(ValueError, match="vehicle_fitment publishes allocation twice"):
        Pipeline(strategy, [made, *publishing, publishing[-1]], shop.pipeline.validation)

"""Strategies run on a warehouse that is written against the protocols alone: they leak nothing of the lake."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from sqlalchemy import Engine

from recs_platform.automation.jobs import daily_job
from recs_platform.automation.partitions import partition_key
from recs_platform.definitions import build_defs
from recs_platform.errors import StorageError, UserError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, rollback
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.pipeline.toy import DAY, Profiles, Scores, Toy, VisitCounts, Visits, failure, materialized
from recs_platform_tests.publication.shop import NOON, PICKS, day, live_versions, make_live, outlet_of, seen
from recs_platform_tests.warehouse import memory
from recs_platform_tests.warehouse.memory import MemoryWarehouse

STRANGERS = """-- Every visit is by somebody whom we know.
-- table: visits
-- severity: {severity}
SELECT event_date, visit_id FROM visits WHERE customer_id IS NULL"""

LAKE = ("recs_platform.warehouse.lake", "deltalake")


@pytest.fixture
def warehouse() -> MemoryWarehouse:
    return MemoryWarehouse()


def test_the_warehouse_in_memory_knows_nothing_of_the_lake() -> None:
    tree = ast.parse(Path(memory.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith((*LAKE, "recs_platform.warehouse.environment"))]
    assert not [name for name in imported if name.startswith("recs_platform_tests")]
    code = f"import sys, {memory.__name__}; print([name for name in sys.modules if name.startswith({LAKE})])"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]"


def test_a_tiny_day_is_what_it_is_on_the_lake(tmp_path: Path, warehouse: MemoryWarehouse) -> None:
    """A look-back, a query, a function over frames, and a check that warns."""
    folders = {"memory": tmp_path / "memory", "lake": tmp_path / "lake"}
    toys = {}
    for name, given in (("memory", warehouse), ("lake", None)):
        folders[name].mkdir()
        toys[name] = Toy(folders[name], checks=[STRANGERS.format(severity="warn")], warehouse=given)
        assert toys[name].run_history(Days.ending(DAY, 5)).success
        result = toys[name].run()
        assert result.success
        assert [not check.passed for check in result.get_asset_check_evaluations()] == [True]
        assert materialized(result)["scores"][f"rows ({toys[name].company.name})"] == 2
    for model in (Visits, Profiles, VisitCounts, Scores):
        assert toys["memory"].rows(model) == toys["lake"].rows(model)
        assert toys["memory"].days(model) == toys["lake"].days(model)
    assert toys["memory"].rows(VisitCounts)[0]["visits"] == 3
    assert "visit_counts" in warehouse.queries


def test_a_check_stops_what_is_downstream(tmp_path: Path, warehouse: MemoryWarehouse) -> None:
    toy = Toy(tmp_path, checks=[STRANGERS.format(severity="error")], warehouse=warehouse)
    assert not toy.run().success
    assert (toy.days(Visits), toy.days(VisitCounts), toy.days(Scores)) == ([DAY], [], [])


def test_a_slice_that_breaks_a_rule_is_refused_and_what_was_there_stays(
    tmp_path: Path, warehouse: MemoryWarehouse
) -> None:
    toy = Toy(tmp_path, warehouse=warehouse)
    assert toy.run().success
    before = toy.rows(Visits)
    toy.visits = lambda days: pa.table(
        {"event_date": [days.last], "visit_id": [1], "customer_id": ["c1"], "pages": [-1]}
    )
    table, message = failure(toy.run())
    assert table == "visits"
    assert "column pages: greater_than_or_equal_to(0): 1 bad row, such as {'visit_id': 1, 'pages': -1}" in message
    assert toy.rows(Visits) == before


def test_empty_is_not_missing(tmp_path: Path, warehouse: MemoryWarehouse) -> None:
    toy = Toy(tmp_path, visits=lambda days: pa.table({}), warehouse=warehouse)
    toy.visits = lambda days: Toy(tmp_path).visits(days).head(0)
    assert toy.run().success
    ref = TableRef(toy.company.dataset, toy.pipeline().specs["visits"])
    (slice_,) = warehouse.slices(ref)
    assert (slice_.day, slice_.empty, slice_.rows) == (DAY, True, 0)
    assert slice_.run
    assert warehouse.slices(TableRef("another", ref.spec)) == []


def test_publishing_and_going_back_read_back_what_is_live(warehouse: MemoryWarehouse, platform_db: Engine) -> None:
    outlet: Outlet = outlet_of(warehouse, platform_db, PICKS)
    make_live(outlet, day(0), rows=3, what="a")
    make_live(outlet, day(1), rows=5, what="b")
    assert {(row.as_of, row.what) for row in seen(outlet)} == {(day(1), "b")}
    rollback(outlet, 1, by="ann", at=NOON)
    assert {(row.as_of, row.what) for row in seen(outlet)} == {(day(0), "a")}
    assert live_versions(outlet) == [3]
    # Who was told which version is live reads that version's rows, whatever has become live since.
    second = next(p for p in publications(outlet) if p.version == 2)
    with warehouse.read(outlet.live, version=second.table_version) as reader:
        assert reader.read_all()["item_id"].to_pylist() == ["b"] * 5
    with pytest.raises(UserError, match="live already"):
        rollback(outlet, 3, by="ann", at=NOON)
    with pytest.raises(StorageError, match="has no version 9"):
        warehouse.restore(outlet.live, 9)


@pytest.mark.slow
def test_a_strategy_as_it_is_makes_its_first_day(tmp_path: Path, warehouse: MemoryWarehouse) -> None:
    """Every table and check of a built-in strategy, feeds and publication included."""
    company, first = shop(tmp_path), date(2025, 9, 1)
    defs = build_defs(
        companies={company.name: company},
        resources={
            "warehouse": dg.ResourceDefinition.hardcoded_resource(warehouse),
            "journal": dg.ResourceDefinition.none_resource(),
        },
    )
    job = defs.resolve_job_def(daily_job(company.strategy.name))
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(partition_key=partition_key(company.name, first), instance=instance)
    pipeline: Pipeline = pipeline_of(company)
    assert {name for name in pipeline.tables if warehouse.days(pipeline.ref(name, company)) != [first]} == set()
    assert len(result.get_asset_check_evaluations()) >= len(pipeline.checks)
    (customers,) = warehouse.slices(pipeline.ref("customers", company))
    with warehouse.read(pipeline.ref("customers", company)) as reader:
        assert (customers.rows, customers.run) == (reader.read_all().num_rows, result.run_id)
    assert customers.rows
    assert first + timedelta(days=1) not in warehouse.days(pipeline.ref("events", company))
    live = {
        product.live.name: warehouse.slices(pipeline.ref(product.live.name, company))
        for product in pipeline.products.values()
    }
    assert all(len(slices) == 1 and not slices[0].empty for slices in live.values())

"""A version that went live before its table's model grew, or a column of it was renamed: it is proven to be what went
live, and a rollback brings it back, in either engine."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from recs_platform.declarations.product import AnyProduct
from recs_platform.platform_db.engine import opened_database
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, publish, rollback
from recs_platform.publication.verify import verify
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, snapshot, spec_of
from recs_platform.strategies.vehicle_fitment.publication import recommendations
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.conftest import new_database
from recs_platform_tests.publication.shop import NOON, QUERIES, compared, day, lake_in, live_versions, outlet_of, write
from recs_platform_tests.warehouse.conftest import BIGQUERY, open_bigquery


@snapshot(key=("customer_id",), empty=Empty.ALLOWED, name="picks")
class Before(Table):
    """One row per customer: what is recommended."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    item_id: str = Field()
    generated_at: datetime.datetime = Field()
    place: int = Field(nullable=True)


@snapshot(key=("customer_id",), empty=Empty.ALLOWED, name="picks")
class Grown(Table):
    """The same with a column more, and with fractions."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    item_id: str = Field()
    reason: str = Field(nullable=True)
    generated_at: datetime.datetime = Field()
    place: float = Field(nullable=True)


@snapshot(key=("customer_id",), empty=Empty.ALLOWED, name="picks")
class Renamed(Table):
    """The same with a column of another name."""

    as_of: datetime.date = Field()
    customer_id: str = Field()
    item_id: str = Field()
    generated_at: datetime.datetime = Field()
    rank: int = Field(nullable=True, metadata=formerly("place"))


@pytest.fixture(params=["folder", BIGQUERY])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    if request.param == "folder":
        return lake_in(tmp_path)
    return open_bigquery(request.getfixturevalue("bigquery"), tmp_path / "scratch")


@pytest.fixture
def database_here(tmp_path: Path) -> Iterator[Engine]:
    with new_database(tmp_path, None) as url:
        opened = opened_database(url)
        yield opened
        opened.dispose()


def product(model: type[Table]) -> AnyProduct:
    return recommendations(spec_of(model), QUERIES["vehicle_recommendation_figures"])


def made_live(outlet: Outlet, offset: int, **more: Any) -> None:
    midnight = datetime.datetime.combine(day(offset), datetime.time())
    write(outlet, day(offset), [{"customer_id": "c1", "item_id": "a", "generated_at": midnight, **more}])
    publish(outlet, day(offset), compared(outlet, day(offset)), by="ann", at=NOON)


def live(outlet: Outlet, column: str) -> list[tuple[datetime.date, Any]]:
    """What is live, proven to be what was published."""
    newest = publications(outlet)[0]
    assert live_versions(outlet) == [newest.version]
    verify(outlet, newest)
    with outlet.warehouse.read(outlet.live) as reader:
        return [(row["as_of"], row[column]) for row in reader.read_all().to_pylist()]


@pytest.mark.parametrize(
    ("model", "column", "before", "since"),
    [(Grown, "place", 1.0, {"place": 1.5, "reason": "liked"}), (Renamed, "rank", 1, {"rank": 2})],
)
def test_a_rollback_goes_behind_the_change_and_back(
    warehouse: Warehouse,
    database_here: Engine,
    model: type[Table],
    column: str,
    before: Any,
    since: dict[str, Any],
) -> None:
    old = outlet_of(warehouse, database_here, product(Before))
    new = replace(old, product=product(model))
    made_live(old, 0, place=1)
    assert live(new, column) == [(day(0), before)], "under the new model, as it is"
    made_live(new, 1, **since)
    rollback(new, 1, by="ann", at=NOON)
    assert live(new, column) == [(day(0), before)]
    rollback(new, 2, by="ann", at=NOON)
    assert live(new, column) == [(day(1), since[column])]
    rollback(new, 3, by="ann", at=NOON)
    assert live(new, column) == [(day(0), before)]


@pytest.mark.parametrize("model", [Grown, Renamed])
def test_what_is_live_is_proven_when_its_copy_has_expired(
    bigquery: str, database_here: Engine, model: type[Table], tmp_path: Path
) -> None:
    warehouse = open_bigquery(bigquery, tmp_path / "scratch")
    old = outlet_of(warehouse, database_here, product(Before))
    made_live(old, 0, place=1)
    dataset = warehouse.tables.dataset(old.dataset)
    (copied,) = (name for name in warehouse.jobs.tables(dataset, "_kept"))
    warehouse.jobs.drop(f"{dataset}.{copied}")
    assert live(old, "item_id") == [(day(0), "a")]
    assert live(replace(old, product=product(model)), "item_id") == [(day(0), "a")]


def test_a_rollback_of_the_code_brings_back_what_newer_code_published(
    warehouse: Warehouse, database_here: Engine
) -> None:
    old = outlet_of(warehouse, database_here, product(Before))
    new = replace(old, product=product(Grown))
    made_live(new, 0, place=2.0, reason="liked")
    made_live(old, 1, place=1)
    rollback(old, 1, by="ann", at=NOON)
    assert live(old, "place") == [(day(0), 2)]
    assert live(old, "item_id") == [(day(0), "a")]

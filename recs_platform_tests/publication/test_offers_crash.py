"""A publisher of offers that dies leaves one whole version live, on each kind of database, in a folder and in a store.

Not here: each kind of store, which no product knows of (test_crash.py).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.platform_db.engine import engine
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publications, publish, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.schemas.offer_ranking import OfferRecommendations
from recs_platform.serving_store.environment import open_stores
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.publication.market import DAY, NAME, NEXT, PRODUCT, STRATEGY, lists, planned, write
from recs_platform_tests.publication.processes import AFTER_THE_COMMIT, BEFORE_THE_COMMIT
from recs_platform_tests.publication.shop import NOON, lake_in
from recs_platform_tests.stores.fixtures import root_named
from recs_platform_tests.warehouse.processes import PATIENCE, start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize(("database", "place"), [("sqlite", "folder"), ("postgres", "gs")], indirect=["database"]),
]

CUSTOMERS = {DAY: 200, NEXT: 300}


def outlet_in(folder: Path, root: str, database: Engine) -> Outlet:
    return Outlet(NAME, STRATEGY, PRODUCT, NAME, lake_in(folder, root=root), database, open_stores(database))


def compared(outlet: Outlet) -> str:
    return comparison_id(outlet, NEXT, outlet.warehouse.fingerprint(outlet.source, NEXT), reconcile(outlet))


def publish_and_die(folder: Path, root: str, database: str, moment: str) -> None:
    """Publish the second day as far as a step and end there, as SIGKILL would: without another instruction."""
    outlet = outlet_in(folder, root, engine(database))
    id_, committing = compared(outlet), Lake.publish

    def die(*arguments: object) -> int:
        if moment == AFTER_THE_COMMIT:
            committing(*arguments)  # type: ignore[arg-type]
        os._exit(9)

    Lake.publish = die  # type: ignore[assignment, method-assign]
    publish(outlet, NEXT, id_, by="ann", at=NOON)


@pytest.fixture
def outlet(place: str, request: pytest.FixtureRequest, tmp_path: Path, platform_db: Engine) -> Outlet:
    """Both days are made, and the first one is live."""
    made = outlet_in(tmp_path, root_named(request, place, tmp_path / "lake"), platform_db)
    for day, customers in CUSTOMERS.items():
        rows = planned(lists(customers, "a", "b", "c")).tables(day)[OfferRecommendations]
        write(made, OfferRecommendations, day, rows)
    id_ = comparison_id(made, DAY, made.warehouse.fingerprint(made.source, DAY), reconcile(made))
    publish(made, DAY, id_, by="ann", at=NOON)
    return made


@pytest.mark.parametrize("moment", [BEFORE_THE_COMMIT, AFTER_THE_COMMIT])
def test_a_killed_publisher_leaves_one_whole_version(tmp_path: Path, outlet: Outlet, moment: str) -> None:
    url = outlet.database.url.render_as_string(hide_password=False)
    assert isinstance(outlet.warehouse, Lake)
    start(publish_and_die, tmp_path, outlet.warehouse.root, url, moment).join(PATIENCE)
    day, states = {
        BEFORE_THE_COMMIT: (DAY, [(2, "abandoned"), (1, "live")]),
        AFTER_THE_COMMIT: (NEXT, [(2, "live"), (1, "backup")]),
    }[moment]
    with outlet.warehouse.read(outlet.live) as reader:
        assert {row["as_of"] for row in reader.read_all().to_pylist()} == {day}
    assert [(p.version, p.status) for p in publications(outlet)] == states
    live = reconcile(outlet)
    assert live is not None
    found = verify(outlet, live)
    assert (found.rows, found.customers, found.as_of) == (3 * CUSTOMERS[day], CUSTOMERS[day], day)

    again = publish(outlet, NEXT, compared(outlet), by="ann", at=NOON)
    assert (again.version, again.rows) == (3, 900), "and the next publisher goes on from there"
    back = rollback(outlet, 1, by="bob", at=NOON)
    assert (back.version, back.rows, back.customers, verify(outlet, back).as_of) == (4, 600, 200, DAY)

"""A publisher that is killed between any two steps, with a database and Redis to serve from: each serves one whole
version at every moment, and whatever comes next brings lake, database and Redis in line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import reconcile
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.processes import ROWS, publish_when_let_go
from recs_platform_tests.publication.serving import assert_tidy, assert_whole, publish_and_be_killed, with_redis
from recs_platform_tests.publication.shop import (
    COMPANY,
    PICKS,
    PRODUCTS,
    SPLITS,
    day,
    lake_in,
    make,
    make_live,
    outlet_of,
    seen,
    states,
)
from recs_platform_tests.stores.fixtures import root_named
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start

pytestmark = pytest.mark.slow


@dataclass
class Shop:
    outlet: Outlet
    folder: Path
    root: str
    database: str
    redis_url: str


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path, platform_db: Engine, redis_url: str) -> Shop:
    """Both days are made, and the first one is live."""
    root = root_named(request, "folder", tmp_path / "lake")
    product = PRODUCTS[getattr(request, "param", PICKS.name)]
    outlet = with_redis(outlet_of(lake_in(tmp_path, root=root), platform_db, product), redis_url)
    make(outlet, day(1), rows=ROWS[1])
    make_live(outlet, day(0), rows=ROWS[0])
    return Shop(outlet, tmp_path, root, platform_db.url.render_as_string(hide_password=False), redis_url)


@pytest.mark.parametrize("what", ["publication", "rollback"])
@pytest.mark.parametrize(
    ("database", "shop", "stride"),
    [("sqlite", PICKS.name, 1), ("postgres", PICKS.name, 5), ("sqlite", SPLITS.name, 5)],
    indirect=["database", "shop"],
)
def test_a_publisher_killed_between_any_two_steps_leaves_whole_versions_and_is_made_up_for(
    shop: Shop, what: str, stride: int
) -> None:
    outlet = shop.outlet
    if what == "rollback":
        make_live(outlet, day(1), rows=ROWS[1])
    lagged = set()
    for changes in range(0, 1_000, stride):
        before = max(version for version, status in states(outlet).items() if status == "live")
        given = (shop.folder, shop.root, shop.database, shop.redis_url, outlet.product.name, what, changes)
        publisher = start(publish_and_be_killed, *given)
        publisher.join(PATIENCE)
        served = [assert_whole(store, outlet.product.name) for store in outlet.stores]
        newest = max(states(outlet))
        assert set(served) <= {before, newest}
        lagged.add(tuple(version == newest for version in served))
        live = reconcile(outlet)
        assert live is not None
        assert verify(outlet, live).rows == len(seen(outlet)), "all stores are read back"
        assert_tidy(outlet, shop.redis_url)
        if publisher.exitcode == 0:
            break
        if live.version != before:
            make_live(outlet, day(0), rows=ROWS[0]) if what == "publication" else None
    assert publisher.exitcode == 0
    assert changes > 20
    assert lagged >= {(False, False), (True, True)}
    assert (True, False) in lagged or stride > 1, "killed between the two swaps"
    assert (False, True) not in lagged, "Redis is never ahead of the database"


def test_of_two_publishers_at_once_one_wins_and_all_stores_serve_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = shop.outlet
    gate, answers = FORKING.Barrier(2), FORKING.Queue()
    given = (shop.folder, shop.root, shop.database)
    both = [start(publish_when_let_go, *given, offset, gate, answers) for offset in range(2)]
    said = [answers.get(timeout=PATIENCE) for _ in both]
    for publisher in both:
        publisher.join(PATIENCE)
    (won,) = [answer for answer in said if isinstance(answer, int)]
    live = reconcile(outlet)
    assert live is not None
    assert live.version == won
    verify(outlet, live)
    assert [store.served(COMPANY, outlet.product.name).version for store in outlet.stores] == [won, won]  # type: ignore[union-attr]

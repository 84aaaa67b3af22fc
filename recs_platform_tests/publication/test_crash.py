"""A publisher that is killed at any moment leaves one whole version of each product live, and an inventory that can be
put right."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, reconcile
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.processes import (
    AFTER_THE_COMMIT,
    BEFORE_THE_COMMIT,
    ROWS,
    outlet_in,
    publish_and_die,
    publish_for_ever,
    publish_when_let_go,
)
from recs_platform_tests.publication.shop import (
    ON_DATABASES_AND_STORES,
    PICKS,
    PRODUCTS,
    SPLITS,
    D,
    day,
    lake_in,
    live_versions,
    make,
    make_live,
    outlet_of,
    seen,
    states,
)
from recs_platform_tests.stores.fixtures import root_named
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start

pytestmark = [pytest.mark.slow, ON_DATABASES_AND_STORES]

ROUND = 6
"""What a publisher tells in a round: two publications and a rollback of each product."""

KILLS = ROUND
"""In each kind of store: one in every step of a round."""

LONGEST_STEP = 0.06
"""Seconds: about as long as a step takes, so that a kill can fall at any moment of it."""


@dataclass
class Shop:
    """Both products, and what another process needs to open them."""

    outlets: dict[str, Outlet]
    folder: Path
    root: str
    """Of the lake."""
    database: str

    def other(self, product: str) -> Outlet:
        (other,) = [outlet for name, outlet in self.outlets.items() if name != product]
        return other


@pytest.fixture
def shop(place: str, request: pytest.FixtureRequest, tmp_path: Path, platform_db: Engine) -> Shop:
    """Both days of both products are made, and the first one is live."""
    root = root_named(request, place, tmp_path / "lake")
    outlets = {name: outlet_of(lake_in(tmp_path, root=root), platform_db, item) for name, item in PRODUCTS.items()}
    for outlet in outlets.values():
        make(outlet, day(1), rows=ROWS[1])
        make_live(outlet, day(0), rows=ROWS[0])
    return Shop(outlets, tmp_path, root, platform_db.url.render_as_string(hide_password=False))


def one_life(shop: Shop, steps: int, seconds: float) -> int:
    """A publisher that is killed so long after so many steps; how many it reported."""
    listening, telling = FORKING.Pipe(duplex=False)
    publisher = start(publish_for_ever, shop.folder, shop.root, shop.database, telling)
    telling.close()
    for _ in range(steps):
        assert listening.poll(PATIENCE)
        listening.recv()
    time.sleep(seconds)
    publisher.kill()
    publisher.join(PATIENCE)
    told = steps
    try:
        while listening.poll():
            listening.recv()
            told += 1
    except EOFError:
        pass
    return told


def assert_one_whole_version(outlet: Outlet) -> None:
    rows = seen(outlet)
    (as_of,) = {row.as_of for row in rows}
    assert [row.who for row in rows] == [f"c{n}" for n in range(ROWS[(as_of - D).days])]


def test_a_killed_publisher_leaves_one_whole_version_of_each_product_live(shop: Shop) -> None:
    chance = random.Random(20251201)
    reported = 0
    for kill in range(KILLS):
        reported += one_life(shop, 1 + kill % ROUND, chance.uniform(0, LONGEST_STEP))
        for outlet in shop.outlets.values():
            assert_one_whole_version(outlet)
            assert len(live_versions(outlet)) <= 1
            live = reconcile(outlet)
            assert live is not None
            assert live_versions(outlet) == [live.version]
            assert "publishing" not in states(outlet).values()
            assert verify(outlet, live).rows == len(seen(outlet))
    made = [p for outlet in shop.outlets.values() for p in publications(outlet) if p.status != "abandoned"]
    assert len(made) >= 2 + reported > KILLS, "what was reported stands"
    assert {(p.product, str(p.kind)) for p in made} == {
        (product, kind) for product in PRODUCTS for kind in ("publish", "rollback")
    }


def test_a_publisher_killed_before_its_commit_has_published_nothing(shop: Shop) -> None:
    product = PICKS.name
    outlet = shop.outlets[product]
    start(publish_and_die, shop.folder, shop.root, shop.database, product, BEFORE_THE_COMMIT).join(PATIENCE)
    assert states(outlet) == {1: "live", 2: "publishing"}
    assert {row.as_of for row in seen(outlet)} == {day(0)}
    assert [(p.version, p.status) for p in publications(outlet)] == [(2, "abandoned"), (1, "live")]
    assert make_live(outlet, day(1), rows=ROWS[1]).version == 3
    assert states(shop.other(product)) == {1: "live"}, "the other product has no part in it"


def test_a_publisher_killed_after_its_commit_has_published(shop: Shop) -> None:
    product = SPLITS.name
    outlet, other = shop.outlets[product], shop.other(product)
    start(publish_and_die, shop.folder, shop.root, shop.database, product, AFTER_THE_COMMIT).join(PATIENCE)
    assert states(outlet) == {1: "live", 2: "publishing"}
    assert {row.as_of for row in seen(outlet)} == {day(1)}
    assert [(p.version, p.as_of) for p in publications(other)] == [(1, day(0))]
    assert states(outlet) == {1: "live", 2: "publishing"}, "to settle one product leaves the other as it is"
    assert [(p.version, p.status) for p in publications(outlet)] == [(2, "live"), (1, "backup")]
    live = reconcile(outlet)
    assert live is not None
    assert verify(outlet, live).rows == ROWS[1]


def test_of_two_publishers_at_once_one_wins_and_the_other_is_told(shop: Shop) -> None:
    outlet = shop.outlets[PICKS.name]
    for _ in range(2):
        before = max(states(outlet))
        gate, answers = FORKING.Barrier(2), FORKING.Queue()
        both = [
            start(publish_when_let_go, shop.folder, shop.root, shop.database, offset, gate, answers)
            for offset in range(2)
        ]
        said = [answers.get(timeout=PATIENCE) for _ in both]
        for publisher in both:
            publisher.join(PATIENCE)
        won = [answer for answer in said if isinstance(answer, int)]
        refused = [answer for answer in said if isinstance(answer, str)]
        assert won == [before + 1]
        assert "have changed since. Nothing was published" in refused[0]
        assert live_versions(outlet) == won
        assert_one_whole_version(outlet)


def test_publishers_of_two_products_at_once_both_publish(shop: Shop) -> None:
    gate, answers = FORKING.Barrier(2), FORKING.Queue()
    both = [
        start(publish_when_let_go, shop.folder, shop.root, shop.database, 1, gate, answers, product)
        for product in (PICKS.name, SPLITS.name)
    ]
    assert [answers.get(timeout=PATIENCE) for _ in both] == [2, 2]
    for publisher in both:
        publisher.join(PATIENCE)
    for outlet in shop.outlets.values():
        assert states(outlet) == {1: "backup", 2: "live"}
        assert_one_whole_version(outlet)


def test_an_inventory_kept_by_another_process_is_the_same(shop: Shop) -> None:
    for product, outlet in shop.outlets.items():
        other = outlet_in(shop.folder, shop.root, shop.database, product)
        assert [p.version for p in publications(other)] == [p.version for p in publications(outlet)] == [1]
        other.database.dispose()

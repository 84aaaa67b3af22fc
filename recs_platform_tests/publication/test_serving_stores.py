"""Serving stores follow the live table: told once per publication and rollback, and brought in line after a failure.

Not here: Redis (test_redis_publications.py), and publishers that are killed (test_serving_crash.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from recs_platform.errors import DamageError, StorageError, UnavailableError
from recs_platform.platform_db.serving_tables import ServedList, ServedVersion
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.serving_store.protocol import Answer
from recs_platform_tests.publication.faulty_store import FaultyStore
from recs_platform_tests.publication.shop import COMPANY, NOON, PICKS, day, make_live, seen, states

STEPS = ["load", "midway", "swap"]


@pytest.fixture
def store(outlet: Outlet) -> FaultyStore:
    (real,) = outlet.stores
    return FaultyStore(real)


@pytest.fixture
def serving(outlet: Outlet, store: FaultyStore) -> Outlet:
    return replace(outlet, stores=(store,))


def version(outlet: Outlet) -> int | None:
    """What customers are served."""
    served = outlet.stores[0].served(COMPANY, outlet.product.name)
    return served.version if served else None


def shown(outlet: Outlet, customer: str) -> Any:
    """What a customer of the picks gets; of the splits, which are one list, everybody."""
    answer = outlet.stores[0].customer(COMPANY, outlet.product.name, customer if outlet.product is PICKS else "")
    return orjson.loads(answer.content) if answer else None


def kept(outlet: Outlet) -> list[tuple[int, bool]]:
    """The versions that the store holds, and whether each is live."""
    query = select(ServedVersion).where(ServedVersion.product == outlet.product.name).order_by(ServedVersion.id)
    with Session(outlet.database) as session:
        return [(row.version, row.is_live) for row in session.scalars(query)]


def test_a_store_loads_each_publication_and_rollback_once(serving: Outlet, store: FaultyStore) -> None:
    make_live(serving, day(0), rows=3)
    assert store.told == [("load", 1), ("swap", 1)]
    make_live(serving, day(1), rows=5)
    rollback(serving, 1, by="ann", at=NOON)
    reconcile(serving)
    publications(serving)
    loads = [told for told in store.told if told[0] == "load"]
    assert loads == [("load", 1), ("load", 2), ("load", 3)]
    assert version(serving) == 3


def test_customers_are_served_the_rows_of_the_version_that_is_live(outlet: Outlet) -> None:
    make_live(outlet, day(0), rows=3, what="a")
    make_live(outlet, day(1), rows=2, what="b")

    def lists(rows: int, what: str) -> list[Any]:
        if outlet.product is PICKS:
            return [[{"item_id": what}] if n < rows else None for n in range(3)]
        share = 1 / rows
        splits = [{"segment": "(all)", "treatment_id": f"c{n}", "share": share, "why": what} for n in range(rows)]
        return [splits] * 3

    assert [shown(outlet, f"c{n}") for n in range(3)] == lists(2, "b")
    rollback(outlet, 1, by="ann", at=NOON)
    assert [shown(outlet, f"c{n}") for n in range(3)] == lists(3, "a")


def test_the_version_before_is_kept_and_older_ones_go(outlet: Outlet) -> None:
    for offset in range(3):
        make_live(outlet, day(offset))
    assert kept(outlet) == [(2, False), (3, True)]
    rollback(outlet, 2, by="ann", at=NOON)
    assert kept(outlet) == [(3, False), (4, True)]
    reconcile(outlet)
    assert kept(outlet) == [(3, False), (4, True)]
    with Session(outlet.database) as session:
        lists = session.scalar(select(func.count()).select_from(ServedList))
    assert lists == (6 if outlet.product is PICKS else 2), "the lists of the others went along"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", ["publication", "rollback"])
def test_a_store_that_fails_leaves_one_whole_version_live(
    serving: Outlet, store: FaultyStore, step: str, what: str
) -> None:
    make_live(serving, day(0), rows=3)
    if what == "rollback":
        make_live(serving, day(1), rows=5)
    before, store.fails_at = version(serving), step
    with pytest.raises(StorageError) as caught:
        if what == "publication":
            make_live(serving, day(1), rows=5)
        else:
            rollback(serving, 1, by="ann", at=NOON)
    newest, rows = (2, 5) if what == "publication" else (3, 3)
    assert str(caught.value) == (
        f"{serving.name}: version {newest} is live in {serving.live}, but is not what customers are served by the "
        "platform database (memory is full). Fix that, then bring it in line: "
        f"recs publications shop{serving.product.option}"
    )
    assert states(serving)[newest] == "live"
    assert len(seen(serving)) == rows
    assert version(serving) == before, "it goes on serving what it served"

    with pytest.raises(StorageError, match="memory is full"):
        reconcile(serving)
    store.fails_at = None
    live = reconcile(serving)
    assert live is not None
    assert version(serving) == newest
    assert verify(serving, live).rows == rows
    assert kept(serving) == [(before, False), (newest, True)], "what the broken load left is gone"


def test_a_store_that_does_not_answer_is_what_a_rerun_may_cure(serving: Outlet, store: FaultyStore) -> None:
    store.fails_at, store.error = "load", UnavailableError("nobody is there")
    with pytest.raises(UnavailableError, match="is not what customers are served by the platform database"):
        make_live(serving, day(0))


@pytest.mark.parametrize("step", STEPS)
def test_a_publisher_that_is_interrupted_is_made_up_for(serving: Outlet, store: FaultyStore, step: str) -> None:
    make_live(serving, day(0))
    store.fails_at, store.error = step, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        make_live(serving, day(1), rows=5)
    assert version(serving) == 1
    store.fails_at = None
    assert [(p.version, str(p.status)) for p in publications(serving)] == [(2, "live"), (1, "backup")]
    assert version(serving) == 2


def test_a_store_that_only_says_so_is_noticed(serving: Outlet, store: FaultyStore) -> None:
    store.swap = lambda served: None  # type: ignore[method-assign]
    with pytest.raises(StorageError, match=r"the platform database serves nothing, not version 1\. Bring it in line"):
        make_live(serving, day(0))


def test_a_store_whose_lists_are_others_is_noticed(outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    with outlet.database.begin() as connection:
        connection.execute(update(ServedList).values(content=b"[]"))
    with pytest.raises(DamageError, match=r"which are not the . lists? that were loaded"):
        verify(outlet, made)


def test_a_store_that_was_filled_from_other_rows_is_noticed(outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    (store,) = outlet.stores
    served = store.served(COMPANY, outlet.product.name)
    assert served is not None
    store.swap(store.load(served.draft, [[(b"c0" if outlet.product is PICKS else b"", b"[]")]]))
    with pytest.raises(DamageError, match="serves a customer other rows of version 1 than"):
        verify(outlet, made)


def test_customers_who_are_compared_are_spread_over_all(serving: Outlet, store: FaultyStore) -> None:
    made = make_live(serving, day(0), rows=100)
    asked: list[str] = []

    def customer(company: str, product: str, customer: str) -> Answer | None:
        asked.append(customer)
        return store.real.customer(company, product, customer)

    store.customer = customer  # type: ignore[method-assign]
    verify(serving, made)
    everybody = sorted(f"c{n}" for n in range(100))
    assert sorted(asked) == ([*everybody[::5], everybody[-1]] if serving.product is PICKS else [""])


def test_a_list_that_is_gone_is_noticed(outlet: Outlet) -> None:
    made = make_live(outlet, day(0), rows=3)
    with outlet.database.begin() as connection:
        connection.execute(delete(ServedList).where(ServedList.customer_key.in_([b"c1", b""])))
    with pytest.raises(DamageError, match=r"lists? of version 1, which are not"):
        verify(outlet, made)


def test_a_database_that_lost_what_is_served_is_filled_again(outlet: Outlet) -> None:
    make_live(outlet, day(0), rows=3)
    with outlet.database.begin() as connection:
        connection.execute(delete(ServedList))
        connection.execute(delete(ServedVersion))
    live = reconcile(outlet)
    assert live is not None
    assert verify(outlet, live).rows == 3

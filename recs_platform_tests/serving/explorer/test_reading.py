"""What pages read from the platform database, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta

import orjson
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.serving.explorer.change import changes
from recs_platform.serving.explorer.facts import Row
from recs_platform.serving.explorer.reading import given, given_before, live_of, models_of, published
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import Chunk, Served, customer_key
from recs_platform_tests.serving.explorer.shown import AT, items
from recs_platform_tests.serving.made_up import company

Lists = Mapping[str, Sequence[Row]]
LONG = "Ünïcode/" * 200


def publication(version: int, **changed: object) -> Publication:
    made = {
        "company": "metro",
        "strategy": "offer_ranking",
        "product": "recommendations",
        "version": version,
        "as_of": date(2025, 9, version),
        "customers": 2,
        "rows": 4,
        "generated_at": AT,
        "status": PublicationStatus.LIVE,
        "kind": PublicationKind.PUBLISH,
        "published_at": AT + timedelta(days=version),
        "published_by": "run 1234",
        "comparison_id": None,
        "approved": False,
        "checksum": None,
        "note": "",
    }
    return Publication(**{**made, **changed})


def draft(version: int, product: str = "recommendations") -> Served:
    return Served(
        company="metro",
        product=product,
        version=version,
        as_of=date(2025, 9, version),
        generated_at=AT,
        published_at=AT + timedelta(days=version),
        life_days=1,
        layout="rank,item_id,score",
    )


def publish(database: Engine, version: int, lists: Lists, product: str = "recommendations") -> Served:
    store = DatabaseStore(database)
    chunk = [(customer_key(customer), orjson.dumps(list(rows))) for customer, rows in lists.items()]
    served = store.load(draft(version, product), [chunk])
    store.swap(served)
    return served


@pytest.mark.parametrize("customer", ["C1", LONG])
def test_what_a_customer_got_in_the_version_before(platform_db: Engine, customer: str) -> None:
    publish(platform_db, 1, {customer: items("x")})
    publish(platform_db, 2, {customer: items("a", "b"), "C2": items("c")})
    served = publish(platform_db, 3, {customer: items("b", "d")})
    publish(platform_db, 2, {customer: items("other")}, product="allocation")
    live = live_of("recommendations", served)
    before = given_before(platform_db, "metro", live, customer)
    assert before is not None
    assert (before.version, before.as_of) == (2, date(2025, 9, 2))
    answer = DatabaseStore(platform_db).customer("metro", "recommendations", customer)
    assert answer is not None
    now = given(answer.served, answer.content)
    assert [(one.item, one.words) for one in changes(before.rows, now.rows)] == [
        ("b", "up 1"),
        ("d", "new"),
        ("a", "gone"),
    ]
    without = given_before(platform_db, "metro", live, "C3")
    assert without is not None
    assert without.rows == []


def test_before_the_first_version_there_is_none(platform_db: Engine) -> None:
    live = live_of("recommendations", publish(platform_db, 1, {"C1": items("a")}))
    assert given_before(platform_db, "metro", live, "C1") is None


def test_a_version_that_is_only_being_loaded_is_none(platform_db: Engine) -> None:
    def breaks_off() -> Iterator[Chunk]:
        yield [(b"C1", b"[]")]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DatabaseStore(platform_db).load(draft(1), breaks_off())
    assert given_before(platform_db, "metro", live_of("recommendations", draft(2)), "C1") is None


def test_who_published_it_and_how(platform_db: Engine) -> None:
    live = live_of("recommendations", draft(3))
    assert published(platform_db, "metro", live) == live, "the inventory may not know it yet"
    with Session(platform_db) as session, session.begin():
        session.add(
            publication(
                3,
                kind=PublicationKind.ROLLBACK,
                approved=True,
                note="back to version 1",
                published_by="ann",
                customers=9,
            )
        )
    known = published(platform_db, "metro", live)
    assert asdict(known) == asdict(live) | {
        "by": "ann",
        "brought_back": True,
        "approved": True,
        "note": "back to version 1",
        "customers": 9,
    }


def test_a_strategy_without_a_model_has_none_and_another_its_own(platform_db: Engine) -> None:
    assert models_of(platform_db, company("acme"), {}) == ()
    (model,) = models_of(platform_db, company("metro"), {})
    assert (model.name, model.leading, model.versions) == ("offer_ranking", "roc_auc", ())

"""The chain of a publication, whole and broken at each link in every known way: a lake, real databases and stores."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import existing_database
from recs_platform.platform_db.serving_tables import ServedList, ServedVersion
from recs_platform.platform_db.tables import Publication, Status
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import reconcile, rollback
from recs_platform.serving.trace.link import Chain, Name
from recs_platform.serving.trace.publication import PublicationSources, trace_publication
from recs_platform.serving.trace.service import HttpService, NoService
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform.warehouse.protocol import Subject, Version
from recs_platform.warehouse.slices import Days
from recs_platform_tests.publication.shop import COMPANY, NOON, PICKS, SPLITS, day, lake_in, make, make_live, outlet_of
from recs_platform_tests.serving.trace.house import all_ok, first_broken, states
from recs_platform_tests.serving.trace.stand_in import KEY, StandIn

SETTLE = f"recs publications {COMPANY}"


@dataclass
class Shop:
    outlet: Outlet
    service: StandIn
    key: str | None = None

    def publish(self, offset: int, rows: int = 3) -> Publication:
        """A whole day, and the service serves it."""
        made = make_live(self.outlet, day(offset), rows, what=f"item-{offset}")
        self.ran(offset)
        self.serve(made)
        return made

    def ran(self, offset: int, status: Status = Status.SUCCEEDED, message: str = "") -> None:
        begun = datetime(2025, 12, 2, 6, tzinfo=UTC) + timedelta(days=offset)
        job_log.started(
            self.outlet.database,
            run_id=f"run-{offset}",
            job="toy_daily",
            strategy="toy",
            company=COMPANY,
            first_date=day(offset),
            last_date=day(offset),
            started_at=begun,
        )
        if status is not Status.RUNNING:
            job_log.ended(
                self.outlet.database,
                f"run-{offset}",
                status=status,
                ended_at=begun + timedelta(minutes=5),
                message=message,
            )

    def serve(self, live: Publication) -> None:
        product = self.outlet.product.name
        self.service.publications = [{"company": COMPANY, "product": product, "version": live.version}]
        store = self.outlet.stores[0]
        served = store.served(COMPANY, product)
        assert served is not None
        with store.lists(served) as chunks:
            self.service.customers = {
                key.decode(): (live.version, json.loads(content)) for chunk in chunks for key, content in chunk
            }

    def chain(self, outlet: Callable[[], Outlet] | None = None) -> Chain:
        service = HttpService(self.service.url, self.key, timeout=60)
        sources = PublicationSources(outlet or (lambda: self.outlet), service)
        return trace_publication(COMPANY, self.outlet.product.name, sources)

    def execute(self, statement: object) -> None:
        with Session(self.outlet.database) as session, session.begin():
            session.execute(statement)  # type: ignore[call-overload]  # whatever is changed


@pytest.fixture
def shop(tmp_path: Path, platform_db: Engine, service: StandIn, redis_url: str) -> Shop:
    outlet = outlet_of(lake_in(tmp_path), platform_db, PICKS)
    return Shop(replace(outlet, stores=(DatabaseStore(platform_db), RedisStore(redis_url))), service)


def test_a_whole_chain_is_all_ok(shop: Shop) -> None:
    shop.publish(0)
    live = shop.publish(1, rows=5)
    chain = shop.chain()
    assert all_ok(chain), chain.links
    assert [str(link.name) for link in chain.links] == [
        "run",
        "live table",
        "inventory",
        "database",
        "Redis",
        "service",
        "a customer's answer",
    ]
    assert chain.version == live.version == 2
    assert chain.link(Name.DATABASE).seen == "version 2, 5 lists"
    assert chain.link(Name.CUSTOMER).seen == "a real customer gets version 2, from database"
    assert not any(customer in json.dumps(chain.to_json()) for customer in ("c0", "c1")), "nobody is named"


def test_a_rollback_is_no_break(shop: Shop) -> None:
    shop.publish(0)
    shop.publish(1)
    shop.serve(rollback(shop.outlet, 1, by="ann", at=NOON))
    assert all_ok(shop.chain()), shop.chain().links
    assert "after a rollback" in shop.chain().link(Name.LIVE_TABLE).seen


def test_a_run_that_failed(shop: Shop) -> None:
    shop.publish(0)
    shop.ran(1, Status.FAILED, "the feed was refused.")
    assert first_broken(shop.chain()) == (
        "run",
        f"run run-1 of {day(1)} failed",
        "the feed was refused.",
        f"recs run {COMPANY} --date {day(1)}",
    )
    shop.ran(2, Status.RUNNING)
    assert states(shop.chain())["run"] == "unknown"


def test_a_refused_day_that_a_person_published_is_no_break(shop: Shop) -> None:
    shop.publish(0)
    shop.ran(1, Status.FAILED, "a guardrail refused it.")
    assert states(shop.chain())["run"] == "broken"
    shop.serve(make_live(shop.outlet, day(1), 3, what="item-1"))
    assert all_ok(shop.chain()), shop.chain().links
    assert "failed, and its day is live all the same, published by" in shop.chain().link(Name.RUN).seen


def test_a_run_that_succeeded_and_published_nothing(shop: Shop) -> None:
    shop.publish(0)
    make(shop.outlet, day(1))
    shop.ran(1)
    name, seen, cause, command = first_broken(shop.chain())
    assert (name, command) == ("live table", f"recs publish {COMPANY} --date {day(1)}")
    assert seen.endswith(f"holds version 1, of {day(0)}")
    assert f"{day(1)} was made and is not published" in cause
    assert states(shop.chain())["service"] == "ok"


def test_a_day_without_rows_is_nothing_to_publish(shop: Shop) -> None:
    shop.publish(0)
    make(shop.outlet, day(1), rows=0)
    assert all_ok(shop.chain())


def test_nothing_was_ever_published(shop: Shop) -> None:
    assert "there is nothing to publish yet" in shop.chain().link(Name.LIVE_TABLE).seen
    make(shop.outlet, day(0), rows=0)
    assert states(shop.chain())["live table"] == "unknown"
    make(shop.outlet, day(1))
    assert first_broken(shop.chain())[0::2] == ("live table", f"{day(1)} was never published")
    assert first_broken(shop.chain())[3] == f"recs publish {COMPANY}"


def test_a_lake_that_is_newer_than_the_inventory(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher dies behind the commit."""
    live = shop.publish(0)
    settle = inventory.settle

    def die(database: Engine, company: str, product: str, history: Sequence[Version]) -> Publication | None:
        if 2 in inventory.commits(history):
            raise KeyboardInterrupt
        return settle(database, company, product, history)

    monkeypatch.setattr(inventory, "settle", die)
    with pytest.raises(KeyboardInterrupt):
        make_live(shop.outlet, day(1))
    monkeypatch.undo()
    name, seen, cause, command = first_broken(shop.chain())
    assert (name, command) == ("inventory", SETTLE)
    assert seen == f"version 1 is live, of {day(0)}, and the lake holds version 2"
    assert cause.startswith("publishing broke off after the lake's commit")
    healed = reconcile(shop.outlet)
    assert healed is not None and healed.version == 2 != live.version
    shop.serve(healed)
    assert all_ok(shop.chain())


def test_a_table_that_somebody_changed(shop: Shop) -> None:
    shop.publish(0)
    lake, live = shop.outlet.warehouse, shop.outlet.live
    with lake.read(shop.outlet.source) as rows:
        table = rows.read_all()
    lake.replace(Subject("toy/live", COMPANY, live, Days.one(day(0))), table.to_reader())
    assert first_broken(shop.chain())[0::2] == ("live table", "somebody changed it, and not by publishing")


def test_redis_holds_an_older_publication_than_the_database(shop: Shop) -> None:
    shop.publish(0)
    both = shop.outlet
    shop.outlet = replace(both, stores=both.stores[:1])
    shop.publish(1)
    shop.outlet = both
    name, seen, _, command = first_broken(shop.chain())
    assert (name, command) == ("Redis", SETTLE)
    assert seen == "it holds an older publication: version 1, not 2"
    assert states(shop.chain())["database"] == "ok"
    reconcile(shop.outlet)
    assert all_ok(shop.chain())


def test_redis_holds_something_else(shop: Shop) -> None:
    shop.publish(0)
    shop.execute(update(ServedVersion).values(digest="sha256:other"))
    assert first_broken(shop.chain())[:2] == ("Redis", "its lists of version 1 are not the database's")


def test_a_customer_of_whom_redis_holds_something_else(shop: Shop) -> None:
    shop.publish(0)
    shop.execute(update(ServedList).values(content=b"[]"))
    assert first_broken(shop.chain())[:2] == ("Redis", "the list of a customer is not the database's")


def test_a_store_that_was_emptied(shop: Shop) -> None:
    shop.publish(0)
    shop.execute(update(ServedVersion).values(is_live=False))
    assert first_broken(shop.chain())[:2] == ("database", "it holds nothing of version 1")
    assert states(shop.chain())["a customer's answer"] == "unknown"


def test_redis_is_down(shop: Shop) -> None:
    shop.publish(0)
    shop.outlet = replace(shop.outlet, stores=(shop.outlet.stores[0], RedisStore("redis://127.0.0.1:1/0")))
    name, seen, _, command = first_broken(shop.chain())
    assert (name, seen, command) == ("Redis", "it cannot be read; the database answers for it", "recs doctor")
    assert states(shop.chain())["a customer's answer"] == "ok"


def test_a_database_that_is_down(shop: Shop) -> None:
    shop.publish(0)

    def outlet() -> Outlet:
        existing_database("postgresql+psycopg://recs@127.0.0.1:1/recs")
        raise AssertionError("unreachable")

    chain = shop.chain(outlet)
    assert first_broken(chain)[:2] == ("database", "the platform database does not answer")
    assert "serves version 1" in chain.link(Name.SERVICE).seen
    assert set(states(chain).values()) == {"unknown", "broken"}
    assert len(chain.broken) == 1


def test_a_service_on_an_older_version(shop: Shop) -> None:
    first = shop.publish(0)
    shop.publish(1)
    shop.service.publications = [{"company": COMPANY, "product": PICKS.name, "version": first.version}]
    assert first_broken(shop.chain())[0] == "service"
    assert "serves version 1, not 2" in first_broken(shop.chain())[1]
    shop.service.publications[0]["problem"] = "it cannot be read (TimeoutError)"
    assert first_broken(shop.chain())[2] == "it says: it cannot be read (TimeoutError)"


def test_a_customer_who_gets_something_else(shop: Shop) -> None:
    live = shop.publish(0)
    kept = dict(shop.service.customers)
    shop.service.customers = {name: (live.version + 1, items) for name, (_, items) in kept.items()}
    assert "version 2, not 1" in first_broken(shop.chain())[1]
    shop.service.customers = {name: (version, []) for name, (version, _) in kept.items()}
    assert "is answered otherwise than version 1 says" in first_broken(shop.chain())[1]
    shop.service.customers = {}
    assert first_broken(shop.chain())[:2] == ("a customer's answer", "the service answers with status 404")


def test_a_service_that_is_down_or_wants_a_key(shop: Shop) -> None:
    shop.publish(0)
    shop.service.key = KEY
    assert first_broken(shop.chain())[0::3] == ("service", f"recs keys new {COMPANY}")
    shop.key = KEY
    assert all_ok(shop.chain())
    shop.service.url = "http://127.0.0.1:1"
    assert first_broken(shop.chain())[0::3] == ("service", "recs serve")


def test_a_product_that_is_not_for_customers_one_by_one(shop: Shop) -> None:
    shop.outlet = replace(shop.outlet, product=SPLITS)
    live = make_live(shop.outlet, day(0))
    shop.ran(0)
    shop.service.publications = [{"company": COMPANY, "product": SPLITS.name, "version": live.version}]
    chain = shop.chain()
    assert not chain.broken, chain.links
    assert [link.name for link in chain.unknown] == [Name.CUSTOMER]


def test_nobody_is_asked_without_a_service(shop: Shop) -> None:
    shop.publish(0)
    sources = PublicationSources(lambda: shop.outlet, NoService("no service is asked"))
    chain = trace_publication(COMPANY, PICKS.name, sources)
    assert (len(chain.broken), [str(link.name) for link in chain.unknown]) == (0, ["service", "a customer's answer"])
    assert shop.service.asked == []

"""The shop with a real Redis before its database, and a publisher that is killed at any step that changes something."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.serving_tables import ServedVersion
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publish, rollback
from recs_platform.serving_store.content import digest_of
from recs_platform.serving_store.protocol import ServingStore
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.publication.processes import outlet_in
from recs_platform_tests.publication.shop import COMPANY, NOON, compared, day


def with_redis(outlet: Outlet, url: str) -> Outlet:
    return replace(outlet, stores=(*outlet.stores[:1], RedisStore(url)))


def assert_whole(store: ServingStore, product: str) -> int | None:
    """What a store serves is one version, all of it; which one."""
    served = store.served(COMPANY, product)
    if served is None:
        return None
    with store.lists(served) as chunks:
        read = digest_of(chunks)
    assert (read.customers, str(read)) == (served.customers, served.digest)
    return served.version


def assert_tidy(outlet: Outlet, url: str) -> None:
    """No store holds more than the live version and the one before."""
    query = select(ServedVersion).where(ServedVersion.product == outlet.product.name)
    with Session(outlet.database) as session:
        assert sorted(row.is_live for row in session.scalars(query)) in ([True], [False, True])
    with redis.Redis.from_url(url) as server:
        prefix = f"recs:{COMPANY}:{outlet.product.name}:"
        names = {key.decode().removeprefix(prefix) for key in server.keys(f"{prefix}*")}
        loads = {name for name in names if name[0].isdigit()}
        assert names - loads <= {"live", "before", "loads"}
        assert len(loads) <= 2
        assert {load.decode().removeprefix(prefix) for load in server.smembers(f"{prefix}loads")} == loads
        assert all(server.ttl(prefix + name) > 0 for name in names)


def publish_and_be_killed(
    folder: Path, root: str, database: str, redis_url: str, product: str, what: str, changes: int
) -> None:
    """Publish the second day, or go back to version 1, and end at once, as SIGKILL would, after so many changes."""
    outlet = with_redis(outlet_in(folder, root, database, product), redis_url)
    id_ = compared(outlet, day(1)) if what == "publication" else ""
    left = changes

    def changed() -> None:
        nonlocal left
        if left == 0:
            os._exit(9)
        left -= 1

    _before_commits(outlet, changed)
    _before(Lake, "publish", changed)
    _before(Lake, "restore", changed)
    _before(redis.connection.AbstractConnection, "send_packed_command", changed)
    if what == "publication":
        publish(outlet, day(1), id_, by="ann", at=NOON)
    else:
        rollback(outlet, 1, by="ann", at=NOON)


def _before_commits(outlet: Outlet, changed: Callable[[], None]) -> None:
    event.listen(engine(outlet.database.url.render_as_string(hide_password=False)), "commit", lambda _: changed())


def _before(of: Any, name: str, changed: Callable[[], None]) -> None:
    """Before a change everything is as it was after the one before."""
    plain = getattr(of, name)

    def noted(*given: Any, **more: Any) -> Any:
        changed()
        return plain(*given, **more)

    setattr(of, name, noted)

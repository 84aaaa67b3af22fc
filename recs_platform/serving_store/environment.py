"""Which serving stores there are: the platform database, and Redis before it where `RECS_REDIS_URL` names one."""

from __future__ import annotations

from sqlalchemy import Engine

from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import ServingStore


def open_stores(database: Engine) -> tuple[ServingStore, ...]:
    """The platform database comes first: it is the truth, and all others hold what it holds."""
    return (DatabaseStore(database),)

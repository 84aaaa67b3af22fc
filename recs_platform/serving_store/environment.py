"""Which serving stores there are: the platform database, and Redis before it where `RECS_REDIS_URL` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine

from recs_platform.serving_store.database_reader import DatabaseReader
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import Reader, ServingStore
from recs_platform.settings import settings

if TYPE_CHECKING:
    from recs_platform.serving_store.reader import Patience


def open_stores(database: Engine) -> tuple[ServingStore, ...]:
    """For publishers. The platform database comes first: it is the truth, and all others hold what it holds."""
    if (url := settings().redis_url) is None:
        return (DatabaseStore(database),)
    # Its client is loaded where there is a Redis.
    from recs_platform.serving_store.redis_store import RedisStore

    return (DatabaseStore(database), RedisStore(url.get_secret_value()))


def open_reader(patience: Patience | None = None) -> Reader:
    """For the service, whose loop it belongs to. The platform database must be there, with its tables."""
    from recs_platform.serving_store.reader import Patience, ServiceReader
    from recs_platform.serving_store.redis_reader import RedisReader

    chosen, waits = settings(), patience or Patience()
    redis = RedisReader(chosen.redis_url.get_secret_value(), waits.redis) if chosen.redis_url else None
    return ServiceReader(DatabaseReader(chosen.database), redis, waits)

"""Keys for tests, made as a database makes them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.tables import Base
from recs_platform.serving.keys import KnownKey, known_keys, new_key, revoke
from recs_platform_tests.serving.made_up import NOW


@cache
def some_keys() -> tuple[tuple[KnownKey, ...], dict[str, str]]:
    """As they are kept, and the keys themselves: two of acme, one of acme that is revoked, one of metro."""
    with TemporaryDirectory() as folder:
        database = engine(f"sqlite:///{Path(folder) / 'keys.db'}")
        Base.metadata.create_all(database)
        made = {
            name: new_key(database, company, name, "tester", NOW)
            for name, company in (("old", "acme"), ("new", "acme"), ("gone", "acme"), ("metro", "metro"))
        }
        revoke(database, made["gone"][0], NOW)
        kept = known_keys(database)
        database.dispose()
    return kept, {name: key for name, (_, key) in made.items()}

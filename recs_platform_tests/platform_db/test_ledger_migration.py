"""The slice ledger comes to a database that is in use, and a publication keeps its version of the live table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy
from alembic import command
from sqlalchemy import Engine, text

from recs_platform.platform_db.engine import alembic_config, engine, upgrade

_ADD = (
    "INSERT INTO publications (product, company, strategy, version, as_of, rows, generated_at, status, kind, "
    "published_at, published_by, approved, lake_version, note) VALUES ('recommendations', 'metro', 'offer_ranking', 1, "
    "'2025-09-10', 12, '2025-09-10 00:00:00', 'live', 'publish', '2025-09-11 06:00:00', 'ann', :approved, 7, '')"
)
_LEDGER = {"ledger_tables", "ledger_slices"}


def taken_to(opened: Engine, revision: str) -> None:
    with opened.connect() as connection:
        move = command.downgrade if sqlalchemy.inspect(connection).has_table("publications") else command.upgrade
        move(alembic_config(connection), revision)
        connection.commit()


def versions(opened: Engine, column: str) -> list[tuple[object, ...]]:
    with opened.connect() as connection:
        rows = connection.execute(text(f"SELECT company, version, status, {column} FROM publications"))
        return [tuple(row) for row in rows]


def tables(opened: Engine) -> set[str]:
    return set(sqlalchemy.inspect(opened).get_table_names())


@pytest.fixture
def before_the_ledger(database: str) -> Iterator[Engine]:
    opened = engine(database)
    taken_to(opened, "0004")
    with opened.begin() as connection:
        connection.execute(text(_ADD), {"approved": True})
    yield opened
    opened.dispose()


def test_a_publication_keeps_its_version_of_the_live_table(before_the_ledger: Engine) -> None:
    assert not _LEDGER & tables(before_the_ledger)
    upgrade(before_the_ledger)
    assert tables(before_the_ledger) >= _LEDGER
    assert versions(before_the_ledger, "table_version") == [("metro", 1, "live", 7)]


def test_there_is_still_one_live_version_at_most(before_the_ledger: Engine) -> None:
    upgrade(before_the_ledger)
    second = _ADD.replace("'offer_ranking', 1", "'offer_ranking', 2").replace("lake_version", "table_version")
    with pytest.raises(sqlalchemy.exc.IntegrityError), before_the_ledger.begin() as connection:
        connection.execute(text(second), {"approved": True})


def test_going_back_takes_the_ledger_and_leaves_the_publications(before_the_ledger: Engine) -> None:
    upgrade(before_the_ledger)
    taken_to(before_the_ledger, "0004")
    assert not _LEDGER & tables(before_the_ledger)
    assert versions(before_the_ledger, "lake_version") == [("metro", 1, "live", 7)]

"""The registry's tables come to a database that is in use, and what it holds stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy
from alembic import command
from sqlalchemy import Engine, text

from recs_platform.model_registry import registry
from recs_platform.platform_db.engine import alembic_config, engine, upgrade
from recs_platform_tests.model_registry.versions import register, statuses

_ADD = (
    "INSERT INTO publications (product, company, strategy, version, as_of, rows, generated_at, status, kind, "
    "published_at, published_by, approved, note) VALUES ('recommendations', 'metro', 'offer_ranking', 1, '2025-09-10', "
    "12, '2025-09-10 00:00:00', 'live', 'publish', '2025-09-11 06:00:00', 'ann', :approved, 'as it was')"
)


def taken_to(opened: Engine, revision: str) -> None:
    with opened.connect() as connection:
        move = command.downgrade if sqlalchemy.inspect(connection).has_table("publications") else command.upgrade
        move(alembic_config(connection), revision)
        connection.commit()


def published(opened: Engine) -> list[tuple[object, ...]]:
    with opened.connect() as connection:
        found = connection.execute(text("SELECT company, product, version, rows, status, note FROM publications"))
        return [tuple(row) for row in found]


@pytest.fixture
def before_models(database: str) -> Iterator[Engine]:
    opened = engine(database)
    taken_to(opened, "0003")
    with opened.begin() as connection:
        connection.execute(text(_ADD), {"approved": True})
    yield opened
    opened.dispose()


def test_a_database_in_use_gets_the_registry_and_keeps_what_it_holds(before_models: Engine) -> None:
    upgrade(before_models)
    assert published(before_models) == [("metro", "recommendations", 1, 12, "live", "as it was")]
    register(before_models, 6, "aa")
    assert statuses(before_models) == {1: "active"}


def test_going_back_drops_the_registry_alone(before_models: Engine) -> None:
    upgrade(before_models)
    register(before_models, 6, "aa")
    taken_to(before_models, "0003")
    assert not {"model_config", "training_runs"} & set(sqlalchemy.inspect(before_models).get_table_names())
    assert published(before_models) == [("metro", "recommendations", 1, 12, "live", "as it was")]
    upgrade(before_models)
    assert registry.versions(before_models, "metro") == ()

"""Which programs may use a database that a newer one has moved on: as it states itself."""

from __future__ import annotations

import re

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from recs_platform.errors import ConfigError, OutdatedError, TooNewError
from recs_platform.platform_db.engine import (
    alembic_config,
    existing_database,
    oldest_program,
    opened_database,
    state_in,
    upgrade,
)
from recs_platform.platform_db.revisions import HEAD, OLDEST_TABLE, VERSION_TABLE, Standing, stated_oldest

_FIRST = "0010"
"""The first program that asks which programs may use a database."""


def moved_on(opened: Engine, oldest: str, *changes: str) -> None:
    """By a newer program."""
    with opened.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9000'"))
        connection.execute(text(f"UPDATE {OLDEST_TABLE} SET revision = '{oldest}'"))
        for change in changes:
            connection.execute(text(change))


def url_of(opened: Engine) -> str:
    return opened.url.render_as_string(hide_password=False)


def test_every_revision_states_the_oldest_program_that_may_use_its_tables() -> None:
    scripts = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())
    stated = {one.revision: getattr(one.module, "OLDEST_PROGRAM", None) for one in scripts}
    assert all(re.fullmatch(r"\d{4}", revision) for revision in stated)
    since = {revision: oldest for revision, oldest in stated.items() if revision >= _FIRST}
    assert since, "there is one at least"
    assert [one for one, oldest in since.items() if oldest is None or not _FIRST <= oldest <= one] == []
    assert oldest_program() == max(str(oldest) for oldest in since.values())


def test_the_database_keeps_it_and_loses_it_on_the_way_back(platform_db: Engine) -> None:
    with platform_db.connect() as connection:
        assert stated_oldest(connection) == oldest_program()
        command.downgrade(alembic_config(connection), "0009")
        assert stated_oldest(connection) is None
        command.upgrade(alembic_config(connection), HEAD)
        assert stated_oldest(connection) == oldest_program()
        connection.commit()


def test_a_newer_database_that_says_so_is_used_as_it_is(platform_db: Engine) -> None:
    moved_on(platform_db, HEAD)
    opened = opened_database(url_of(platform_db))
    assert existing_database(url_of(platform_db)) is opened
    assert state_in(opened).standing is Standing.NEWER
    assert state_in(opened).revision == "9000"


def test_one_that_does_not_say_so_is_refused_in_a_sentence(platform_db: Engine) -> None:
    moved_on(platform_db, "9000")
    for look in (upgrade, lambda opened: existing_database(url_of(opened))):
        with pytest.raises(TooNewError, match=rf"newer recs_platform \(it is at revision 9000, this one .* {HEAD}\)"):
            look(platform_db)  # type: ignore[no-untyped-call]


def test_one_of_a_program_that_stated_nothing_is_refused(platform_db: Engine) -> None:
    moved_on(platform_db, HEAD, f"DROP TABLE {OLDEST_TABLE}")
    with pytest.raises(ConfigError, match="newer recs_platform"):
        upgrade(platform_db)


_ADD = (
    "INSERT INTO alert_looks (name, at) VALUES ('drift', '2025-09-10 00:00:00')",
    "SELECT name FROM alert_looks WHERE at IS NULL",
)


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ("ALTER TABLE alert_looks RENAME COLUMN name TO look", _ADD[0]),
        ("ALTER TABLE alert_looks RENAME COLUMN name TO look", _ADD[1]),
        ("DROP TABLE alert_looks", _ADD[1]),
        ("ALTER TABLE alert_looks RENAME TO looks", _ADD[0]),
    ],
)
def test_who_worked_meanwhile_is_told_and_a_rerun_may_cure_it(platform_db: Engine, change: str, asked: str) -> None:
    with platform_db.begin() as connection:
        connection.execute(text(asked))
    moved_on(platform_db, "9000", change)
    with (
        pytest.raises(OutdatedError, match=r"while this one worked \(it is at revision 9000") as told,
        platform_db.begin() as connection,
    ):
        connection.execute(text(asked.replace("drift", "feed")))
    assert "\n" not in str(told.value)


def test_a_statement_that_is_wrong_stays_a_defect(platform_db: Engine) -> None:
    with pytest.raises(Exception, match="no_such_table") as told, platform_db.begin() as connection:
        connection.execute(text("SELECT 1 FROM no_such_table"))
    assert not isinstance(told.value, OutdatedError)

"""Opening a source's database for reading only, whatever its query says.

The text of a query is judged by the rules of its database (companies/source_query.py). The database has the last word:
SQLite opens its file read-only and asks here before each thing that a statement would do; PostgreSQL is in a read-only
transaction, and is handed the text by a protocol that takes one statement, which cannot end it. Other databases have
nothing of the kind: there the account must be one that may only read. Not here: running the query (sql.py).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, NullPool, TextClause, create_engine, event, make_url, text
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from recs_platform.companies import source_query
from recs_platform.companies.source_config import SqlSource
from recs_platform.errors import ConfigError
from recs_platform.sources.connectors.request import SourceRequest

_CONNECT_SECONDS = 5
_EXAMPLE = "postgresql+psycopg://<user>:<password>@<host>/<name>"
_CONNECT_ARGUMENTS = {
    "psycopg": {"connect_timeout": _CONNECT_SECONDS},
    "pyodbc": {"timeout": _CONNECT_SECONDS},
    "pymssql": {"login_timeout": _CONNECT_SECONDS},
    "pymysql": {"connect_timeout": _CONNECT_SECONDS},
}
_DRIVERS = {"sqlite": ("pysqlite", "sqlite:///"), "postgresql": ("psycopg", "postgresql+psycopg://")}
"""Of databases that can be held to reading, the driver that does it, and how a URL names it. Psycopg's cursors on the
server send one statement; psycopg2 sends whatever the text holds."""
_DRIVER_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "psycopg": "'recs-platform[postgres]'",
}
_DIALECT_PACKAGES = {
    "bigquery": "sqlalchemy-bigquery",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
}
"""What pip calls a driver, by the module that is missing, and a dialect; most drivers are called like their module."""
_SQLGLOT_NAMES = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "mssql": "tsql"}
_SQLGLOT_NAMES |= {"oracle": "oracle", "snowflake": "snowflake", "bigquery": "bigquery", "redshift": "redshift"}

_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE},
)
_ASKED_BY_VIRTUAL_TABLES = frozenset({"data_version", "page_size"})
"""Pragmas that full-text tables read, and that change nothing."""


def reading_engine(request: SourceRequest, source: SqlSource) -> Engine:
    """The database that the source's variable names, for one query that has been judged by the database's rules."""
    variable = source.url_env
    remedy = f"Set {variable} to the database's SQLAlchemy URL, such as {_EXAMPLE}."
    value = os.environ.get(variable, "")
    if not value:
        raise request.error(f"the environment variable {variable} is not set", remedy=remedy)
    try:
        url = make_url(value)
        if url.get_backend_name() == "sqlite" and not _is_file(url.database):
            # SQLite would make an empty database of it.
            raise request.error(f"the database file that {variable} names does not exist", remedy=remedy)
        _check_driver(request, variable, url)
        _check_query(request, source, url.get_backend_name())
        return _open(url)
    except NoSuchModuleError:
        package = _DIALECT_PACKAGES.get(url.get_backend_name())
        raise request.error(
            f"{variable} names a kind of database that SQLAlchemy does not know ({url.drivername})",
            remedy=f"Install its dialect: pip install {package}." if package else remedy,
        ) from None
    except (ArgumentError, ValueError):
        raise request.error(f"{variable} does not hold a SQLAlchemy URL", remedy=remedy) from None
    except ModuleNotFoundError as error:
        raise request.error(
            f"the database driver {error.name} is not installed",
            remedy=f"Install it: pip install {_DRIVER_PACKAGES.get(error.name or '', error.name)}.",
        ) from None


def reading_engine_of(url: str) -> Engine:
    """The database of a URL, for who looks at what is there. A ConfigError says what is wrong, without the URL."""
    try:
        made = make_url(url)
        if made.get_backend_name() == "sqlite" and not _is_file(made.database):
            raise ConfigError(f"the database file {made.database} does not exist.")
        wanted, written = _DRIVERS.get(made.get_backend_name(), (None, ""))
        if wanted and made.get_driver_name() != wanted:
            raise ConfigError(
                f"the driver {made.get_driver_name()} cannot be held to reading; write {written} instead."
            )
        return _open(made)
    except NoSuchModuleError:
        raise ConfigError("the URL names a kind of database that SQLAlchemy does not know.") from None
    except (ArgumentError, ValueError):
        raise ConfigError(f"this is no SQLAlchemy URL; it should be like {_EXAMPLE}.") from None
    except ModuleNotFoundError as error:
        package = _DRIVER_PACKAGES.get(error.name or "", error.name)
        raise ConfigError(
            f"the database driver {error.name} is not installed. Install it: pip install {package}"
        ) from None


def plain_text(query: str) -> TextClause:
    """The query as SQLAlchemy runs it, without the `;` at its end."""
    return text(query.rstrip().rstrip(";"))


def _is_file(name: str | None) -> bool:
    try:
        return bool(name) and Path(str(name)).is_file()
    except OSError:  # a name that no file can have
        return False


def _check_driver(request: SourceRequest, variable: str, url: URL) -> None:
    wanted, written = _DRIVERS.get(url.get_backend_name(), (None, ""))
    if wanted and url.get_driver_name() != wanted:
        raise request.error(
            f"{variable} names the driver {url.get_driver_name()}, which cannot be held to one query that only reads",
            remedy=f"Write {written} instead.",
        )


def _check_query(request: SourceRequest, source: SqlSource, backend: str) -> None:
    # As it is sent: SQLAlchemy takes the backslash from `\:`.
    sent = str(plain_text(source.query).compile(dialect=DefaultDialect(paramstyle="named")))
    dialect = _SQLGLOT_NAMES.get(backend)
    try:
        source_query.check(sent, dialect)
        if backend not in _DRIVERS:
            source_query.check_statement(sent, dialect)
    except ValueError as error:
        key = f"sources.{request.spec.name}.query"
        raise request.error(f"{key} {error}", remedy="Correct it in the company file.") from None


def _open(url: URL) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        _read_only_file(url) if is_sqlite else url,
        poolclass=NullPool,
        connect_args=_CONNECT_ARGUMENTS.get(url.get_driver_name(), {}),
        execution_options={"stream_results": True, "postgresql_readonly": True},
    )
    if is_sqlite:
        event.listen(engine, "connect", _only_read)
    return engine


def _read_only_file(url: URL) -> URL:
    file = f"file:{quote(str(Path(str(url.database)).absolute()))}"
    return url.set(database=file).update_query_dict({"mode": "ro", "uri": "true"})


def _only_read(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(_permit)


def _permit(action: int, first: str | None, second: str | None, _database: str | None, _inner: str | None) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        permitted = first in _ASKED_BY_VIRTUAL_TABLES and second is None
    elif action == sqlite3.SQLITE_UPDATE:
        # A virtual table (full text, `json_each`) so declares its columns, in memory; SQLite lets no UPDATE do it.
        permitted = first == "sqlite_master"
    else:
        permitted = action in _READING and second != "load_extension"
    return sqlite3.SQLITE_OK if permitted else sqlite3.SQLITE_DENY

"""What is in a database: a sample of each of its tables, and of those that belong together, joined.

It is opened as for any source, for reading only. Not here: reading for a run (sources/connectors/sql.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text
from recs_platform.sources.connectors.sql_engine import reading_engine_of
from recs_platform.sources.proposal import synonyms
from recs_platform.sources.proposal.column_values import Kind, judged
from recs_platform.sources.proposal.feed_sample import FIRST_ROWS, ColumnSample, FeedSample, columns_of
from recs_platform.sources.proposal.typed_samples import as_text

_SYSTEM = ("sqlite_", "pg_", "alembic_version", "django_migrations", "schema_migrations")
_MOST_TABLES = 200
_SHARED = 0.5
"""The share of a column's values that must be in the other table for the two to be joined by it."""


def feeds_of(url: str, variable: str) -> list[FeedSample]:
    """The tables of a database and the joins of two of them; a ConfigError says what is in the way, without the URL."""
    try:
        engine = reading_engine_of(url)
        with engine.connect() as connection:
            names = [name for name in _tables(engine, connection) if not name.lower().startswith(_SYSTEM)]
            tables = [sample for name in names[:_MOST_TABLES] if (sample := _sample(engine, connection, name)).columns]
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines() or ["no reason is given"]
        raise ConfigError(f"the database of {variable} cannot be read: {mask_text(_without(url, lines[0]))}.") from None
    if not tables:
        raise ConfigError(f"the database of {variable} has no table.")
    return [*tables, *_joined(engine, tables)]


def _without(url: str, reason: str) -> str:
    from sqlalchemy import make_url

    password = make_url(url).password
    return reason.replace(str(password), "***") if password else reason


def _tables(engine: Engine, connection: Connection) -> list[str]:
    if engine.dialect.name == "sqlite":  # it is asked nothing but queries
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        return [row[0] for row in connection.execute(text(query))]
    inspector = inspect(connection)
    return sorted([*inspector.get_table_names(), *inspector.get_view_names()])


def _sample(engine: Engine, connection: Connection, table: str) -> FeedSample:
    quote = engine.dialect.identifier_preparer.quote
    with connection.execute(text(f"SELECT * FROM {quote(table)} LIMIT {2 * FIRST_ROWS}")) as result:
        names = list(result.keys())
        rows = [[as_text(value) for value in row] for row in result]
    columns = tuple(
        replace(column, reference=f"{quote(table)}.{quote(column.name)}") for column in columns_of(names, rows)
    )
    return replace(_of_database(engine, table, table, columns, quote(table)), whole=len(rows) < 2 * FIRST_ROWS)


def _of_database(
    engine: Engine, name: str, where: str, columns: tuple[ColumnSample, ...], from_clause: str
) -> FeedSample:
    references = {column.name: column.reference for column in columns}

    def first_and_last(raw: str) -> Iterator[str]:
        query = f"SELECT MIN({references[raw]}), MAX({references[raw]}) FROM {from_clause}"
        with engine.connect() as connection:
            row = connection.execute(text(query)).one()
        yield from (value for value in map(as_text, row) if value)

    return FeedSample(name, where, columns, from_clause=from_clause, every_value=first_and_last)


def _joined(engine: Engine, tables: Sequence[FeedSample]) -> Iterator[FeedSample]:
    """Rows of a table without a time, such as the lines of orders, with the row that they belong to."""
    for child in tables:
        if any(judged(column.values).kind in (Kind.DAY, Kind.MOMENT) for column in child.columns):
            continue
        for parent in tables:
            if parent is not child and (keys := _keys(child, parent)):
                mine, theirs = keys
                there = {column.name for column in child.columns}
                added = tuple(
                    column for column in parent.columns if column.name not in there and column.name != theirs.name
                )
                yield _of_database(
                    engine,
                    child.name,
                    f"{child.where} joined to {parent.where}",
                    (*child.columns, *added),
                    f"{child.from_clause} JOIN {parent.from_clause} ON {mine.reference} = {theirs.reference}",
                )


def _keys(child: FeedSample, parent: FeedSample) -> tuple[ColumnSample, ColumnSample] | None:
    """The child's column that names a row of the parent, which has times, and the parent's column that it names."""
    if not any(judged(column.values).kind in (Kind.DAY, Kind.MOMENT) for column in parent.columns):
        return None
    own = synonyms.squeezed(parent.name)
    others = synonyms.names(f"{synonyms.COLUMNS['item_id']}, {synonyms.COLUMNS['customer_id']}")
    for mine in child.columns:
        written = synonyms.squeezed(mine.name)
        if written in others:  # when an item was added to the shop is not when a row happened
            continue
        for theirs in parent.columns:
            key = synonyms.squeezed(theirs.name)
            called = written == key and written != "id"
            named = key == "id" and written.removesuffix("id") in (own, own.removesuffix("s"), own.removesuffix("es"))
            if (called or named) and theirs.unique and mine.values:
                shared = sum(value in set(theirs.values) for value in set(mine.values)) / mine.distinct
                if shared >= _SHARED:
                    return mine, theirs
    return None

"""The platform database as a serving store: the durable copy of what customers are served, which Redis is filled from.

A version is loaded under a row that is not live, and one transaction makes it the live one. The version before stays;
older ones, and what a killed load left, go with the next load or swap. Publishers come one at a time: they hold the
product's lock (`publication/lock.py`). Not here: the service's own way to read (`database_reader.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, select
from sqlalchemy.orm import Session

from recs_platform.errors import StorageError
from recs_platform.outages import may_recover
from recs_platform.platform_db.database_errors import storage_error, unusable
from recs_platform.platform_db.engine import file_of
from recs_platform.platform_db.serving_tables import ServedList, ServedVersion
from recs_platform.serving_store.content import Digest
from recs_platform.serving_store.protocol import Answer, Chunk, Served, Source, customer_key

_LISTS_AT_ONCE = 5_000
"""That are written in a transaction, or read at once: others who write wait no longer than that on SQLite."""
_SORTED_AT_ONCE = 200_000
"""Lists that are held to be sorted by their keys. What comes in the order of an index is written several times faster:
keys are hashes, so that each list would otherwise fall on a page of its own."""
_COPY = "COPY served_lists (served_id, customer_key, content) FROM STDIN WITH (FORMAT BINARY)"
_SETTINGS = ("RECS_DATABASE_URL", "RECS_HOME")
_LISTS = "SELECT customer_key, content FROM served_lists WHERE served_id = "


class DatabaseStore:
    name = "the platform database"

    def __init__(self, database: Engine) -> None:
        self._database = database

    def load(self, draft: Served, lists: Iterable[Chunk]) -> Served:
        self._tidy(draft.company, draft.product)
        row = ServedVersion(**asdict(draft) | {"digest": None}, is_live=False)
        with Session(self._database, expire_on_commit=False) as session:
            session.add(row)
            session.commit()
            write, digest = _writer(self._database), Digest()
            for chunk in _in_order(lists):
                digest.add(chunk)
                write(row.id, chunk)
            row.customers, row.digest = digest.customers, str(digest)
            session.commit()
        return served_of(row)

    def swap(self, served: Served) -> None:
        with Session(self._database) as session, session.begin():
            loaded = session.scalars(_loaded(served)).first()
            if loaded is None:
                raise StorageError(f"{self.name} does not hold version {served.version}; it serves what it did before.")
            live = _of(served.company, served.product, ServedVersion.is_live, ServedVersion.id != loaded.id)
            for before in session.scalars(live):
                before.is_live = False
                # The database allows one live row at any moment: the former one goes before the next one comes.
                session.flush()
            loaded.is_live = True
        self._tidy(served.company, served.product)

    def served(self, company: str, product: str) -> Served | None:
        with Session(self._database) as session:
            row = session.scalars(_of(company, product, ServedVersion.is_live)).first()
            return None if row is None else served_of(row)

    def customer(self, company: str, product: str, customer: str) -> Answer | None:
        found = (
            _of(company, product, ServedVersion.is_live)
            .add_columns(ServedList.content)
            .join(ServedList, ServedList.served_id == ServedVersion.id)
            .where(ServedList.customer_key == customer_key(customer))
        )
        with Session(self._database) as session:
            row = session.execute(found).first()
            return None if row is None else Answer(served_of(row[0]), row[1], Source.DATABASE)

    @contextmanager
    def lists(self, served: Served) -> Iterator[Iterator[Chunk]]:
        with Session(self._database) as session:
            loaded = session.scalars(_loaded(served)).first()
        if loaded is None:
            raise StorageError(f"{self.name} does not hold version {served.version} any more.")
        # By the drivers' own ways: to make an object of each row would take longer than to read it.
        read = _copied_out if is_postgres(self._database) else _selected
        with self._database.connect() as connection, closing(read(connection, loaded.id)) as chunks:
            yield chunks

    def _tidy(self, company: str, product: str) -> None:
        """Remove all but the live version and the one before, and so what killed publishers left."""
        with Session(self._database) as session:
            rows = session.scalars(_of(company, product)).all()
        live = next((row for row in rows if row.is_live), None)
        before = [row for row in rows if live and row.digest and row.version != live.version and row.id < live.id]
        kept = {row.id for row in (live, *before[:1]) if row}
        for row in rows:
            if row.id not in kept:
                self._delete(row.id)

    def _delete(self, served_id: int) -> None:
        """Some lists at a time, and their version last: who is killed in between leaves what the next one removes."""
        lists = delete(ServedList).where(ServedList.served_id == served_id)
        some = select(ServedList.customer_key).where(ServedList.served_id == served_id).limit(_LISTS_AT_ONCE)
        # Nobody waits for who deletes on PostgreSQL.
        gone = lists if is_postgres(self._database) else lists.where(ServedList.customer_key.in_(some))
        while True:
            with self._database.begin() as connection:
                if not connection.execute(gone).rowcount:
                    connection.execute(delete(ServedVersion).where(ServedVersion.id == served_id))
                    return


def served_of(row: ServedVersion) -> Served:
    told = {field.name: getattr(row, field.name) for field in fields(Served)}
    return Served(**told | {"digest": row.digest or ""})


def _of(company: str, product: str, *which: Any) -> Select[ServedVersion]:
    """The newest first."""
    of_product = ServedVersion.company == company, ServedVersion.product == product
    return select(ServedVersion).where(*of_product, *which).order_by(ServedVersion.id.desc())


def _loaded(served: Served) -> Select[ServedVersion]:
    same = ServedVersion.version == served.version, ServedVersion.digest == served.digest
    return _of(served.company, served.product, *same)


def _in_order(lists: Iterable[Chunk], at_once: int = _SORTED_AT_ONCE) -> Iterator[Chunk]:
    """The same lists, as many as are held in the order of their keys.

    >>> list(_in_order([[(b"c", b"3")], [(b"a", b"1")], [(b"b", b"2")]], at_once=2))
    [[(b'a', b'1'), (b'c', b'3')], [(b'b', b'2')]]
    """
    held: list[tuple[bytes, bytes]] = []
    for chunk in lists:
        held += chunk
        if len(held) >= at_once:
            yield sorted(held)
            held = []
    if held:
        yield sorted(held)


def _writer(database: Engine) -> Callable[[int, Chunk], None]:
    return _copy(database) if is_postgres(database) else _insert(database)


def is_postgres(database: Engine) -> bool:
    return database.dialect.name == "postgresql"


def _insert(database: Engine) -> Callable[[int, Chunk], None]:
    statement = "INSERT INTO served_lists (served_id, customer_key, content) VALUES (?, ?, ?)"

    def write(served_id: int, lists: Chunk) -> None:
        for first in range(0, len(lists), _LISTS_AT_ONCE):
            rows = [(served_id, key, content) for key, content in lists[first : first + _LISTS_AT_ONCE]]
            with database.begin() as connection:
                connection.exec_driver_sql(statement, rows)

    return write


def _copy(database: Engine) -> Callable[[int, Chunk], None]:
    def write(served_id: int, lists: Chunk) -> None:
        with database.begin() as connection, _explained(connection):
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(["int8", "bytea", "bytea"])
                for key, content in lists:
                    copy.write_row((served_id, key, content))

    return write


def _selected(connection: Connection, served_id: int) -> Generator[Chunk, None, None]:
    with _explained(connection), connection.exec_driver_sql(f"{_LISTS}?", (served_id,)) as found:
        cursor: Any = found.cursor
        while lists := cursor.fetchmany(_LISTS_AT_ONCE):
            yield lists


def _copied_out(connection: Connection, served_id: int) -> Generator[Chunk, None, None]:
    """It has the driver's lock until it is closed. Left to the garbage collector it would never be: what takes back
    the connection comes first there, and waits for the lock."""
    driver: Any = connection.connection.driver_connection
    statement = f"COPY ({_LISTS}{served_id}) TO STDOUT WITH (FORMAT BINARY)"
    with _explained(connection), driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["bytea", "bytea"])
        rows = copy.rows()
        while lists := list(islice(rows, _LISTS_AT_ONCE)):
            yield lists


@contextmanager
def _explained(connection: Connection) -> Iterator[None]:
    """What SQLAlchemy would say of a driver's error, had it been asked."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        url, place = connection.engine.url, file_of(str(connection.engine.url))
        if may_recover(error) or storage_error(error, "", place):
            connection.invalidate()
            raise unusable(error, str(error), url, "platform database", _SETTINGS, place) from None
        raise

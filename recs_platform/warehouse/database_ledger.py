"""The slice ledger of an environment, in the platform database: every process and host sees the same.

The last state of each table is remembered, so that a day's run, which asks hundreds of times, asks the database once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from recs_platform.errors import DamageError
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import LedgerSlice, LedgerTable
from recs_platform.warehouse.ledger import LedgerPage, TableVersion, merged
from recs_platform.warehouse.slices import Days, Slice, TableRef

_ROWS_PER_STATEMENT = 1_000

# Made once: writing a statement takes longer than asking.
_PAGE = (
    select(
        LedgerTable.table_id,
        LedgerTable.version,
        LedgerSlice.day,
        LedgerSlice.rows,
        LedgerSlice.made_at,
        LedgerSlice.run_id,
        LedgerSlice.note,
        LedgerSlice.files,
    )
    .select_from(LedgerTable)
    # One statement, so that the slices are those of this very state.
    .outerjoin(
        LedgerSlice,
        (LedgerSlice.dataset == LedgerTable.dataset) & (LedgerSlice.table_name == LedgerTable.table_name),
    )
    .where(LedgerTable.dataset == bindparam("dataset"), LedgerTable.table_name == bindparam("name"))
    .order_by(LedgerSlice.day)
)


@lru_cache(maxsize=8)
def database_ledger(url: str) -> DatabaseLedger:
    """One for each database and process, so that what it remembers serves everybody."""
    return DatabaseLedger(url)


@dataclass
class DatabaseLedger:
    url: str
    """Opened when it is first asked."""
    _remembered: dict[tuple[str, str], LedgerPage] = field(default_factory=dict)

    def page(self, table: TableRef) -> LedgerPage | None:
        self._remembered.pop(_name(table), None)
        try:
            with self._database.connect() as connection:
                page = _page(connection.execute(_PAGE, {"dataset": table.dataset, "name": table.name}).all())
        except (LookupError, TypeError, ValueError) as error:
            raise DamageError(
                f"{table}: what the slice ledger says about it cannot be read ({error}). Put the platform database "
                "back from a backup."
            ) from error
        if page is not None:
            self._remembered[_name(table)] = page
        return page

    def slices_in(self, table: TableRef, state: TableVersion) -> tuple[Slice, ...] | None:
        remembered = self._remembered.get(_name(table))
        if remembered is None or remembered.state != state:
            remembered = self.page(table)
        return remembered.slices if remembered is not None and remembered.state == state else None

    def advance(
        self,
        table: TableRef,
        was: TableVersion | None,
        now: TableVersion | None,
        replaced: Days | None,
        slices: Sequence[Slice],
    ) -> bool:
        with _light_transaction(self._database) as connection:
            if not _moved(connection, table, was, now):
                return False
            gone = delete(LedgerSlice).where(*_of(LedgerSlice, table))
            if replaced is not None:
                gone = gone.where(LedgerSlice.day.between(replaced.first, replaced.last))
            if was is not None:
                connection.execute(gone)
            for first in range(0, len(slices), _ROWS_PER_STATEMENT):
                part = slices[first : first + _ROWS_PER_STATEMENT]
                connection.execute(insert(LedgerSlice).values([_row(table, slice_) for slice_ in part]))
        self._remember(table, was, now, replaced, slices)
        return True

    def _remember(
        self,
        table: TableRef,
        was: TableVersion | None,
        now: TableVersion | None,
        replaced: Days | None,
        slices: Sequence[Slice],
    ) -> None:
        before = self._remembered.pop(_name(table), None)
        if now is None:
            return
        if was is None or replaced is None:
            self._remembered[_name(table)] = LedgerPage(now, merged((), replaced, slices))
        elif before is not None and before.state == was:
            self._remembered[_name(table)] = LedgerPage(now, merged(before.slices, replaced, slices))

    @property
    def _database(self) -> Engine:
        return opened_database(self.url)


def _page(rows: Sequence[Any]) -> LedgerPage | None:
    if not rows:
        return None
    slices = (
        Slice(day, count, made_at, run, json.loads(note), json.loads(files) if files else None)
        for _, _, day, count, made_at, run, note, files in rows
        if day
    )
    return LedgerPage(TableVersion(rows[0].table_id, rows[0].version), tuple(slices))


@contextmanager
def _light_transaction(database: Engine) -> Iterator[Connection]:
    """A machine that loses its power may lose the last entries, whole ones, and never the tables: they are found
    missing and made again. So on SQLite no entry waits for the disk. What else is kept in the database does wait."""
    with database.connect() as connection:
        if database.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        # The driver's own: SQLAlchemy would begin a transaction, within which SQLite does not change it.
        settings: Any = connection.connection.driver_connection
        settings.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.begin():
                yield connection
        finally:
            settings.execute("PRAGMA synchronous = FULL")


def _moved(connection: Connection, table: TableRef, was: TableVersion | None, now: TableVersion | None) -> bool:
    """Let the table be in another state, if it is in this one. Waits for whoever is at the same table."""
    values = {"table_id": now.table_id, "version": now.version} if now else {}
    if was is None:
        # Both dialects write it the same way, but SQLAlchemy keeps one `insert` for each.
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"dataset": table.dataset, "table_name": table.name, **values}
        begun = dialect.insert(LedgerTable).values(row).on_conflict_do_nothing().returning(LedgerTable.version)
        return connection.execute(begun).first() is not None
    here = (*_of(LedgerTable, table), LedgerTable.table_id == was.table_id, LedgerTable.version == was.version)
    step = delete(LedgerTable).where(*here) if now is None else update(LedgerTable).where(*here).values(values)
    return connection.execute(step).rowcount == 1


def _of(model: type[LedgerTable] | type[LedgerSlice], table: TableRef) -> tuple[Any, Any]:
    return model.dataset == table.dataset, model.table_name == table.name


def _name(table: TableRef) -> tuple[str, str]:
    return table.dataset, table.name


def _row(table: TableRef, slice_: Slice) -> dict[str, Any]:
    return {
        "dataset": table.dataset,
        "table_name": table.name,
        "day": slice_.day,
        "rows": slice_.rows,
        "made_at": slice_.made_at,
        "run_id": slice_.run,
        "note": json.dumps(slice_.note),
        "files": None if slice_.files is None else json.dumps(slice_.files),
    }

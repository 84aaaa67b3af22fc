"""The books of a company's dataset: which version each table is at, and what every commit made of it.

Two tables beside the company's own. `_versions` has a row for each of them, which every commit counts up: so two
commits of one table meet, and one of them waits or is given up. `_commits` is only added to. Both are written in the
very transaction that changes a table's rows: they cannot tell of anything else. What the platform database says of
slices is read from here, as far as it is behind.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from google.api_core.exceptions import GoogleAPIError
from google.cloud import bigquery

from recs_platform.errors import ConflictError, DamageError
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.refusals import met_another
from recs_platform.warehouse.bigquery.tables import DatasetTables
from recs_platform.warehouse.bigquery.text import between, literal, quoted
from recs_platform.warehouse.ledger import LedgerPage, SliceLedger, TableVersion, merged
from recs_platform.warehouse.slices import Days, Slice, TableRef

_VERSIONS, _COMMITS = "_versions", "_commits"
_TRIES = 8
_COLUMNS = {
    _VERSIONS: {"table_name": "STRING", "table_id": "STRING", "version": "INT64"},
    _COMMITS: {
        "table_name": "STRING",
        "version": "INT64",
        "commit_id": "STRING",
        "committed_at": "TIMESTAMP",
        "replaced_from": "DATE",
        "replaced_to": "DATE",
        "slices": "STRING",
        "kept_as": "STRING",
        "kept_until": "TIMESTAMP",
        "changed_rows": "BOOL",
        "note": "STRING",
    },
}


@dataclass(frozen=True)
class Change:
    """What a commit does to a table."""

    replaced: Days | None
    """None: all days."""
    slices: Mapping[date, int]
    """Day: its rows from now on."""
    rows_of: str | None
    """The table that holds the new rows; None where the rows stay as they are."""
    note: Mapping[str, Any]
    kept_as: str | None = None
    """A copy of the whole table as it is from now on."""
    kept_for: timedelta | None = None


@dataclass(frozen=True)
class Commit:
    version: int
    id: str
    at: datetime
    replaced: Days | None
    rows: Mapping[date, int]
    kept_as: str | None
    kept_until: datetime | None
    changed_rows: bool
    note: dict[str, Any]

    @property
    def slices(self) -> tuple[Slice, ...]:
        """What it made; each is stored under the commit's name."""
        run = self.note.get("run")
        return tuple(Slice(day, rows, self.at, run, self.note, {self.id: None}) for day, rows in self.rows.items())


@dataclass(frozen=True)
class Books:
    tables: DatasetTables
    ledger: SliceLedger

    def state(self, table: TableRef) -> TableVersion | None:
        """Where a table is; None while nothing was ever committed."""
        rows = self._rows(table)
        version = max((row["version"] for row in rows), default=0)
        # Two who began the same table at the same moment leave two rows, which count up together.
        return TableVersion(min(row["table_id"] for row in rows), version) if version else None

    def slices(self, table: TableRef) -> tuple[Slice, ...]:
        """Those of the newest version."""
        while True:
            now = self.state(table)
            page = self.ledger.page(table) if now is None else None
            if now is None:
                if page is not None and page.slices:
                    raise _gone(table, page)
                return ()
            known = self.ledger.slices_in(table, now)
            if known is not None:
                return known
            settled = self._settle(table, now)
            if settled is not None:
                return settled

    def commits(self, table: TableRef, *, after: int = 0, named: str | None = None) -> list[Commit]:
        """In order."""
        only = f" AND commit_id = {literal(named)}" if named else ""
        sql = (
            f"SELECT version, commit_id, committed_at, replaced_from, replaced_to, slices, kept_as, kept_until, "
            f"changed_rows, note FROM {quoted(self._path(table, _COMMITS))} "
            f"WHERE table_name = {literal(table.name)} AND version > {after}{only} ORDER BY version"
        )
        rows = self.tables.jobs.query(sql, labels={"dataset": table.dataset, "asks": "books"}, bill=Bill())
        return [_commit(row) for row in rows]

    def begin(self, table: TableRef, bill: Bill) -> None:
        """Make the books, and the table's row in them."""
        if self._rows(table):
            return
        for name, columns in _COLUMNS.items():
            fields = [bigquery.SchemaField(column, kind) for column, kind in columns.items()]
            made = bigquery.Table(self._path(table, name), schema=fields)
            made.clustering_fields = ["table_name"]
            self.tables.jobs.create(made)
        versions = quoted(self._path(table, _VERSIONS))
        row = f"{literal(table.name)}, {literal(uuid.uuid4().hex)}, 0"
        self.tables.jobs.query(
            f"INSERT INTO {versions} (table_name, table_id, version) SELECT {row} FROM UNNEST([1]) AS once "
            f"WHERE NOT EXISTS (SELECT 1 FROM {versions} WHERE table_name = {literal(table.name)})",
            labels={"dataset": table.dataset},
            bill=bill,
        )

    def commit(self, table: TableRef, change: Change, labels: Mapping[str, str], bill: Bill) -> Commit:
        """Carry out a change and enter it, in one transaction. Whoever meets another one tries again."""
        for _ in range(_TRIES):
            name = f"recs_commit_{uuid.uuid4().hex}"
            try:
                self.tables.jobs.script(self._transaction(table, change, name), name, labels=labels, bill=bill)
            except GoogleAPIError as error:
                if met_another(error):
                    continue
                raise
            return self._entered(table, name)
        raise ConflictError(f"{table}: others keep changing it at the same time. Nothing was published. Try again.")

    def _entered(self, table: TableRef, name: str) -> Commit:
        """Tell the platform database of a commit, if it knows the version before; else of all that it lacks."""
        found = self.commits(table, named=name)
        if not found:
            raise DamageError(f"{table}: BigQuery has carried out the job {name}, and its books do not say so.")
        (done,) = found
        page = self.ledger.page(table)
        known = page is not None and page.state.version == done.version - 1
        if (
            page is None
            or not known
            or not self.ledger.advance(
                table,
                page.state,
                TableVersion(page.state.table_id, done.version),
                done.replaced,
                done.slices,
            )
        ):
            self.slices(table)
        return done

    def _transaction(self, table: TableRef, change: Change, name: str) -> str:
        path, versions = quoted(self.tables.path(table)), quoted(self._path(table, _VERSIONS))
        this = f"table_name = {literal(table.name)}"
        columns = ", ".join(quoted(column.name) for column in table.spec.columns)
        date_column = table.spec.date_column
        rows = (
            [
                f"DELETE FROM {path} WHERE {between(date_column, change.replaced)}",
                f"INSERT INTO {path} ({columns}) SELECT {columns} FROM {quoted(change.rows_of)}",
            ]
            if change.rows_of
            else []
        )
        kept_until = "NULL"
        if change.kept_as and change.kept_for:
            kept_until = f"TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {int(change.kept_for.total_seconds())} SECOND)"
        replaced = (change.replaced.first, change.replaced.last) if change.replaced else (None, None)
        entry = {
            "table_name": literal(table.name),
            "version": "MAX(version)",
            "commit_id": literal(name),
            "committed_at": "CURRENT_TIMESTAMP()",
            "replaced_from": f"CAST({literal(replaced[0])} AS DATE)",
            "replaced_to": f"CAST({literal(replaced[1])} AS DATE)",
            "slices": literal(json.dumps([[str(day), count] for day, count in sorted(change.slices.items())])),
            "kept_as": literal(change.kept_as),
            "kept_until": f"CAST({kept_until} AS TIMESTAMP)",
            "changed_rows": literal(change.rows_of is not None),
            "note": literal(json.dumps(dict(change.note))),
        }
        commits = quoted(self._path(table, _COMMITS))
        statements = [
            "BEGIN TRANSACTION",
            f"UPDATE {versions} SET version = version + 1 WHERE {this}",
            *rows,
            f"INSERT INTO {commits} ({', '.join(entry)}) "
            f"SELECT {', '.join(entry.values())} FROM {versions} WHERE {this}",
            "COMMIT TRANSACTION",
        ]
        return "".join(f"{one};\n" for one in statements)

    def _settle(self, table: TableRef, now: TableVersion) -> tuple[Slice, ...] | None:
        """Bring the ledger to a version; None when somebody else was quicker."""
        page = self.ledger.page(table)
        if page is not None and page.state == now:
            return page.slices
        behind = page is not None and page.state.table_id == now.table_id and page.state.version < now.version
        slices = page.slices if page is not None and behind else ()
        for commit in self.commits(table, after=page.state.version if page is not None and behind else 0):
            if commit.version <= now.version:
                slices = merged(slices, commit.replaced, commit.slices)
        return slices if self.ledger.advance(table, page.state if page else None, now, None, slices) else None

    def _rows(self, table: TableRef) -> list[Mapping[str, Any]]:
        return [row for row in self.tables.jobs.rows(self._path(table, _VERSIONS)) if row["table_name"] == table.name]

    def _path(self, table: TableRef, name: str) -> str:
        return self.tables.beside(table, name)


def _commit(row: bigquery.Row) -> Commit:
    replaced = Days(row.replaced_from, row.replaced_to) if row.replaced_from else None
    rows = {date.fromisoformat(day): count for day, count in json.loads(row.slices)}
    return Commit(
        row.version,
        row.commit_id,
        row.committed_at,
        replaced,
        rows,
        row.kept_as,
        row.kept_until,
        row.changed_rows,
        json.loads(row.note),
    )


def _gone(table: TableRef, page: LedgerPage) -> DamageError:
    made = f"{len(page.slices)} days were made, from {page.slices[0].day} to {page.slices[-1].day}"
    return DamageError(
        f"{table}: BigQuery has no such table, and {made}. Bring its dataset back (BigQuery keeps a deleted one for "
        "seven days), or say that it may be made anew: recs verify COMPANY --accept."
    )

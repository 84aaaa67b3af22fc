"""The books of a company's dataset: which version each table is at, and what every commit made of it.

Two tables beside the company's own. `_versions` has a row for each of them, which every commit counts up: so two
commits of one table meet, and one of them waits or is given up. `_commits` is only added to. Both are written in the
very transaction that changes a table's rows: they cannot tell of anything else. What the platform database says of
slices is read from here, as far as it is behind.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.cloud import bigquery

from recs_platform.errors import ConflictError, DamageError
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.refusals import met_another
from recs_platform.warehouse.bigquery.tables import DatasetTables, labels_of
from recs_platform.warehouse.bigquery.text import between, literal, quoted
from recs_platform.warehouse.ledger import LedgerPage, SliceLedger, TableVersion, merged
from recs_platform.warehouse.slices import Days, Slice, TableRef

_VERSIONS, _COMMITS = "_versions", "_commits"
_TRIES = 8
_NOT_BEGUN = "recs_not_begun"
"""What a commit fails with where the books have no row for its table."""
_PUT_BACK = "recs_put_back"
"""The same where they lack commits that the platform database knows."""


def _fields(**types: str) -> Sequence[bigquery.SchemaField]:
    return [bigquery.SchemaField(name, kind) for name, kind in types.items()]


_COLUMNS = {
    _VERSIONS: _fields(table_name="STRING", table_id="STRING", version="INT64"),
    _COMMITS: _fields(
        table_name="STRING",
        version="INT64",
        commit_id="STRING",
        committed_at="TIMESTAMP",
        replaced_from="DATE",
        replaced_to="DATE",
        slices="STRING",
        kept_as="STRING",
        kept_until="TIMESTAMP",
        changed_rows="BOOL",
        note="STRING",
    ),
}


@dataclass(frozen=True)
class Change:
    """What a commit does to a table."""

    replaced: Days | None
    """None: all days."""
    slices: Mapping[date, int]
    """Day: its rows from now on."""
    rows: str | None
    """A SELECT of the new rows, whose columns are in the declared order, then `besides`; None where the rows stay."""
    note: Mapping[str, Any]
    kept_as: str | None = None
    """A copy of the whole table as it is from now on."""
    kept_for: timedelta | None = None
    besides: Sequence[str] = ()
    """Columns that the table has and that are not declared."""


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
        """What it made."""
        return slices_made(self.id, self.rows, self.at, self.note)


def slices_made(by: str, rows: Mapping[date, int], at: datetime, note: Mapping[str, Any]) -> tuple[Slice, ...]:
    """What a commit made: each slice is stored under the commit's name."""
    return tuple(Slice(day, count, at, note.get("run"), note, {by: None}) for day, count in rows.items())


@dataclass(frozen=True)
class Books:
    tables: DatasetTables
    ledger: SliceLedger

    def states(self, dataset: str) -> Mapping[str, TableVersion]:
        """Where each table of a dataset is, by name. Of one to which nothing was ever committed, nothing is said."""
        found: dict[str, TableVersion] = {}
        for row in self.tables.jobs.rows(self.tables.named(dataset, _VERSIONS), _COLUMNS[_VERSIONS]):
            # Two who began the same table at the same moment leave two rows, which count up together.
            known = found.get(row["table_name"])
            if row["version"]:
                id_ = min(row["table_id"], known.table_id) if known else row["table_id"]
                found[row["table_name"]] = TableVersion(id_, max(row["version"], known.version if known else 0))
        return found

    def state(self, table: TableRef) -> TableVersion | None:
        return self.states(table.dataset).get(table.name)

    def slices(self, table: TableRef, states: Mapping[str, TableVersion] | None = None) -> tuple[Slice, ...]:
        """Those of the newest version, or of the one that it had when `states` were asked for."""
        while True:
            now = (self.states(table.dataset) if states is None else states).get(table.name)
            states = None
            page = self.ledger.page(table) if now is None else None
            if now is None:
                if page is not None and page.slices:
                    raise _gone(table, page.slices)
                return ()
            known = self.ledger.slices_in(table, now)
            if known is not None:
                return known
            settled = self._settle(table, now)
            if settled is not None:
                return settled

    def require_no_rows(self, table: TableRef) -> None:
        """Raises a DamageError where a table that is not there has rows by the books."""
        slices = self.slices(table)
        if any(slice_.rows for slice_ in slices):
            raise _gone(table, slices)

    def commits(self, table: TableRef, *, after: int = 0) -> list[Commit]:
        """In order."""
        sql = (
            f"SELECT version, commit_id, committed_at, replaced_from, replaced_to, slices, kept_as, kept_until, "
            f"changed_rows, note FROM {quoted(self._path(table, _COMMITS))} "
            f"WHERE table_name = {literal(table.name)} AND version > {after} ORDER BY version"
        )
        rows = self.tables.jobs.ask(sql, labels={**labels_of(table), "asks": "books"}, bill=Bill())
        return [_commit(row) for row in rows]

    def _begin(self, table: TableRef, bill: Bill) -> None:
        """Make the books, and the table's row in them."""
        page = self.ledger.page(table)
        if page is not None and page.slices:
            raise _gone(table, page.slices)
        for name, fields in _COLUMNS.items():
            made = bigquery.Table(self._path(table, name), schema=fields)
            made.clustering_fields = ["table_name"]
            self.tables.jobs.create(made)
        versions = quoted(self._path(table, _VERSIONS))
        row = f"{literal(table.name)}, {literal(uuid.uuid4().hex)}, 0"
        self.tables.jobs.change(
            f"INSERT INTO {versions} (table_name, table_id, version) SELECT {row} FROM UNNEST([1]) AS once "
            f"WHERE NOT EXISTS (SELECT 1 FROM {versions} WHERE table_name = {literal(table.name)})",
            labels=labels_of(table),
            bill=bill,
        )

    def commit(self, table: TableRef, change: Change, labels: Mapping[str, str], bill: Bill) -> int:
        """Carry out a change and enter it, in one transaction. Whoever meets another one tries again."""
        begun = False
        for _ in range(_TRIES):
            name = f"recs_commit_{uuid.uuid4().hex}"
            sql = self._transaction(table, change, name, self.ledger.page(table))
            try:
                (done,) = self.tables.jobs.script(sql, name, labels=labels, bill=bill)
            except GoogleAPIError as error:
                if _finds_no_books(error) and not begun:
                    self._begin(table, bill)
                    begun = True
                elif _PUT_BACK in str(error):
                    # Says which is missing.
                    self.slices(table)
                    raise
                elif not met_another(error):
                    raise
                continue
            version, id_ = done.state.split(" ")
            now = TableVersion(id_, int(version))
            self._tell(table, now, change.replaced, slices_made(name, change.slices, done.now, change.note))
            return now.version
        raise ConflictError(f"{table}: others keep changing it at the same time. Nothing was published. Try again.")

    def _tell(self, table: TableRef, now: TableVersion, replaced: Days | None, slices: Sequence[Slice]) -> None:
        """Tell the platform database of a commit, if it knows the version before; else of all that it lacks."""
        page = self.ledger.page(table)
        was = page.state if page else None
        before = TableVersion(now.table_id, now.version - 1) if now.version > 1 else None
        if was != before or not self.ledger.advance(table, was, now, replaced, slices):
            self.slices(table)

    def _transaction(self, table: TableRef, change: Change, name: str, page: LedgerPage | None) -> str:
        path, versions = quoted(self.tables.path(table)), quoted(self._path(table, _VERSIONS))
        this = f"table_name = {literal(table.name)}"
        columns = ", ".join(quoted(name) for name in (*(c.name for c in table.spec.columns), *change.besides))
        date_column = table.spec.date_column
        rows = (
            [
                f"DELETE FROM {path} WHERE {between(date_column, change.replaced)}",
                f"INSERT INTO {path} ({columns}) {change.rows}",
            ]
            if change.rows
            else []
        )
        kept_until = "NULL"
        if change.kept_as and change.kept_for:
            kept_until = f"TIMESTAMP_ADD(now, INTERVAL {int(change.kept_for.total_seconds())} SECOND)"
        replaced = (change.replaced.first, change.replaced.last) if change.replaced else (None, None)
        entry = {
            "table_name": literal(table.name),
            "version": "CAST(SPLIT(state, ' ')[OFFSET(0)] AS INT64)",
            "commit_id": literal(name),
            "committed_at": "now",
            "replaced_from": f"CAST({literal(replaced[0])} AS DATE)",
            "replaced_to": f"CAST({literal(replaced[1])} AS DATE)",
            "slices": literal(json.dumps([[str(day), count] for day, count in sorted(change.slices.items())])),
            "kept_as": literal(change.kept_as),
            "kept_until": f"CAST({kept_until} AS TIMESTAMP)",
            "changed_rows": literal(change.rows is not None),
            "note": literal(json.dumps(dict(change.note))),
        }
        commits = quoted(self._path(table, _COMMITS))
        entered = page.state if page else TableVersion("", 0)
        put_back = f"MIN(table_id) = {literal(entered.table_id)} AND MAX(version) <= {entered.version}"
        statements = [
            "DECLARE state STRING",
            "DECLARE now TIMESTAMP",
            "BEGIN TRANSACTION",
            f"UPDATE {versions} SET version = version + 1 WHERE {this}",
            f"SET state = (SELECT CASE WHEN COUNT(*) = 0 THEN ERROR('{_NOT_BEGUN}') "
            f"WHEN {put_back} THEN ERROR('{_PUT_BACK}') "
            f"ELSE CONCAT(CAST(MAX(version) AS STRING), ' ', MIN(table_id)) END FROM {versions} WHERE {this})",
            "SET now = CURRENT_TIMESTAMP()",
            *rows,
            f"INSERT INTO {commits} ({', '.join(entry)}) SELECT {', '.join(entry.values())}",
            "COMMIT TRANSACTION",
            "SELECT state, now",
        ]
        return "".join(f"{one};\n" for one in statements)

    def _settle(self, table: TableRef, now: TableVersion) -> tuple[Slice, ...] | None:
        """Bring the ledger to a version; None when somebody else was quicker."""
        page = self.ledger.page(table)
        if page is not None and page.state == now:
            return page.slices
        same = page is not None and page.state.table_id == now.table_id
        if page is not None and same and page.state.version > now.version:
            # Entered after we had asked where it is; or else there are commits that are no more.
            newest = self.state(table)
            if newest is None or newest.version < page.state.version:
                raise _put_back(table, page.state, newest)
            return None
        behind = same
        slices = page.slices if page is not None and behind else ()
        for commit in self.commits(table, after=page.state.version if page is not None and behind else 0):
            if commit.version <= now.version:
                slices = merged(slices, commit.replaced, commit.slices)
        return slices if self.ledger.advance(table, page.state if page else None, now, None, slices) else None

    def _path(self, table: TableRef, name: str) -> str:
        return self.tables.beside(table, name)


def _finds_no_books(error: GoogleAPIError) -> bool:
    return isinstance(error, NotFound) or _NOT_BEGUN in str(error)


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


def _put_back(table: TableRef, was: TableVersion, now: TableVersion | None) -> DamageError:
    return DamageError(
        f"{table}: its last commits are gone: it is at version {now.version if now else 0}, and was at {was.version}. "
        "Somebody has put its dataset back to an earlier time. Bring it back as it was, or say that what is there now "
        "counts: recs verify COMPANY --accept."
    )


def _gone(table: TableRef, slices: Sequence[Slice]) -> DamageError:
    made = f"{len(slices)} days were made, from {slices[0].day} to {slices[-1].day}"
    return DamageError(
        f"{table}: BigQuery has no such table, and {made}. Bring its dataset back (BigQuery keeps a deleted one for "
        "seven days), or say that it may be made anew: recs verify COMPANY --accept."
    )

"""Dagster's memory: runs that ended long ago, their events and what they printed; and old backfills.

Of what its pages show of tables and checks, the newest of each partition stays, however old: that a day is made is no
history. Its figures stay, its texts go (event_texts.py), and the link to its run leads nowhere then.

A run's own row goes last. Whoever is killed before that finds the run again the next time, and nothing is left over.

This leans on the tables of Dagster's storages, SQLite and PostgreSQL alike, and so Dagster is held below its next minor
version (event_log.py). Not here: ticks of schedules and sensors, for which dagster.yaml has a setting of Dagster's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import dagster as dg
from dagster._core.events import DagsterEventType
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES
from dagster._core.instance import RUNLESS_RUN_ID
from dagster._core.storage.dagster_run import FINISHED_STATUSES, NOT_FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs.schema import BackfillTagsTable, BulkActionsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, delete, func, or_, select, update

from recs_platform.automation.housekeeping.event_texts import LONG, figures_alone
from recs_platform.automation.housekeeping.freed import Freed

Opened: TypeAlias = Callable[[], AbstractContextManager[Connection]]

_ROWS_AT_ONCE = 1_000
"""In one transaction: runs that go on write to the same database."""
_LONGEST_RUN = timedelta(days=2)
"""Events of a run that ended after a moment are no older than this before it (dagster.yaml allows half a day)."""
_NEWEST_STAYS = (DagsterEventType.ASSET_MATERIALIZATION.value, DagsterEventType.ASSET_OBSERVATION.value)


def sweep_dagster_history(instance: dg.DagsterInstance, before: datetime, *, dry_run: bool = False) -> Freed:
    """Forget what ended before a moment."""
    rows = _forget_events(instance, before - _LONGEST_RUN, dry_run=dry_run)
    rows += _forget_backfills(instance, before, dry_run=dry_run)
    sizes: dict[str, int] = {}
    ended = _ended(instance, before)
    for run_id in (*ended, *_without_run(instance, before)):
        sizes |= _sizes(instance, run_id)
        if not dry_run:
            _forget_run(instance, run_id)
    rows += len(ended)
    freed = Freed.of_files("Dagster's history", sizes)
    return Freed(freed.what, freed.files, rows, freed.size)


def _ended(instance: dg.DagsterInstance, before: datetime) -> Sequence[str]:
    ended = dg.RunsFilter(statuses=FINISHED_STATUSES, updated_before=before)
    return [record.dagster_run.run_id for record in instance.get_run_records(ended, ascending=True)]


def _without_run(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """The runs whose databases stand there alone: Dagster's UI deletes a run and leaves its file."""
    log = instance.event_log_storage
    if not isinstance(log, SqliteEventLogStorage):
        return []
    files = {run_id: Path(log.path_for_shard(run_id)) for run_id in log.get_all_run_ids()}
    known = set(instance.get_run_ids())
    return [
        run_id for run_id, path in files.items() if run_id not in known and path.stat().st_mtime < before.timestamp()
    ]


def _forget_run(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    for path in _databases(instance, run_id):
        path.unlink(missing_ok=True)
    instance.run_storage.delete_run(run_id)


def _sizes(instance: dg.DagsterInstance, run_id: str) -> dict[str, int]:
    """The files of a run on this machine: its own database, and what it printed."""
    printed, manager = Path(), instance.compute_log_manager
    if isinstance(manager, LocalComputeLogManager):
        printed = Path(manager.get_captured_local_path([run_id, "any"], "out")).parent
    files = (*_databases(instance, run_id), *(printed.rglob("*") if printed != Path() else ()))
    return {str(path): path.stat().st_size for path in files if path.is_file()}


def _databases(instance: dg.DagsterInstance, run_id: str) -> Iterator[Path]:
    log = instance.event_log_storage
    if isinstance(log, SqliteEventLogStorage):
        own = Path(log.path_for_shard(run_id))
        # What SQLite keeps beside a database goes first, so that it is never taken for that of another one.
        yield from (own.with_name(f"{own.name}{suffix}") for suffix in ("-shm", "-wal", ""))


def _forget_events(instance: dg.DagsterInstance, before: datetime, *, dry_run: bool) -> int:
    """Those that several runs share: on SQLite what is asked about tables and checks, elsewhere all of them."""
    log = instance.event_log_storage
    if not isinstance(log, SqlEventLogStorage):
        return 0
    events, checks, tags = SqlEventLogStorageTable, AssetCheckExecutionsTable, AssetEventTagsTable
    under_way = [run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))]
    old_events = select(events.c.id).where(
        events.c.timestamp < before,
        events.c.run_id.not_in([RUNLESS_RUN_ID, *under_way]),
        or_(
            events.c.dagster_event_type.is_(None),
            events.c.dagster_event_type.not_in(_NEWEST_STAYS),
            _has_newer(events, "asset_key", "dagster_event_type"),
        ),
    )
    naive = before.astimezone(UTC).replace(tzinfo=None)
    old_checks = select(checks.c.id).where(
        checks.c.create_timestamp < naive,
        checks.c.run_id.not_in(under_way),
        _has_newer(checks, "asset_key", "check_name"),
    )
    of_nothing = select(tags.c.id).where(tags.c.event_id.not_in(select(events.c.id)))
    opened = log.index_connection
    deleted = sum(
        _delete(opened, table, which, dry_run=dry_run)
        for table, which in ((events, old_events), (checks, old_checks), (tags, of_nothing))
    )
    if not dry_run:
        _shorten(
            opened, events.c.event, and_(events.c.timestamp < before, events.c.dagster_event_type.in_(_NEWEST_STAYS))
        )
        _shorten(opened, checks.c.evaluation_event, checks.c.create_timestamp < naive)
    return deleted


def _shorten(opened: Opened, text: Column[Any], which: ColumnElement[bool]) -> None:
    """Of what stays, the figures alone."""
    key = text.table.c.id
    with opened() as connection:
        long = select(key).where(which, func.length(text) > LONG).order_by(key)
        ids = [row[0] for row in connection.execute(long)]
    for first in range(0, len(ids), _ROWS_AT_ONCE):
        with opened() as connection:
            some = select(key, text).where(key.in_(ids[first : first + _ROWS_AT_ONCE]))
            for number, event in connection.execute(some).all():
                if (shorter := figures_alone(event)) is not None:
                    connection.execute(update(text.table).where(key == number).values({text: shorter}))


def _forget_backfills(instance: dg.DagsterInstance, before: datetime, *, dry_run: bool) -> int:
    """Their runs are runs like others; this is what the list of backfills shows."""
    storage = instance.run_storage
    if not isinstance(storage, SqlRunStorage):
        return 0
    backfills, tags = BulkActionsTable, BackfillTagsTable
    ended = select(backfills.c.id).where(
        backfills.c.timestamp < before, backfills.c.status.in_([one.value for one in BULK_ACTION_TERMINAL_STATUSES])
    )
    of_nothing = select(tags.c.id).where(tags.c.backfill_id.not_in(select(backfills.c.key)))
    return sum(
        _delete(storage.connect, table, which, dry_run=dry_run)
        for table, which in ((backfills, ended), (tags, of_nothing))
    )


def _delete(opened: Opened, table: Table, which: Select[Any], *, dry_run: bool) -> int:
    with opened() as connection:
        ids = [row[0] for row in connection.execute(which.order_by(table.c.id))]
    for first in () if dry_run else range(0, len(ids), _ROWS_AT_ONCE):
        with opened() as connection:
            connection.execute(delete(table).where(table.c.id.in_(ids[first : first + _ROWS_AT_ONCE])))
    return len(ids)


def _has_newer(table: Table, *columns: str) -> ColumnElement[bool]:
    """Whether there is a later row that is the same in these columns, and of the same partition or of none as well."""
    newer = table.alias("newer")
    one, other = newer.c.partition, table.c.partition
    return (
        select(newer.c.id)
        .where(
            *(newer.c[name] == table.c[name] for name in columns),
            or_(one == other, and_(one.is_(None), other.is_(None))),
            newer.c.id > table.c.id,
        )
        .exists()
    )

"""The ledger's entries of one Delta table: written after each commit, and made again where they are missing.

A commit is the proof of a slice. Which days have files, and how many rows, is read from the newest version itself;
which run made them, from the notes of the commits. So what a killed writer, another host or a platform without a
ledger left out is found by the next who looks, and nothing is entered that was not committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from recs_platform.warehouse.lake.delta_table import Commit, DeltaSlices, Replaced
from recs_platform.warehouse.lake.newest import DataFile, Newest
from recs_platform.warehouse.ledger import SliceLedger, Told
from recs_platform.warehouse.slices import Days, Slice


def slices_now(table: DeltaSlices, ledger: SliceLedger) -> tuple[Slice, ...]:
    """The slices of the newest version."""
    while True:
        now = table.newest()
        if now is None:
            _forget(table, ledger)
            return ()
        slices = ledger.slices_in(table.ref, now.state)
        if slices is None:
            slices = _settle(table, ledger, now)
        if slices is not None:
            return slices


def enter(table: DeltaSlices, ledger: SliceLedger, days: Days | None, done: Replaced, note: Mapping[str, Any]) -> None:
    """Enter a commit of ours, which replaced these days."""
    # Before its first write a table exists, and nothing was ever entered of it.
    was = done.before if done.before.version else None
    made = [_slice(day, files, note) for day, files in _by_day(done.files).items()]
    if not ledger.advance(table.ref, was, done.state, days, made):
        # Others have committed too, and not all of it is entered; or this table's ledger begins here.
        slices_now(table, ledger)


def _settle(table: DeltaSlices, ledger: SliceLedger, now: Newest) -> tuple[Slice, ...] | None:
    """Bring the ledger to a version, from what it tells of an earlier one; None when somebody else was quicker."""
    told = ledger.told(table.ref)
    if told is not None and told.state == now.state:
        return told.slices
    if told is not None and _is_ahead(told, now):
        again = table.newest()
        if again is None or again.state != now.state:
            return None
        # The table was put back to an older version, by other hands: nothing that was entered holds.
    known = told if told is not None and _is_behind(told, now) else None
    slices = _from_commits(table, now, known)
    if ledger.advance(table.ref, told.state if told else None, now.state, None, slices):
        return slices
    return None


def _from_commits(table: DeltaSlices, now: Newest, known: Told | None) -> tuple[Slice, ...]:
    files = _by_day(now.files)
    made: dict[date, Slice] = {}
    for commit in table.commits(now.version, after=known.state.version if known else -1):
        touched = [day for day in files.keys() - made.keys() if commit.touched(day)]
        made |= {day: _slice(day, files[day], commit.note, brought_back=_brought_back(commit)) for day in touched}
        if len(made) == len(files):
            break
    entered = {slice_.day: slice_ for slice_ in known.slices} if known else {}
    # Of a slice that is older than the log, its files alone are left.
    return tuple(made.get(day) or entered.get(day) or _slice(day, files[day], {}) for day in files)


def _forget(table: DeltaSlices, ledger: SliceLedger) -> None:
    """A table that is gone has no slices."""
    told = ledger.told(table.ref)
    if told is not None:
        ledger.advance(table.ref, told.state, None, None, ())


def _is_ahead(told: Told, now: Newest) -> bool:
    return told.state.table_id == now.state.table_id and told.state.version > now.version


def _is_behind(told: Told, now: Newest) -> bool:
    return told.state.table_id == now.state.table_id and told.state.version < now.version


def _by_day(files: Sequence[DataFile]) -> dict[date, list[DataFile]]:
    ordered = sorted(files, key=lambda file: file.day)
    return {day: list(of_day) for day, of_day in groupby(ordered, key=lambda file: file.day)}


def _brought_back(commit: Commit) -> datetime | None:
    return commit.at if commit.operation == "RESTORE" else None


def _slice(
    day: date, files: Sequence[DataFile], note: Mapping[str, Any], *, brought_back: datetime | None = None
) -> Slice:
    counts = [file.rows for file in files]
    rows = None if None in counts else sum(counts)
    written = datetime.fromtimestamp(max(file.written for file in files) / 1000, UTC)
    return Slice(day, rows, brought_back or written, note.get("run"), dict(note))

"""The ledger's entries of one Delta table: written after each commit, and made again where they are missing.

A commit is the proof of a slice. Which days have files, and how many rows, is read from the newest version itself;
which run made them, from the notes of the commits. So what a killed writer, another host or a platform without a
ledger left out is found by the next who looks, and nothing is entered that was not committed.

What was entered of a state does not change with it: where the log of the same state tells of other files, or has
become shorter, the log is damaged. Then somebody must say so (`accept`), or put the table back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from recs_platform.errors import DamageError
from recs_platform.warehouse.lake import newest
from recs_platform.warehouse.lake.damage import damaged_slice, damaged_table, owner
from recs_platform.warehouse.lake.delta_log import Commit
from recs_platform.warehouse.lake.delta_table import DeltaSlices, Replaced
from recs_platform.warehouse.lake.evidence import AUDITED
from recs_platform.warehouse.lake.newest import DataFile, Newest
from recs_platform.warehouse.ledger import LedgerPage, SliceLedger
from recs_platform.warehouse.slices import CONTENTS, INGREDIENTS, Days, Slice, TableRef


def slices_now(table: DeltaSlices, ledger: SliceLedger) -> tuple[Slice, ...]:
    """The slices of the newest version. Who asks once, as `recs status` does of every table, is told what was entered
    of the state that the log ends with; the table need not be opened for it. Who reads rows opens it (`state_now`)."""
    if not newest.was_looked_at(table.uri):
        page = ledger.page(table.ref)
        if page is not None and newest.ends_with(table.uri, page.state):
            return page.slices
    _, slices = state_now(table, ledger)
    return slices


def state_now(table: DeltaSlices, ledger: SliceLedger) -> tuple[Newest | None, tuple[Slice, ...]]:
    """The newest version, and the slices that it has; None while nothing was ever written."""
    while True:
        now = table.newest()
        if now is None:
            page = ledger.page(table.ref)
            if page is None or not page.slices:
                return None, ()
            # Somebody may have made it meanwhile.
            if table.newest() is None:
                raise _gone(table, page)
            continue
        slices = ledger.slices_in(table.ref, now.state)
        if slices is None:
            slices = _settle(table, ledger, now)
        if slices is not None:
            return now, slices


def check_log(table: DeltaSlices, now: Newest, slices: tuple[Slice, ...], days: Days | None) -> None:
    """Raises a DamageError where the log tells of other slices, in these days, than were entered of the same state."""
    agreed = _AGREED.get(table.uri)
    if agreed is None or agreed[0] is not now.files or agreed[1] is not slices:
        agreed = (now.files, slices, differences(now, slices))
        _AGREED[table.uri] = agreed
    for day, what in agreed[2].items():
        if days is None or day in days:
            note = next((slice_.note for slice_ in slices if slice_.day == day), {"company": table.owner()})
            raise damaged_slice(table.ref, day, note, what)


_AGREED: dict[str, tuple[Sequence[DataFile], tuple[Slice, ...], dict[date, str]]] = {}
"""Table: the files and slices that were compared last, and in which days they differ."""


def differences(now: Newest, slices: Sequence[Slice]) -> dict[date, str]:
    """Day: how the log differs from what was entered of it."""
    files, entered = _by_day(now.files), {slice_.day: slice_ for slice_ in slices}
    found = {}
    for day in sorted(files.keys() | entered.keys()):
        if day not in files:
            found[day] = "its log has lost the day, which was made"
        elif day not in entered:
            found[day] = "its log tells of the day, which was never made"
        elif _rows(files[day]) != entered[day].rows:
            found[day] = f"its log tells of {_rows(files[day])} rows, and {entered[day].rows} were written"
        elif (stored := entered[day].files) is not None and stored.keys() != {file.path for file in files[day]}:
            found[day] = "its log tells of other files than were written"
    return found


def accept(table: DeltaSlices, ledger: SliceLedger, checksums: Mapping[str, str]) -> None:
    """Enter the table as it is now, whatever was entered before: a person has said so. The checksums are those of files
    whose names do not say theirs."""
    page, now = ledger.page(table.ref), table.newest()
    if now is None:
        if page is not None:
            ledger.advance(table.ref, page.state, None, None, ())
        return
    same = page is not None and page.state.table_id == now.state.table_id and not _is_ahead(page, now)
    # Who made a slice is still known; which files it has is what is asked.
    made = LedgerPage(page.state, tuple(replace(s, files=None) for s in page.slices)) if page and same else None
    slices = [_of_unknown_rows(s) for s in _from_commits(table, now, made)]
    known = [
        replace(s, files={path: checksums.get(path) for path in s.files}) if s.files is not None else s
        # What a person has accepted was audited by nobody.
        for s in (replace(s, note={name: said for name, said in s.note.items() if name != AUDITED}) for s in slices)
    ]
    ledger.advance(table.ref, page.state if page else None, now.state, None, known)


def _of_unknown_rows(slice_: Slice) -> Slice:
    """Rows that were taken as they are may be others than its writer's: what it noted of those holds no more."""
    return replace(
        slice_, note={name: said for name, said in slice_.note.items() if name not in (INGREDIENTS, CONTENTS)}
    )


def company_of(table: TableRef, ledger: SliceLedger) -> str:
    """Whose table it is, as the ledger knows it."""
    page = ledger.page(table)
    return owner(table, page.slices[-1].note if page is not None and page.slices else {})


def enter(table: DeltaSlices, ledger: SliceLedger, days: Days | None, done: Replaced, note: Mapping[str, Any]) -> None:
    """Enter a commit of ours, which replaced these days."""
    # Before its first write a table exists, and nothing was ever entered of it.
    was = done.before if done.before.version else None
    slices = [_slice(day, files, note) for day, files in _by_day(done.files).items()]
    if not ledger.advance(table.ref, was, done.state, days, slices):
        # Others have committed too, and not all of it is entered; or this table's ledger begins here.
        slices_now(table, ledger)


def _settle(table: DeltaSlices, ledger: SliceLedger, now: Newest) -> tuple[Slice, ...] | None:
    """Bring the ledger to a version, from what it tells of an earlier one; None when somebody else was quicker."""
    page = ledger.page(table.ref)
    if page is not None and page.state == now.state:
        return page.slices
    if page is not None and _is_ahead(page, now):
        again = table.newest()
        if again is None or again.state != now.state:
            return None
        behind = f"it is at version {now.version}, and was at {page.state.version}"
        raise damaged_table(table.ref, table.owner(), f"its last commits are gone: {behind}")
    earlier = page if page is not None and _is_behind(page, now) else None
    slices = _from_commits(table, now, earlier)
    if ledger.advance(table.ref, page.state if page else None, now.state, None, slices):
        return slices
    return None


def _from_commits(table: DeltaSlices, now: Newest, earlier: LedgerPage | None) -> tuple[Slice, ...]:
    files = _by_day(now.files)
    committed: dict[date, Slice] = {}
    for commit in table.commits(now.version, after=earlier.state.version if earlier else -1):
        touched = [day for day in files.keys() - committed.keys() if commit.touched(day)]
        committed |= {day: _slice(day, files[day], commit.note, brought_back=_brought_back(commit)) for day in touched}
        if len(committed) == len(files):
            break
    entered = {slice_.day: slice_ for slice_ in earlier.slices} if earlier else {}
    return tuple(committed.get(day) or _as_entered(entered.get(day), _slice(day, files[day], {})) for day in files)


def _as_entered(entered: Slice | None, in_files: Slice) -> Slice:
    """What was entered of a slice that no commit since has touched. Where nobody entered its files, those of the log
    have the last word; where nothing was entered, and the log has forgotten its commit, they alone are left."""
    if entered is None:
        return in_files
    if entered.files is not None:
        return entered
    return replace(entered, files=in_files.files) if entered.rows == in_files.rows else in_files


def _gone(table: DeltaSlices, page: LedgerPage) -> DamageError:
    """The error of a table that has slices and is not there any more."""
    made = f"{len(page.slices)} days were made, from {page.slices[0].day} to {page.slices[-1].day}"
    return damaged_table(table.ref, table.owner(), f"there is no log at {table.uri}/_delta_log, and {made}")


def _is_ahead(page: LedgerPage, now: Newest) -> bool:
    return page.state.table_id == now.state.table_id and page.state.version > now.version


def _is_behind(page: LedgerPage, now: Newest) -> bool:
    return page.state.table_id == now.state.table_id and page.state.version < now.version


def _by_day(files: Sequence[DataFile]) -> dict[date, list[DataFile]]:
    ordered = sorted(files, key=lambda file: file.day)
    return {day: list(of_day) for day, of_day in groupby(ordered, key=lambda file: file.day)}


def _brought_back(commit: Commit) -> datetime | None:
    return commit.at if commit.operation == "RESTORE" else None


def _slice(
    day: date, files: Sequence[DataFile], note: Mapping[str, Any], *, brought_back: datetime | None = None
) -> Slice:
    written = datetime.fromtimestamp(max(file.written for file in files) / 1000, UTC)
    stored: dict[str, str | None] = {file.path: None for file in files}
    return Slice(day, _rows(files), brought_back or written, note.get("run"), dict(note), stored)


def _rows(files: Sequence[DataFile]) -> int | None:
    """None where the log counts none, as that of another writer may."""
    counts = [file.rows for file in files]
    return None if None in counts else sum(counts)

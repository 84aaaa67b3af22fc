"""Whether a table is what was written: before a read, the files that are read; before a write, its log; and all of it
when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from recs_platform.errors import DamageError
from recs_platform.warehouse.lake.bookkeeping import differences, state_now
from recs_platform.warehouse.lake.damage import UnreadableLogError, damaged_slice
from recs_platform.warehouse.lake.delta_table import DeltaSlices
from recs_platform.warehouse.lake.files import TableFiles
from recs_platform.warehouse.lake.newest import DataFile
from recs_platform.warehouse.ledger import SliceLedger
from recs_platform.warehouse.protocol import Finding, Inspection
from recs_platform.warehouse.slices import Slice


def check_writable(table: DeltaSlices, ledger: SliceLedger) -> None:
    """Raises a DamageError before a write to a table that has lost commits, or all of them."""
    state_now(table, ledger)


def check_files(table: DeltaSlices, of_table: TableFiles, files: Sequence[DataFile], slices: Sequence[Slice]) -> None:
    """Raises a DamageError about the first of these files that is not what was written."""
    wrong = of_table.unproved(_wanted(files, slices))
    if wrong:
        raise _damaged_file(table, next(file for file in files if file.path in wrong), wrong, slices)


def inspect(table: DeltaSlices, of_table: TableFiles, ledger: SliceLedger) -> Inspection:
    """Everything about the newest version: its log against the ledger, and every byte of its files."""
    try:
        now, slices = state_now(table, ledger)
    except DamageError as error:
        return Inspection(
            0, 0, 0, 0, (Finding(None, str(error), acceptable=not isinstance(error, UnreadableLogError)),)
        )
    if now is None:
        return Inspection(0, 0, 0, 0, ())
    findings = [
        Finding(day, str(damaged_slice(table.ref, day, _note(table, day, slices), what)), acceptable=True)
        for day, what in differences(now, slices).items()
    ]
    wanted = _wanted(now.files, slices)
    wrong = of_table.inspected(wanted)
    findings += [
        Finding(file.day, str(_damaged_file(table, file, wrong, slices))) for file in now.files if file.path in wrong
    ]
    return Inspection(
        len({file.day for file in now.files}),
        len(now.files),
        sum(file.size for file in now.files),
        sum(checksum is None for _, checksum in wanted.values()),
        tuple(findings),
    )


def _wanted(files: Sequence[DataFile], slices: Sequence[Slice]) -> dict[str, tuple[int, str | None]]:
    """Path: the size and checksum that a file should have, by its name or by the ledger."""
    entered = {path: checksum for s in slices for path, checksum in (s.files or {}).items() if checksum}
    return {file.path: (file.size, file.checksum or entered.get(file.path)) for file in files}


def _damaged_file(table: DeltaSlices, file: DataFile, wrong: Mapping[str, str], slices: Sequence[Slice]) -> DamageError:
    what = f"the file {table.uri}/{file.path} {wrong[file.path]}"
    return damaged_slice(table.ref, file.day, _note(table, file.day, slices), what)


def _note(table: DeltaSlices, day: date, slices: Sequence[Slice]) -> Mapping[str, Any]:
    return next((slice_.note for slice_ in slices if slice_.day == day), {"company": table.owner()})

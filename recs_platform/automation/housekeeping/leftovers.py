"""Files that nobody needs any more: what killed processes left, and reports and exports that are old.

Every report and picture can be made again, from tables that stay. Not here: files of tables (tables.py), and Dagster's
(dagster_history.py).
"""

from __future__ import annotations

from datetime import datetime

from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.file_store.protocol import FileStore
from recs_platform.warehouse.protocol import Warehouse


def sweep_leftovers(warehouse: Warehouse, *, dry_run: bool = False) -> Freed:
    """What killed writers and queries left: staged slices, spilled blocks."""
    return Freed.of_files("leftovers of killed runs", warehouse.sweep(dry_run=dry_run))


def sweep_reports(files: FileStore, before: datetime, *, dry_run: bool = False) -> Freed:
    """Reports, and pictures of materializations, in the environment's store. One that somebody put elsewhere with --out
    is theirs."""
    return _sweep_old(files, "reports", before, dry_run)


def sweep_exports(files: FileStore, before: datetime, *, dry_run: bool = False) -> Freed:
    """Files of messages, which hold addresses, in the environment's store."""
    return _sweep_old(files, "exports", before, dry_run)


def _sweep_old(files: FileStore, folder: str, before: datetime, dry_run: bool) -> Freed:
    old = {name: file.size for name, file in files.listed(folder).items() if file.changed < before}
    if not dry_run:
        files.remove(list(old))
    return Freed.of_files(folder, {files.place(name): size for name, size in old.items()})

"""Files that nobody needs any more: what killed processes left, and pages and pictures of reports that are old.

Every report and picture can be made again, from tables that stay. Not here: files of tables (tables.py), and Dagster's
(dagster_history.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.warehouse.protocol import Warehouse


def sweep_leftovers(warehouse: Warehouse, *, dry_run: bool = False) -> Freed:
    """What killed writers and queries left: staged slices, spilled blocks."""
    return Freed.of_files("leftovers of killed runs", warehouse.sweep(dry_run=dry_run))


def sweep_reports(home: Path, before: datetime, *, dry_run: bool = False) -> Freed:
    """Reports, and pictures of materializations, in the home's own folder. One that somebody put elsewhere with --out
    is theirs."""
    root = home / "reports"
    old = {path: size for path, at, size in _files(root) if at < before.timestamp()}
    if not dry_run:
        for path in old:
            path.unlink(missing_ok=True)
        _remove_empty_folders(root, {path.parent for path in old})
    return Freed.of_files("reports", {str(path): size for path, size in old.items()})


def _files(root: Path) -> Iterator[tuple[Path, float, int]]:
    for path in sorted(root.rglob("*")):
        try:
            about = path.lstat()
        except FileNotFoundError:  # a report that is replaced just now
            continue
        if not path.is_dir():
            yield path, about.st_mtime, about.st_size


def _remove_empty_folders(root: Path, folders: Iterable[Path]) -> None:
    for folder in folders:
        while folder != root:
            try:
                folder.rmdir()
            except OSError:  # there is something in it
                break
            folder = folder.parent

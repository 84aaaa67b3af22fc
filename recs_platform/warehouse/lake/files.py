"""The Parquet files of one table, wherever the lake is: what can be done with them.

On a local lake DuckDB reads and writes the files in place (local_files.py). In a bucket they are written here, checked
and brought there; and brought here, checked and kept for as long as they are read (bucket_files.py). So whichever it
is, DuckDB works on local files, and no row is read from a file that was not proved.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from recs_platform.file_store.bucket import is_bucket
from recs_platform.warehouse.lake.bucket_files import BucketFiles
from recs_platform.warehouse.lake.local_files import LocalTableFiles
from recs_platform.warehouse.lake.spill import in_use


class TableFiles(Protocol):
    @property
    def folder(self) -> Path:
        """The local folder below which the files are read."""

    def add(self, staged: Path, paths: Mapping[str, str]) -> None:
        """Bring staged files, which are on the disk, to the table's; `paths` says under which names. Nobody sees them
        before the commit."""

    def copy(self, other: str, paths: Mapping[str, str]) -> None:
        """Copy files of another table of this lake; `paths` says from where to where."""

    def there(self, paths: Sequence[str]) -> bool:
        """Whether all of these files still are where the table is."""

    def sizes(self, paths: Sequence[str]) -> dict[str, int]:
        """The bytes of the files that are there."""

    def remove(self, paths: Sequence[str]) -> None:
        """Take back files that were not committed."""

    def sealed(self, paths: Sequence[Path]) -> AbstractContextManager[list[Future[str]]]:
        """Begin to take the checksums of staged files, which is done beside other work."""

    def unproved(self, files: Mapping[str, tuple[int, str | None]]) -> dict[str, str]:
        """Path: what is wrong with a file that should have this size and checksum. The others can be read now."""

    def inspected(self, files: Mapping[str, tuple[int, str | None]]) -> dict[str, str]:
        """The same of the files as they are stored at this moment, every byte of them."""

    def checksums(self, paths: Sequence[str]) -> list[str]:
        """Of files as they are now."""


def files_of(root: str, location: str, scratch: Path) -> TableFiles:
    """The files of the table at a location of the lake."""
    return BucketFiles(root, location, scratch) if is_bucket(root) else LocalTableFiles(Path(location))


def staging_folder(root: str, scratch: Path) -> Path:
    """Where new files of a lake wait: beside its tables if it is local, so that moving a file is a rename."""
    return scratch / "staging" if is_bucket(root) else Path(root) / ".staging"


def sweep(folder: Path, age: timedelta, *, dry_run: bool) -> dict[str, int]:
    """Delete a local folder's subfolders that nobody has touched for so long: their process was killed. Says how many
    bytes each had."""
    oldest = time.time() - age.total_seconds()
    left = [path for path in sorted(folder.glob("*/")) if _touched(path) < oldest and not in_use(path)]
    sizes = {f"{path}/": _size(path) for path in left}
    if not dry_run:
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
    return sizes


def _size(folder: Path) -> int:
    """Of what is there; somebody else may take it away meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).lstat().st_size
    return total


def _touched(path: Path) -> float:
    """When; the time to come for one that its process has just removed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf

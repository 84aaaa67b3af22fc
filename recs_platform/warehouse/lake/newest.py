"""The newest version of each Delta table that this process has opened, for as long as it is the newest.

Opening a table replays its log, and a day's run looks at each of its tables many times. A commit is one file, written
once, and the versions of a table follow each other without a gap: a version is the newest while its own commit is the
very file that was read and the next one is not there. Asking that takes two looks at the disk. In a bucket, where each
is a request, a reader asks for the next one each time and for the table's own commit once a minute: what it is asked
for is whether somebody has deleted the table and made it again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from deltalake import DeltaTable

from recs_platform.file_store.bucket import is_bucket
from recs_platform.warehouse.lake.checksums import named_checksum
from recs_platform.warehouse.lake.delta_log import commit_content
from recs_platform.warehouse.ledger import TableVersion

_KEPT = 256
"""Tables; the one that was kept first goes first."""


_CommitFile: TypeAlias = tuple[int, int, int] | str | None


@dataclass(frozen=True)
class DataFile:
    """A Parquet file that stands in the table's folder, or is about to."""

    path: str
    """Relative to the table."""
    day: date
    rows: int
    size: int
    written: int = 0
    """Milliseconds since 1970, as the commit says; 0 before it."""

    @property
    def checksum(self) -> str | None:
        """As its name says it."""
        return named_checksum(self.path)


@dataclass(frozen=True)
class Newest:
    """A version, and its files by day and path."""

    table: DeltaTable
    """For a writer, who takes it away: a commit changes it."""
    files: Sequence[DataFile]
    state: TableVersion
    commit: _CommitFile
    """Tells its commit's file from any other."""

    @property
    def version(self) -> int:
        return self.state.version

    def is_newest(self, uri: str, *, surely: bool) -> bool:
        if _commit(uri, self.version + 1) is not None:
            return False
        asked = time.monotonic()
        if is_bucket(uri) and not surely and asked < _SAME_UNTIL.get(uri, 0):
            return True
        if _commit(uri, self.version) != self.commit:
            return False
        _SAME_UNTIL[uri] = asked + _SAME_FOR
        return True


_NEWEST: dict[str, Newest] = {}
_SAME_FOR = 60.0
"""Seconds in which a reader believes that a table in a bucket is the one that it was."""
_SAME_UNTIL: dict[str, float] = {}


def recall(uri: str) -> Newest | None:
    """What was kept of a table, if it is still so."""
    kept = _NEWEST.get(uri)
    return kept if kept is not None and kept.is_newest(uri, surely=False) else None


def is_kept(uri: str) -> bool:
    """Whether there was such a table when this process last looked."""
    return uri in _NEWEST


def take(uri: str) -> DeltaTable | None:
    """The same for a writer: whoever comes next opens the table again, or is given what the writer keeps."""
    kept = _NEWEST.pop(uri, None)
    return kept.table if kept is not None and kept.is_newest(uri, surely=True) else None


def keep(uri: str, table: DeltaTable, files: Sequence[DataFile]) -> Newest:
    """What a table that was just opened, or committed to, says of itself."""
    version = table.version()
    commit = _commit(uri, version)
    newest = Newest(table, files, TableVersion(str(table.metadata().id), version), commit)
    if commit is not None:
        _NEWEST.pop(uri, None)
        _SAME_UNTIL[uri] = time.monotonic() + _SAME_FOR
        while len(_NEWEST) >= _KEPT:
            first = next(iter(_NEWEST))
            _NEWEST.pop(first, None)
            _SAME_UNTIL.pop(first, None)
        _NEWEST[uri] = newest
    return newest


def _commit(uri: str, version: int) -> _CommitFile:
    """What tells one commit's file from any other; None when there is none. A table that was deleted and made again
    has commits of the same numbers."""
    if is_bucket(uri):
        content = commit_content(uri, version)
        return None if content is None else hashlib.sha256(content).hexdigest()
    try:
        file = Path(f"{uri}/_delta_log/{version:020}.json").stat()
    except FileNotFoundError:
        return None
    return file.st_ino, file.st_mtime_ns, file.st_size


def was_looked_at(uri: str) -> bool:
    """Whether this process has asked before, or has opened the table. What is asked again is better opened once."""
    if uri in _NEWEST or uri in _LOOKED_AT:
        return True
    _LOOKED_AT.add(uri)
    return False


_LOOKED_AT: set[str] = set()


def ends_with(uri: str, state: TableVersion) -> bool:
    """Whether a table's log ends with this state, as far as its first and its last commit tell: the first names the
    table, the last is whole, and none follows. False also where only opening it can tell."""
    if _commit(uri, state.version + 1) is not None:
        return False
    try:
        first = _actions(uri, 0)
        last = _actions(uri, state.version) if state.version else first
        named = [action["metaData"]["id"] for action in first if "metaData" in action]
        renamed = state.version > 0 and any("metaData" in action for action in last)
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return bool(last) and not renamed and named == [state.table_id]


def _actions(uri: str, version: int) -> list[dict[str, Any]]:
    """What a commit did."""
    content = commit_content(uri, version)
    return [json.loads(line) for line in (content or b"").splitlines() if line]


def file_name(day: date, column: str, name: str) -> str:
    """Where a file of a day stands inside its table.

    >>> file_name(date(2025, 12, 2), "as_of", "a.parquet")
    'as_of=2025-12-02/a.parquet'
    """
    return str(PurePosixPath(f"{column}={day.isoformat()}") / name)

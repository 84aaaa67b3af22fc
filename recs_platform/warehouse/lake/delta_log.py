"""What a Delta table's log says of its commits, and how much of it is kept. A commit is a JSON file.

Delta would forget commits by their age. But a version stays what is live until the next one comes, however old it is,
and may be restored for the retention after that: so what is kept goes by when a version was replaced.

Not here: which files a version has (`delta_table.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.warehouse.lake.bucket_files import SETTING

_LOG = "_delta_log"
_HOUSEKEEPING = ("VACUUM", "SET TBLPROPERTIES")
"""How Delta's operations begin that leave the rows as they are."""


@dataclass(frozen=True)
class Commit:
    """What a commit says of itself."""

    version: int
    at: datetime
    operation: str
    note: dict[str, Any]

    @property
    def changed_rows(self) -> bool:
        return not self.operation.startswith(_HOUSEKEEPING)

    def touched(self, day: date) -> bool:
        """Whether a day's slice is what this commit made of it. A commit that names no days is about all of them."""
        if not self.changed_rows:
            return False
        first, last = self.note.get("first"), self.note.get("last")
        if self.operation != "WRITE" or first is None or last is None:
            return True
        return date.fromisoformat(first) <= day <= date.fromisoformat(last)


def commits(uri: str, newest: int, after: int = -1) -> Iterator[Commit]:
    """What the log says of the commits up to a version, newest first, as far back as it remembers. A ValueError says
    that one cannot be read.

    Each is read from its own file: `DeltaTable.history` numbers them wrongly when somebody commits meanwhile.
    """
    for version in range(newest, after, -1):
        entry = _commit_info(uri, version)
        if entry is None:
            return
        yield Commit(
            version,
            datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
            entry["operation"],
            json.loads(entry.get("recs", "{}")),
        )


def _commit_info(uri: str, version: int) -> dict[str, Any] | None:
    content = commit_content(uri, version)
    if content is None:
        return None
    try:
        actions = map(json.loads, content.splitlines())
        info = next((action["commitInfo"] for action in actions if "commitInfo" in action), None)
        if info is None or not isinstance(info["timestamp"], int) or not isinstance(info["operation"], str):
            raise ValueError("it does not say what it is")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{_name(version)}: {error}") from error
    return dict(info)


def commit_content(uri: str, version: int) -> bytes | None:
    """A commit as it was written; None where there is none, or none any more."""
    try:
        if is_bucket(uri):
            return Bucket(uri, SETTING).read(_name(version))
        return (Path(uri) / _name(version)).read_bytes()
    except FileNotFoundError:
        return None


def _name(version: int) -> str:
    return f"{_LOG}/{version:020}.json"


def forget(uri: str, newest: int, horizon: datetime) -> list[str]:
    """Delete the commits that no version needs which was still the newest after the horizon; names them.

    Kept are the commit that made the rows as they were then, and what it can be read from: a checkpoint and all after.
    """
    needed = next((c.version for c in commits(uri, newest) if c.changed_rows and c.at <= horizon), None)
    if needed is None:
        return []
    names = _names(uri)
    checkpoints = {version for name in names if (version := _version(name)) is not None and ".checkpoint" in name}
    begin = max((version for version in checkpoints if version <= needed), default=0)
    old = sorted((version, name) for name in names if (version := _version(name)) is not None and version < begin)
    # From the oldest on, so that what is left has no gap, whenever this ends.
    for _, name in old:
        _delete(uri, name)
    return [f"{_LOG}/{name}" for _, name in old]


def _version(name: str) -> int | None:
    found = re.match(r"(\d{20})\.(json$|checkpoint\.)", name)
    return int(found.group(1)) if found else None


def _names(uri: str) -> Sequence[str]:
    if is_bucket(uri):
        return [Path(name).name for name in Bucket(uri, SETTING).listed(_LOG)]
    return [path.name for path in (Path(uri) / _LOG).iterdir()]


def _delete(uri: str, name: str) -> None:
    if is_bucket(uri):
        Bucket(uri, SETTING).remove([f"{_LOG}/{name}"])
    else:
        (Path(uri) / _LOG / name).unlink(missing_ok=True)

"""What must outlive a machine that loses its power: files and the folders that name them, on a local disk.

A disk keeps a file's bytes and its name apart, and both only when it is asked to. An object store needs no asking.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

_WRITTEN_BY_THEN = 120.0
"""Seconds after which a file needs no more waiting: the system has written it by itself."""


def on_disk(paths: Iterable[Path]) -> None:
    """Wait until the files or folders are on the disk. One that is gone needs no waiting."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> set[Path]:
    """Make a folder, and those above it. Returns the folders that name what is new: a file that comes into it, and
    folders that were made."""
    naming, missing = {folder}, folder
    while not missing.exists():
        missing = missing.parent
        naming.add(missing)
    folder.mkdir(parents=True, exist_ok=True)
    return naming


def commit_on_disk(table: Path, version: int) -> None:
    """Wait until a commit cannot be lost any more, and neither can the one that it stands on."""
    log = table / "_delta_log"
    commits = [log / f"{version:020}.json"]
    before = log / f"{version - 1:020}.json"
    if version and _is_new(before):
        commits.append(before)
    checkpoint = log / f"{version:020}.checkpoint.parquet"
    on_disk([*commits, *([checkpoint, log / "_last_checkpoint"] if checkpoint.exists() else []), log])


def _is_new(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < _WRITTEN_BY_THEN
    except FileNotFoundError:
        return False

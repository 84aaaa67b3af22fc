"""The checksum of a data file stands in its name, so it goes wherever the log goes; and proving files by it.

A file is proved when this process first reads it, and again when it looks different: reading every byte of it once
costs little beside a query, and a later query finds it in memory.

Not here: what is said of a damaged file (`damage.py`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

_NAMED = re.compile(r"\.([0-9a-f]{64})\.parquet$")
_REMEMBERED = 200_000
"""Files; those that were proved first are forgotten first."""
_THREADS = 4

MISSING = "is missing"
OTHER_CHECKSUM = "is not what was written: its checksum is another one"

_PROVED: dict[str, tuple[int, int, int, int]] = {}
"""Path: how the file looked when it was last proved."""


def checksum_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def name_with(path: str, checksum: str) -> str:
    """The file's name with its checksum.

    >>> named_checksum(name_with("as_of=2025-12-02/a.parquet", "0" * 64)) == "0" * 64
    True
    """
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.name.split('.', 1)[0]}.{checksum}.parquet"))


def named_checksum(path: str) -> str | None:
    """The checksum that a file's name says; None of a file of a version that named none."""
    found = _NAMED.search(path)
    return found.group(1) if found else None


def combined(checksums: Sequence[str]) -> str:
    """Of several files, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(checksums)).encode()).hexdigest()


def checksums_of(paths: Sequence[Path]) -> list[str]:
    """Of several files, more than one at a time: hashing leaves the interpreter to others."""
    if len(paths) < 2:
        return [checksum_of(path) for path in paths]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(checksum_of, paths))


def remember(paths: Sequence[Path]) -> None:
    """These files were just written by us, or read whole, and are what they should be."""
    for path in paths:
        _keep(str(path), _looks(path.stat()))


def problems(wanted: Mapping[Path, tuple[int, str | None]]) -> dict[Path, str]:
    """What is wrong with files that should have these sizes and checksums, in words; nothing of those that are whole.
    Where no checksum is known, the size is all that can be asked."""
    found: dict[Path, str] = {}
    unread: dict[Path, tuple[int, int, int, int]] = {}
    for path, (size, checksum) in wanted.items():
        try:
            stat = path.stat()
        except FileNotFoundError:
            found[path] = MISSING
            continue
        if stat.st_size != size:
            found[path] = other_size(stat.st_size, size)
        elif checksum is not None and _PROVED.get(str(path)) != _looks(stat):
            unread[path] = _looks(stat)
    for path, checksum in zip(unread, checksums_of(list(unread)), strict=True):
        if checksum == wanted[path][1]:
            _keep(str(path), unread[path])
        else:
            found[path] = OTHER_CHECKSUM
    return found


def other_size(size: int, wanted: int) -> str:
    """What is wrong with a file, in words, as the two above."""
    return f"has {size:,} bytes instead of {wanted:,}"


def _looks(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _keep(path: str, looks: tuple[int, int, int, int]) -> None:
    while len(_PROVED) >= _REMEMBERED:
        _PROVED.pop(next(iter(_PROVED)), None)
    _PROVED[path] = looks

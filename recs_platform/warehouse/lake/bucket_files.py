"""The Parquet files of a table in a bucket, and the copies of them that are read here.

A file in a bucket is never changed, and its name says its checksum. So it is brought here once, proved by that
checksum, and read from here by whoever needs it next, as a file of a local lake would be: a window of ninety days is
ninety files today and one more tomorrow. Copies that nobody has read for a while make room (`make_room`).

What happens to a file in the bucket after it was brought here is not seen by who reads it, whose rows are those that
were written; who inspects the table reads the bucket.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from recs_platform.file_store.bucket import Bucket, each
from recs_platform.warehouse.lake.checksums import (
    MISSING,
    OTHER_CHECKSUM,
    checksum_of,
    other_size,
    problems,
    remember,
)

_THREADS = 4
_READ_LATELY = 6 * 3_600.0
"""Seconds in which a copy may still be read by a query that has begun."""
_MOST = 20 * 2**30
"""Bytes of copies that are kept."""
_LOOK_AFTER = 2**30
"""Bytes that a process brings here before it looks whether there is room."""
_COPIES = "copies"
SETTING = "RECS_LAKE_URL"

_Wanted = Mapping[str, tuple[int, str | None]]


@dataclass(frozen=True)
class BucketFiles:
    root: str
    location: str
    """The table's URL."""
    scratch: Path

    @property
    def folder(self) -> Path:
        return copies_folder(self.root, self.scratch) / self.location.removeprefix(self.root.rstrip("/")).strip("/")

    def add(self, staged: Path, paths: Mapping[str, str]) -> None:
        each(list(paths.items()), lambda pair: self._bucket.upload(staged / pair[0], pair[1]))
        copies = [self.folder / target for target in paths.values()]
        for path, copy in zip(paths, copies, strict=True):
            copy.parent.mkdir(parents=True, exist_ok=True)
            (staged / path).replace(copy)
        remember(copies)

    def copy(self, other: str, paths: Mapping[str, str]) -> None:
        root = f"{self.root.rstrip('/')}/"
        source, own = other.removeprefix(root), self.location.removeprefix(root)
        whole = Bucket(self.root, SETTING)
        each(list(paths.items()), lambda pair: whole.copy(f"{source}/{pair[0]}", f"{own}/{pair[1]}"))

    def there(self, paths: Sequence[str]) -> bool:
        return len(self.sizes(paths)) == len(paths)

    def sizes(self, paths: Sequence[str]) -> dict[str, int]:
        found = each(paths, self._bucket.stored)
        return {path: stored.size for path, stored in zip(paths, found, strict=True) if stored is not None}

    def remove(self, paths: Sequence[str]) -> None:
        self._bucket.remove(paths)
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)

    @contextmanager
    def sealed(self, paths: Sequence[Path]) -> Iterator[list[Future[str]]]:
        with ThreadPoolExecutor(min(len(paths), _THREADS)) as pool:
            yield [pool.submit(checksum_of, path) for path in paths]

    def unproved(self, files: _Wanted) -> dict[str, str]:
        here = {self.folder / path: wanted for path, wanted in files.items()}
        missing = [path.relative_to(self.folder).as_posix() for path in problems(here)]
        _keep_on(here.keys() - {self.folder / path for path in missing})
        wrong = dict(zip(missing, each(missing, lambda path: self._bring(path, files[path])), strict=True))
        _make_room_after(sum(files[path][0] for path in missing), copies_folder(self.root, self.scratch))
        return {path: what for path, what in wrong.items() if what}

    def inspected(self, files: _Wanted) -> dict[str, str]:
        found = each(list(files), lambda path: self._fetched(path, files[path]))
        return {path: what for path, what in zip(files, found, strict=True) if what}

    def checksums(self, paths: Sequence[str]) -> list[str]:
        digests = each(paths, lambda path: self._digest(path, None)[0])
        return [digest.hexdigest() for digest in digests]

    def _bring(self, path: str, wanted: tuple[int, str | None]) -> str | None:
        """What is wrong with a file; nothing where it is here now."""
        copy = self.folder / path
        unfinished = copy.with_name(f".{uuid.uuid4().hex}")
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as target:
                problem = self._fetched(path, wanted, target)
            if problem is None:
                unfinished.replace(copy)
                remember([copy])
        finally:
            unfinished.unlink(missing_ok=True)
        return problem

    def _fetched(self, path: str, wanted: tuple[int, str | None], target: IO[bytes] | None = None) -> str | None:
        """Read a file in the bucket, and say what is wrong with it."""
        size, checksum = wanted
        try:
            digest, read = self._digest(path, target)
        except FileNotFoundError:
            return MISSING
        if read != size:
            return other_size(read, size)
        return None if checksum in (None, digest.hexdigest()) else OTHER_CHECKSUM

    def _digest(self, path: str, target: IO[bytes] | None) -> tuple[hashlib._Hash, int]:
        digest, read = hashlib.sha256(), 0
        for chunk in self._bucket.read_chunks(path):
            digest.update(chunk)
            read += len(chunk)
            if target is not None:
                target.write(chunk)
        return digest, read

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self.location, SETTING)


def copies_folder(root: str, scratch: Path) -> Path:
    """Where the copies of a lake's files are."""
    return scratch / _COPIES / hashlib.sha256(root.rstrip("/").encode()).hexdigest()[:16]


def sweep_copies(scratch: Path, age: timedelta, *, dry_run: bool) -> dict[str, int]:
    """Delete copies that nobody has read for so long; says which, and their bytes."""
    oldest = time.time() - age.total_seconds()
    return _removed([copy for copy in _copies(scratch / _COPIES) if copy[0] < oldest], dry_run=dry_run)


def make_room(folder: Path, most: int = _MOST) -> None:
    """Delete the copies that were read longest ago, until the others have no more bytes than this; none that a query
    may be reading."""
    copies, lately = sorted(_copies(folder)), time.time() - _READ_LATELY
    total = sum(size for _, size, _ in copies)
    for copy in copies:
        if total <= most or copy[0] > lately:
            return
        _removed([copy], dry_run=False)
        total -= copy[1]


def _make_room_after(brought: int, folder: Path) -> None:
    global _BROUGHT
    _BROUGHT += brought
    if _BROUGHT > _LOOK_AFTER:
        _BROUGHT = 0
        make_room(folder)


_BROUGHT = 0
"""Bytes since this process has looked."""


def _keep_on(copies: Iterable[Path]) -> None:
    """They are read now. Said once an hour: a file whose times change is proved again."""
    for copy in copies:
        with suppress(FileNotFoundError):
            if time.time() - copy.stat().st_mtime > _READ_LATELY / 6:
                os.utime(copy)
                remember([copy])


def _copies(folder: Path) -> list[tuple[float, int, Path]]:
    """When each was read last, and its bytes."""
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
    return found


def _removed(copies: Sequence[tuple[float, int, Path]], *, dry_run: bool) -> dict[str, int]:
    if not dry_run:
        for _, _, path in copies:
            path.unlink(missing_ok=True)
    return {str(path): size for _, size, path in copies}

"""Lines that wait on the disk of the service until somebody takes them: an append is one write, and needs nobody.

What was appended outlives the process, however it ends. Each process writes a file of its own, which it holds locked; a
file that nobody holds is of one that is gone, or was closed, and anybody may take it. Not here: what a line says
(answer_log.py).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

_ENDING = ".jsonl"


class Spool:
    """Bounded: what does not fit is not kept, and counted."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        self._file: int | None = None
        self._path: Path | None = None
        self._written = 0
        self._waiting = 0
        """Bytes of closed files, as last seen."""
        self._numbers = 0
        self._lock = Lock()
        self.kept = 0
        self.lost = 0
        self.trouble = ""
        """Why the newest line was not kept."""

    def append(self, line: bytes) -> bool:
        """Whether it is kept. `line` ends with a newline, and has no other."""
        with self._lock:
            if self._written + self._waiting + len(line) > self._most:
                return self._lose(f"more than {self._most:,} bytes wait already")
            try:
                if self._file is None:
                    self._open()
                assert self._file is not None  # noqa: S101  (it was opened just now)
                written = os.write(self._file, line)
                if written < len(line):
                    # What stands there is no line; the next one begins after it.
                    os.write(self._file, b"\n")
            except OSError as error:
                return self._lose(error.strerror or type(error).__name__)
            if written < len(line):
                return self._lose("the disk is full")
            self._written += written
            self.kept += 1
            self.trouble = ""
            return True

    def close(self) -> None:
        """Leave what was written to whoever takes it."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._waiting += self._written
                self._file, self._path, self._written = None, None, 0

    def waiting(self) -> Iterator[Path]:
        """Files that nobody writes to, the oldest first."""
        found = []
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):
                    if path.suffix == _ENDING and path != self._path:
                        found.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        self._waiting = sum(size for _, size, _ in found)
        yield from (path for _, _, path in sorted(found))

    def forget(self, size: int) -> None:
        """A file of this size is gone."""
        with self._lock:
            self._waiting = max(0, self._waiting - size)

    def _lose(self, why: str) -> bool:
        self.lost += 1
        self.trouble = why
        return False

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            self._numbers += 1
            path = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}-{self._numbers}{_ENDING}"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file).st_nlink:
                break
            # Before it was locked, somebody took it for one that was closed.
            os.close(file)
        self._file, self._path, self._written = file, path, 0


@contextmanager
def taken(path: Path) -> Iterator[bytes | None]:
    """All of a file, held so that nobody else takes it; None where somebody does, or writes to it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        with os.fdopen(os.dup(file), "rb") as opened:
            content = opened.read()
        # Somebody took and deleted it between its opening and its lock.
        yield content if os.fstat(file).st_nlink else None
    finally:
        os.close(file)

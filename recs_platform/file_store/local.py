"""Files in a folder of this machine."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from recs_platform.file_store.protocol import StoredFile

UNFINISHED = ".unfinished-"
"""How the name of a file begins that is being written, or was when its writer was killed."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class LocalFiles:
    root: Path

    def place(self, name: str) -> str:
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def read_chunks(self, name: str) -> Iterator[bytes]:
        with (self.root / name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def write(self, name: str, content: bytes) -> None:
        with self._replacing(name) as file:
            file.write(content)

    def upload(self, source: Path, name: str) -> None:
        with self._replacing(name) as file, source.open("rb") as given:
            shutil.copyfileobj(given, file, _CHUNK)

    def change(self, name: str, make: Callable[[bytes | None], bytes]) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            before = path.read_bytes() if path.exists() else None
            if (after := make(before)) != before:
                self.write(name, after)
        finally:
            os.close(folder)

    def listed(self, folder: str) -> Mapping[str, StoredFile]:
        found = {}
        for path in sorted((self.root / folder).rglob("*")):
            with suppress(FileNotFoundError):
                if not path.is_dir():
                    stat = path.lstat()
                    changed = datetime.fromtimestamp(stat.st_mtime, UTC)
                    found[path.relative_to(self.root).as_posix()] = StoredFile(stat.st_size, changed)
        return found

    def remove(self, names: Sequence[str]) -> None:
        """And the folders that nothing is left in."""
        for name in names:
            (self.root / name).unlink(missing_ok=True)
        for folder in {(self.root / name).parent for name in names}:
            empty = folder
            with suppress(OSError):  # there is something in it
                while empty != self.root:
                    empty.rmdir()
                    empty = empty.parent

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(prefix=UNFINISHED, dir=path.parent, delete=False) as file:
            unfinished = Path(file.name)
            try:
                yield file
                file.close()
                # Temporary files are for their owner alone, whatever the process is told of its files.
                unfinished.chmod(0o666 & ~_umask())
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise


def _umask() -> int:
    """It can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

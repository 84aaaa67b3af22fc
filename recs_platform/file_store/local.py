"""Files in a folder of this machine."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from recs_platform.file_store.protocol import StoredFile

_UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class LocalFiles:
    root: Path

    def place(self, name: str) -> str:
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(prefix=_UNFINISHED, dir=path.parent, delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(content)
                file.close()
                # Temporary files are for their owner alone, whatever the process is told of its files.
                unfinished.chmod(0o666 & ~_umask())
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise

    def upload(self, source: Path, name: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(path)
            return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
        # On another disk it is copied beside its place first.
        with NamedTemporaryFile(prefix=_UNFINISHED, dir=path.parent, delete=False) as file:
            unfinished = Path(file.name)
        try:
            shutil.copy(source, unfinished)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

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


def _umask() -> int:
    """It can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

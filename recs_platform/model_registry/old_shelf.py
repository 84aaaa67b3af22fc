"""Where earlier versions of the platform kept artifacts: `models/<company>/<model>/<digest>/`, files as they are, in a
folder or a bucket. It is only read, to bring versions over (moving.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.errors import StorageError, UnavailableError
from recs_platform.file_store.bucket import each
from recs_platform.file_store.protocol import FileStore
from recs_platform.models.artifact import ArtifactError, prove
from recs_platform.outages import may_recover


@dataclass(frozen=True)
class OldShelf:
    files: FileStore
    """Below RECS_FILES_URL, or in the home."""

    @contextmanager
    def fetched(self, uri: str, digest: str) -> Iterator[Path]:
        """A folder with the artifact that stands at a uri, proved; it is gone when the block ends."""
        place = f"models/{uri}"
        with TemporaryDirectory(prefix="recs-moved-") as scratch:
            folder = Path(scratch)
            try:
                names = [name for name in self.files.listed(place) if name.rpartition("/")[0] == place]
                each(names, lambda name: (folder / name.rpartition("/")[2]).write_bytes(self.files.read(name)))
            except OSError as error:
                if may_recover(error):
                    raise UnavailableError(f"{self.files.place(place)}: it cannot be read just now.") from error
                raise StorageError(f"{self.files.place(place)}: it cannot be read ({error.strerror}).") from error
            try:
                prove(folder, digest=digest)
            except ArtifactError as error:
                where = f"{self.files.place(place)}/{error.path.name}"
                raise ArtifactError(error.path, error.problem, error.remedy, place=where) from None
            yield folder

"""Copies of artifacts on this machine, by their digest. All of it may be deleted at any time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.errors import UnavailableError
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform.models.artifact import ArtifactError, file_names, prove
from recs_platform.outages import may_recover

_ABANDONED_SECONDS = 24 * 3_600


@dataclass(frozen=True)
class Copies:
    root: Path

    def whole(self, artifact_digest: str, digest: str) -> Path | None:
        """The copy, proved; None where there is none, or a damaged one."""
        place = self.place(artifact_digest)
        with suppress(ArtifactError):
            names = file_names(prove(place, digest=digest))
            # What is read now is not swept now.
            with suppress(OSError):
                for name in names:
                    os.utime(place / name)
            return place
        return None

    @contextmanager
    def received(self, artifact_digest: str) -> Iterator[Path]:
        """A folder to bring an artifact to, which becomes its copy when the block ends well. Readers see nothing of it
        before, and then all of it. A killed pull leaves a hidden folder, until a later one sweeps it."""
        place = self.place(artifact_digest)
        with self._explained(place):
            self.root.mkdir(parents=True, exist_ok=True)
            sweep(self.root, ".*")
            with TemporaryDirectory(prefix=f".{place.name}.", dir=self.root) as scratch:
                folder = Path(scratch) / "whole"
                folder.mkdir()
                yield folder
                try:
                    folder.rename(place)
                except OSError:
                    if not place.is_dir():
                        raise
                    # What is there is damaged, or another process was quicker. Each file is replaced in one step by the
                    # same content, so whoever reads it at this moment misses nothing.
                    for file in list(folder.iterdir()):
                        file.replace(place / file.name)

    @contextmanager
    def _explained(self, place: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if may_recover(error):
                raise UnavailableError(f"{place}: it cannot be written just now ({error.strerror}).") from error
            raise ArtifactStoreError(place, error.strerror or str(error)) from error

    def place(self, artifact_digest: str) -> Path:
        return self.root / artifact_digest.removeprefix("sha256:")


def sweep(folder: Path, pattern: str) -> None:
    """Remove what killed processes left in a folder. It takes seconds: what is a day old is nobody's any more."""
    for left in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > _ABANDONED_SECONDS:
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()

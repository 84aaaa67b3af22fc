"""An artifact store in a local folder: `<root>/<name>/<digest>` holds the artifact's files as they are."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.errors import UnavailableError
from recs_platform.model_registry.artifact_store import ArtifactStoreError, StoredArtifact
from recs_platform.models.artifact import ArtifactError, file_names, prove
from recs_platform.models.manifest import Manifest
from recs_platform.outages import may_recover

_ABANDONED_SECONDS = 24 * 3_600


@dataclass(frozen=True)
class FolderStore:
    root: Path
    """A uri is a path below it, so that the whole store may move."""

    def push(self, folder: Path, name: str) -> StoredArtifact:
        manifest = prove(folder)
        uri = f"{name}/{manifest.digest.removeprefix('sha256:')}"
        place = self.root / uri
        try:
            if not _is_whole(place, manifest.digest):
                sweep(place.parent, f".{'[0-9a-f]' * 64}.*")
                _put(folder, manifest, place)
        except OSError as error:
            if may_recover(error):
                raise UnavailableError(f"{place}: the artifact store does not answer ({error.strerror}).") from error
            raise ArtifactStoreError(place, error.strerror or str(error)) from error
        return StoredArtifact(uri, manifest.digest)

    def pull(self, uri: str, digest: str) -> Path:
        place = self.root / uri
        prove(place, digest=digest)
        return place


def sweep(folder: Path, pattern: str) -> None:
    """Remove what killed processes left in a folder. A push takes seconds: what is a day old is nobody's any more."""
    for left in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _put(folder: Path, manifest: Manifest, place: Path) -> None:
    """Copy beside the place, then rename: readers see no artifact or a whole one. A killed push leaves a hidden folder
    that no uri names, until a later one sweeps it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as scratch:
        copied = Path(scratch) / "whole"
        copied.mkdir()
        for file in file_names(manifest):
            shutil.copyfile(folder / file, copied / file)
        prove(copied, digest=manifest.digest)
        try:
            copied.rename(place)
        except OSError:
            if not place.is_dir():
                raise
            # What is there is damaged, or another process was quicker. Each file is replaced in one step by the same
            # content, so whoever reads or mends it at this moment misses nothing.
            for file in file_names(manifest):
                (copied / file).replace(place / file)


def _is_whole(place: Path, digest: str) -> bool:
    try:
        prove(place, digest=digest)
    except ArtifactError:
        return False
    return True

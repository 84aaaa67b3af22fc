"""An artifact store in a bucket: `<root>/<name>/<digest>/` holds the artifact's files as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.errors import StorageError
from recs_platform.file_store.bucket import Bucket, each
from recs_platform.model_registry.artifact_store import ArtifactStoreError, StoredArtifact
from recs_platform.model_registry.folder_store import FolderStore
from recs_platform.models.artifact import MANIFEST, SEAL, ArtifactError, file_names, prove


@dataclass(frozen=True)
class BucketStore:
    bucket: Bucket
    """A uri is a path below it, so that the whole store may move; and the same as in a folder's store."""
    copies: Path
    """A local folder for what is pulled, which may be deleted at any time."""

    def push(self, folder: Path, name: str) -> StoredArtifact:
        manifest = prove(folder)
        uri = f"{name}/{manifest.digest.removeprefix('sha256:')}"
        try:
            if not self._is_whole(uri, manifest.digest):
                # Nobody names the artifact before all of it is there.
                of_model = [file for file in file_names(manifest) if file not in (MANIFEST, SEAL)]
                each(of_model, lambda file: self.bucket.upload(folder / file, f"{uri}/{file}"))
                for file in (SEAL, MANIFEST):
                    self.bucket.upload(folder / file, f"{uri}/{file}")
        except StorageError as error:
            raise ArtifactStoreError(self.bucket.place(uri), str(error)) from error
        return StoredArtifact(uri, manifest.digest)

    def pull(self, uri: str, digest: str) -> Path:
        with TemporaryDirectory(prefix="recs-pulled-") as scratch:
            self._fetch(uri, digest, Path(scratch))
            name = uri.rpartition("/")[0]
            kept = FolderStore(self.copies)
            return kept.pull(kept.push(Path(scratch), name).uri, digest)

    def _is_whole(self, uri: str, digest: str) -> bool:
        with TemporaryDirectory(prefix="recs-pulled-") as scratch:
            try:
                self._fetch(uri, digest, Path(scratch))
            except ArtifactError:
                return False
        return True

    def _fetch(self, uri: str, digest: str, folder: Path) -> None:
        """Bring every file here, and prove it."""
        names = [name for name in self.bucket.listed(uri) if name.rpartition("/")[0] == uri]
        each(names, lambda name: (folder / name.rpartition("/")[2]).write_bytes(self.bucket.read(name)))
        try:
            prove(folder, digest=digest)
        except ArtifactError as error:
            place = self.bucket.place(f"{uri}/{error.path.name}")
            raise ArtifactError(error.path, error.problem, error.remedy, place=place) from None

"""An artifact store of OCI artifacts, wherever their repositories are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from recs_platform.errors import StorageError
from recs_platform.file_store.bucket import each
from recs_platform.model_registry.artifact_store import ArtifactStoreError, StoredArtifact, TagTakenError
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_manifest import (
    EMPTY,
    EMPTY_BLOB,
    Blob,
    OciArtifact,
    StrangeArtifactError,
    is_digest,
    packed,
    unpacked,
    write_proved,
)
from recs_platform.model_registry.repositories import Repositories
from recs_platform.models.artifact import ArtifactError, file_names, prove

_PUSH_AGAIN = "Restore what the store has lost, or train a new model"


@dataclass(frozen=True)
class OciStore:
    repositories: Repositories
    copies: Copies

    def repository(self, name: str) -> str:
        return self.repositories.repository(name)

    def push(self, folder: Path, name: str) -> StoredArtifact:
        manifest, repository = prove(folder), self.repository(name)
        artifact = packed(folder, file_names(manifest))
        with self._explained(repository, artifact.digest):
            sources: dict[Blob, Path | bytes] = {blob: folder / name for name, blob in artifact.files.items()}
            sources[EMPTY_BLOB] = EMPTY
            missing = [blob for blob in artifact.blobs if not self.repositories.has(repository, blob)]
            each(missing, lambda blob: self.repositories.put(repository, blob, sources[blob]))
            # Nobody names the manifest before all of it is there.
            self.repositories.put_manifest(repository, artifact.content)
        return StoredArtifact(repository, artifact.digest, manifest.digest)

    def tag(self, repository: str, artifact_digest: str, tag: str) -> None:
        place = self.repositories.place(repository, tag)
        with self._explained(repository, tag):
            named = self.repositories.tagged(repository, tag)
            if named is None:
                artifact = self._artifact(repository, artifact_digest)
                named = self.repositories.tag(repository, tag, artifact.content)
        if named != artifact_digest:
            raise TagTakenError(
                place,
                f"the tag names {named}, and not {artifact_digest}; a tag is never moved",
                "Find out who put it there, and move it back or name another place for artifacts",
            )

    def tagged(self, repository: str, tag: str) -> str | None:
        with self._explained(repository, tag):
            return self.repositories.tagged(repository, tag)

    def pull(self, repository: str, artifact_digest: str, digest: str) -> Path:
        if not is_digest(artifact_digest):
            raise self._damaged(repository, artifact_digest, FileNotFoundError())
        if not self.repositories.is_near and (copy := self.copies.whole(artifact_digest, digest)):
            return copy
        with self.copies.received(artifact_digest) as folder:
            self._fetch(repository, artifact_digest, digest, folder)
        return self.copies.place(artifact_digest)

    def prove(self, repository: str, artifact_digest: str, digest: str) -> None:
        with TemporaryDirectory(prefix="recs-pulled-") as scratch:
            self._fetch(repository, artifact_digest, digest, Path(scratch))

    def _fetch(self, repository: str, artifact_digest: str, digest: str, folder: Path) -> None:
        """Bring every file here. Each is proved by its digest before anything reads it, and then as a model."""
        with self._explained(repository, artifact_digest):
            artifact = self._artifact(repository, artifact_digest)

            def bring(name: str) -> None:
                blob = artifact.files[name]
                try:
                    write_proved(self.repositories.chunks(repository, blob), blob, folder / name)
                except (StrangeArtifactError, FileNotFoundError) as error:
                    raise self._damaged(repository, artifact_digest, error, name) from error

            each(list(artifact.files), bring)
        try:
            prove(folder, digest=digest)
        except ArtifactError as error:
            place = self.repositories.place(repository, artifact_digest)
            raise ArtifactError(error.path, error.problem, error.remedy, place=place) from None

    def _artifact(self, repository: str, artifact_digest: str) -> OciArtifact:
        try:
            return unpacked(self.repositories.manifest(repository, artifact_digest), artifact_digest)
        except (StrangeArtifactError, FileNotFoundError) as error:
            raise self._damaged(repository, artifact_digest, error) from error

    def _damaged(self, repository: str, reference: str, error: Exception, file: str = "") -> ArtifactError:
        place = self.repositories.place(repository, reference)
        problem = "it is not there" if isinstance(error, FileNotFoundError) else str(error)
        return ArtifactError(Path(file or reference), problem, _PUSH_AGAIN, place=f"{place} {file}".rstrip())

    @contextmanager
    def _explained(self, repository: str, reference: str) -> Iterator[None]:
        """What a person must settle is the artifact store's."""
        try:
            yield
        except ArtifactStoreError:
            raise
        except StorageError as error:
            raise ArtifactStoreError(self.repositories.place(repository, reference), str(error)) from error

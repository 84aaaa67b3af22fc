"""Where artifacts are kept: an interface, so that a folder, a bucket and a registry look the same from above.

An artifact is an OCI artifact: a manifest that names each file by its digest, in a repository of its company and model,
under a tag that is the version's number. Not here: how it is laid out (oci_manifest.py), what a model's folder is
(`models/artifact.py`), and which versions there are (registry.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recs_platform.errors import StorageError


@dataclass(frozen=True)
class StoredArtifact:
    repository: str
    """As people and tools name it: of a registry with its host, of a layout the name of its folder."""
    artifact_digest: str
    """Of the OCI manifest, by which the artifact is addressed. The same content has the same in every repository."""
    digest: str
    """The model's, which names every byte of its folder."""


class ArtifactStore(Protocol):
    """Keeps folders by the digest of their content. Any number of processes may push and pull at once.

    An ArtifactStoreError says that a person must act; an UnavailableError that the store does not answer just now; an
    ArtifactError that an artifact is missing, damaged or another one.
    """

    def repository(self, name: str) -> str:
        """Where artifacts of a name such as `metro-offer_ranking` are pushed to."""
        ...

    def push(self, folder: Path, name: str) -> StoredArtifact:
        """Store a model's folder, whole or not at all, under no tag yet.

        A folder that is not what its manifest says is refused. What the store has is looked at first: what is whole
        stays as it is, and what is damaged is replaced.
        """
        ...

    def tag(self, repository: str, artifact_digest: str, tag: str) -> None:
        """Give a pushed artifact its tag. One that is there already with this content is left alone; one that names
        other content is never moved: a TagTakenError says so."""
        ...

    def tagged(self, repository: str, tag: str) -> str | None:
        """The digest of the artifact under a tag; None where there is no such tag."""
        ...

    def pull(self, repository: str, artifact_digest: str, digest: str) -> Path:
        """A local folder with the artifact, every byte of it proved; for reading only.

        A whole copy that an earlier pull from afar has left spares the way.
        """
        ...

    def prove(self, repository: str, artifact_digest: str, digest: str) -> None:
        """The same for who wants to know: what the store itself has is read, whatever copies there are."""
        ...


class ArtifactStoreError(StorageError):
    """A store that cannot be used until somebody acts, such as by making room or giving access; one that does not
    answer just now raises an UnavailableError."""

    def __init__(self, place: Path | str, problem: str, remedy: str = "Make room or give access") -> None:
        super().__init__(f"{place}: the artifact store cannot be used ({problem}). {remedy}")
        self.place, self.problem, self.remedy = place, problem, remedy


class TagTakenError(ArtifactStoreError):
    """The tag is there already, and names other content."""

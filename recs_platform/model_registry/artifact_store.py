"""Where artifacts are kept: an interface, so that a folder and a registry of OCI artifacts look the same from above.

Not here: the folder (folder_store.py), what an artifact is (`models/artifact.py`), and which models there are
(registry.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recs_platform.errors import StorageError


@dataclass(frozen=True)
class StoredArtifact:
    uri: str
    """Where it is kept, in the store's own words; the registry remembers it."""
    digest: str
    """The model's, which names every byte of the artifact."""


class ArtifactStore(Protocol):
    """Keeps folders by the digest of their content. Any number of processes may push and pull at once."""

    def push(self, folder: Path, name: str) -> StoredArtifact:
        """Store an artifact under a name such as `metro/offer_ranking`, whole or not at all.

        A folder that is not what its manifest says is refused. What the store has is looked at first: a whole artifact
        with this digest stays as it is, and a damaged one is replaced. A store whose names can be moved, such as a
        registry's tags, so never moves one to other content. An ArtifactStoreError says why nothing was stored.
        """
        ...

    def pull(self, uri: str, digest: str) -> Path:
        """A local folder with the artifact, every byte of it proved; for reading only.

        An ArtifactError says that it is missing, damaged or another one; an ArtifactStoreError that the store cannot
        be asked.
        """
        ...


class ArtifactStoreError(StorageError):
    """A store that cannot be used until somebody makes room or gives access; one that does not answer just now raises
    an UnavailableError."""

    def __init__(self, place: Path | str, problem: str) -> None:
        super().__init__(f"{place}: the artifact store cannot be used ({problem}). Make room or give access")
        self.place, self.problem = place, problem

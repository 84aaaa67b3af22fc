"""What OCI artifacts are made of, wherever they are: blobs and manifests by digest, and tags, in repositories.

A layout in files (oci_layout.py) and a registry (oci_registry.py) are two of it; oci_store.py makes an artifact store
of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from recs_platform.model_registry.oci_manifest import Blob


class Repositories(Protocol):
    """A FileNotFoundError says that there is no such blob or manifest. What it gives is nothing that it proves."""

    @property
    def is_near(self) -> bool:
        """Whether reading it is reading files of this machine: then no copy stands in for it."""
        ...

    def repository(self, name: str) -> str: ...

    def place(self, repository: str, reference: str) -> str:
        """How people find it."""
        ...

    def has(self, repository: str, blob: Blob) -> bool:
        """Whether it is there and whole, as far as that can be mended here."""
        ...

    def put(self, repository: str, blob: Blob, source: Path | bytes) -> None: ...

    def chunks(self, repository: str, blob: Blob) -> Iterator[bytes]: ...

    def manifest(self, repository: str, digest: str) -> bytes: ...

    def put_manifest(self, repository: str, content: bytes) -> None:
        """By its digest, after all that it names."""
        ...

    def tagged(self, repository: str, tag: str) -> str | None:
        """The digest of the manifest under a tag."""
        ...

    def tag(self, repository: str, tag: str, content: bytes) -> str:
        """Put a tag, which was just looked for in vain, on a manifest; gives the digest that it then names, which is
        another one where somebody else came at the same moment."""
        ...

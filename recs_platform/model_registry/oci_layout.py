"""Repositories as OCI image layouts in files: each a folder with `oci-layout`, `index.json` and `blobs/`, which any
tool for OCI images reads, such as `skopeo inspect --raw oci:artifacts/metro-offer_ranking:1`.

Blobs come first, the index last, and each file whole or not at all; so a killed push leaves nothing that is named.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recs_platform.errors import UnavailableError
from recs_platform.file_store.local import UNFINISHED, LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform.model_registry.copies import sweep
from recs_platform.model_registry.oci_manifest import (
    ARTIFACT_TYPE,
    MANIFEST_BYTES,
    MANIFEST_TYPE,
    Blob,
    digest_of,
    is_digest,
    read_capped,
)
from recs_platform.outages import may_recover

_LAYOUT, _INDEX = "oci-layout", "index.json"
_VERSION = b'{"imageLayoutVersion":"1.0.0"}'
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_TAG = "org.opencontainers.image.ref.name"
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Layouts:
    files: FileStore
    """Of the folder that the layouts stand in; a repository is named by its own folder alone, so all may move."""

    @property
    def is_near(self) -> bool:
        return isinstance(self.files, LocalFiles)

    def repository(self, name: str) -> str:
        return name

    def place(self, repository: str, reference: str) -> str:
        return f"{self.files.place(repository)}{'@' if is_digest(reference) else ':'}{reference}"

    def has(self, repository: str, blob: Blob) -> bool:
        found = hashlib.sha256()
        try:
            for chunk in self.chunks(repository, blob):
                found.update(chunk)
        except FileNotFoundError:
            return False
        return f"sha256:{found.hexdigest()}" == blob.digest

    def put(self, repository: str, blob: Blob, source: Path | bytes) -> None:
        name = _blob(repository, blob.digest)
        with self._explained(repository):
            if isinstance(source, bytes):
                self.files.write(name, source)
            else:
                self.files.upload(source, name)

    def chunks(self, repository: str, blob: Blob) -> Iterator[bytes]:
        with self._explained(repository):
            yield from self.files.read_chunks(_blob(repository, blob.digest))

    def manifest(self, repository: str, digest: str) -> bytes:
        with self._explained(repository):
            return read_capped(self.files.read_chunks(_blob(repository, digest)), MANIFEST_BYTES)

    def put_manifest(self, repository: str, content: bytes) -> None:
        blob = Blob(digest_of(content), len(content))
        if not self.has(repository, blob):
            self.put(repository, blob, content)
        with self._explained(repository):
            self.files.change(f"{repository}/{_LAYOUT}", lambda _: _VERSION)
        self._sweep(repository)

    def tagged(self, repository: str, tag: str) -> str | None:
        try:
            with self._explained(repository):
                index = self.files.read(_name(repository, _INDEX))
        except FileNotFoundError:
            return None
        return self._tags(repository, index).get(tag)

    def tag(self, repository: str, tag: str, content: bytes) -> str:
        named = ""

        def tagged(before: bytes | None) -> bytes:
            nonlocal named
            tags = self._tags(repository, before) if before is not None else {}
            named = tags.get(tag) or digest_of(content)
            index = json.loads(before) if before is not None else _empty()
            if tag not in tags:
                index["manifests"].append(_entry(tag, content))
            return before if before is not None and tag in tags else json.dumps(index, separators=(",", ":")).encode()

        with self._explained(repository):
            self.files.change(_name(repository, _INDEX), tagged)
        return named

    def _tags(self, repository: str, index: bytes) -> dict[str, str]:
        try:
            found: dict[str, str] = {}
            entries = json.loads(index)["manifests"]
            if not isinstance(entries, list):
                raise TypeError
            for entry in entries:
                tag = (entry.get("annotations") or {}).get(_TAG)
                if isinstance(tag, str) and is_digest(entry["digest"]):
                    found.setdefault(tag, entry["digest"])
            return found
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ArtifactStoreError(
                self.files.place(f"{repository}/{_INDEX}"),
                "it is not the index of an OCI image layout",
                "Put the file aside and tag the versions again: recs models move COMPANY",
            ) from None

    def _sweep(self, repository: str) -> None:
        if isinstance(self.files, LocalFiles):
            for folder in (repository, f"{repository}/blobs/sha256"):
                sweep(self.files.root / folder, f"{UNFINISHED}*")

    @contextmanager
    def _explained(self, repository: str) -> Iterator[None]:
        """A bucket says what is wrong itself; a disk raises its own errors."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            place = self.files.place(repository)
            if may_recover(error):
                raise UnavailableError(f"{place}: the artifact store does not answer ({error.strerror}).") from error
            raise ArtifactStoreError(place, error.strerror or str(error)) from error


def _name(repository: str, name: str) -> str:
    if not _REPOSITORY.fullmatch(repository):
        raise FileNotFoundError(repository)
    return f"{repository}/{name}"


def _blob(repository: str, digest: str) -> str:
    if not is_digest(digest):
        raise FileNotFoundError(digest)
    return _name(repository, f"blobs/sha256/{digest.removeprefix('sha256:')}")


def _empty() -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": []}


def _entry(tag: str, content: bytes) -> dict[str, Any]:
    return {
        "mediaType": MANIFEST_TYPE,
        "digest": digest_of(content),
        "size": len(content),
        "annotations": {_TAG: tag},
        "artifactType": ARTIFACT_TYPE,
    }

"""A model's folder as an OCI artifact: a manifest with a layer per file, always the same for the same files.

What comes from a store is a stranger's: its manifest is taken only if it is of this form, whatever its digest. Not
here: where manifests and blobs are kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARTIFACT_TYPE = "application/vnd.recs.model.v1"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
FILE_TYPE = "application/vnd.recs.model.file.v1"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"
TITLE = "org.opencontainers.image.title"

MANIFEST_BYTES = 1024 * 1024
LAYER_BYTES = 2**30
"""Most of one file: hundreds of times what models have."""
LAYERS = 32
CHUNK = 1024 * 1024

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class StrangeArtifactError(ValueError):
    """What a store gave is no artifact that training pushes, or not the one that was asked for."""


@dataclass(frozen=True)
class Blob:
    """Content by its digest."""

    digest: str
    size: int


@dataclass(frozen=True)
class OciArtifact:
    content: bytes
    """The manifest's own bytes."""
    files: dict[str, Blob]

    @property
    def digest(self) -> str:
        return digest_of(self.content)

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """All that the manifest names, once each: that of the empty config first."""
        return tuple(dict.fromkeys((EMPTY_BLOB, *self.files.values())))


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


EMPTY_BLOB = Blob(digest_of(EMPTY), len(EMPTY))


def packed(folder: Path, names: Iterable[str]) -> OciArtifact:
    """The artifact of a folder's files."""
    files = {name: blob_of(folder / name) for name in sorted(names)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": {"mediaType": EMPTY_TYPE, "digest": EMPTY_BLOB.digest, "size": EMPTY_BLOB.size},
        "layers": [
            {"mediaType": FILE_TYPE, "digest": blob.digest, "size": blob.size, "annotations": {TITLE: name}}
            for name, blob in files.items()
        ],
    }
    return OciArtifact(json.dumps(manifest, separators=(",", ":")).encode(), files)


def unpacked(content: bytes, digest: str) -> OciArtifact:
    """The artifact that a store says has this digest; a StrangeArtifactError says why it is not taken."""
    if digest_of(content) != digest:
        raise StrangeArtifactError(f"its digest is not {digest}")
    try:
        manifest = json.loads(content)
        if manifest["artifactType"] != ARTIFACT_TYPE:
            raise StrangeArtifactError(f"it is not of the type {ARTIFACT_TYPE}")
        layers = [(str(layer["annotations"][TITLE]), _blob(layer)) for layer in manifest["layers"]]
    except StrangeArtifactError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StrangeArtifactError("it is not the manifest of a model") from None
    files = dict(layers)
    if strange := [name for name in files if not _FILE.fullmatch(name)]:
        raise StrangeArtifactError(f"a file of it has the name {strange[0][:80]!r}")
    if len(files) != len(layers) or not 0 < len(files) <= LAYERS:
        raise StrangeArtifactError(f"it has {len(layers)} files, of {len(files)} names")
    return OciArtifact(content, files)


def _blob(layer: Any) -> Blob:
    digest, size = layer["digest"], layer["size"]
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or type(size) is not int:
        raise StrangeArtifactError("a file of it has no digest of SHA-256 or no size")
    if not 0 <= size <= LAYER_BYTES:
        raise StrangeArtifactError(f"a file of it has {size} bytes; the most is {LAYER_BYTES}")
    return Blob(digest, size)


def write_proved(chunks: Iterable[bytes], blob: Blob, path: Path) -> None:
    """Write what a store sends, if it is what its digest says; it is not read further than it may be long."""
    found, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > blob.size:
                break
            found.update(chunk)
            file.write(chunk)
    if size != blob.size or f"sha256:{found.hexdigest()}" != blob.digest:
        path.unlink()
        raise StrangeArtifactError("its bytes are not those that the manifest names")


def blob_of(path: Path) -> Blob:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
        return Blob(f"sha256:{found.hexdigest()}", file.tell())


def read_capped(chunks: Iterable[bytes], most: int) -> bytes:
    """What a store sends, and no more than it may be."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > most:
            raise StrangeArtifactError(f"it has more than {most} bytes")
    return bytes(content)


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None

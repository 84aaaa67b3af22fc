"""A second artifact store, which works like a registry of OCI artifacts.

Files are blobs by their hash. A tag, which anybody may move, lists those of an artifact. What is pulled is unpacked
into a local folder.

It is here to hold the interface against something that is not a folder per artifact, and promises nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from recs_platform.model_registry.artifact_store import StoredArtifact
from recs_platform.models.artifact import ArtifactError, file_names, prove
from recs_platform.models.manifest import sha256


@dataclass(frozen=True)
class TagStore:
    registry: Path
    unpacked: Path

    def push(self, folder: Path, name: str) -> StoredArtifact:
        manifest = prove(folder)
        uri = f"{name}:{manifest.digest.removeprefix('sha256:')}"
        try:
            self.pull(uri, manifest.digest)
        except ArtifactError:
            # Blobs first: a tag never names one that is not there.
            blobs = {file: self._blob((folder / file).read_bytes()) for file in file_names(manifest)}
            self._write(self._tag(uri), json.dumps(blobs).encode())
        return StoredArtifact(uri, manifest.digest)

    def pull(self, uri: str, digest: str) -> Path:
        self.unpacked.mkdir(parents=True, exist_ok=True)
        fetched = Path(mkdtemp(dir=self.unpacked))
        try:
            for file, blob in json.loads(self._tag(uri).read_bytes()).items():
                (fetched / file).write_bytes((self.registry / "blobs" / blob).read_bytes())
        except (OSError, ValueError) as error:
            shutil.rmtree(fetched)
            raise ArtifactError(self._tag(uri), f"it cannot be pulled ({error})", "Push it again") from error
        prove(fetched, digest=digest)
        return fetched

    def _blob(self, content: bytes) -> str:
        self._write(self.registry / "blobs" / sha256(content), content)
        return sha256(content)

    def _tag(self, uri: str) -> Path:
        return self.registry / "tags" / uri.replace("/", "_")

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.rename(path)

"""Repositories in a registry of OCI artifacts, such as Artifact Registry, or `docker-registry` on this machine.

A registry moves a tag for whoever asks it to. So a tag is looked for before it is put, and looked at again after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from oras.container import Container
from oras.provider import Registry

from recs_platform.errors import ConfigError
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform.model_registry.oci_client import client_of, failure
from recs_platform.model_registry.oci_manifest import (
    CHUNK,
    MANIFEST_BYTES,
    MANIFEST_TYPE,
    Blob,
    StrangeArtifactError,
    digest_of,
    is_digest,
    read_capped,
)

_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class RegistryRepositories:
    root: str
    """A host, perhaps with a port, and the path that repositories stand below."""
    is_near = False

    @property
    def host(self) -> str:
        return self.root.partition("/")[0]

    def repository(self, name: str) -> str:
        if not _REPOSITORY.fullmatch(name):
            raise ConfigError(
                f"RECS_ARTIFACTS_URL: a registry can have no repository {name}; a company's name must be of small "
                "letters and digits, with single underscores between them"
            )
        return f"{self.root}/{name}"

    def place(self, repository: str, reference: str) -> str:
        return f"{repository}{'@' if is_digest(reference) else ':'}{reference}"

    def has(self, repository: str, blob: Blob) -> bool:
        """A registry proves what is uploaded to it; whether it has kept it well, a pull tells."""
        client, container = self._client(repository)
        return bool(client.blob_exists({"digest": blob.digest}, container))

    def put(self, repository: str, blob: Blob, source: Path | bytes) -> None:
        client, container = self._client(repository)
        with TemporaryDirectory(prefix="recs-pushed-") as scratch:
            if isinstance(source, bytes):
                path = Path(scratch) / "blob"
                path.write_bytes(source)
            else:
                path = source
            client.put_upload(str(path), container, {"digest": blob.digest, "size": blob.size})

    def chunks(self, repository: str, blob: Blob) -> Iterator[bytes]:
        client, container = self._client(repository)
        response = client.get_blob(container, blob.digest, stream=True)
        if response.status_code == 404:
            raise FileNotFoundError(blob.digest)
        yield from self._content(response)

    def manifest(self, repository: str, digest: str) -> bytes:
        content = self._manifest(repository, digest)
        if content is None:
            raise FileNotFoundError(digest)
        return content

    def put_manifest(self, repository: str, content: bytes) -> None:
        if self._manifest(repository, digest_of(content)) != content:
            self._put(repository, digest_of(content), content)

    def tagged(self, repository: str, tag: str) -> str | None:
        try:
            content = self._manifest(repository, tag)
        except StrangeArtifactError as error:
            raise ArtifactStoreError(
                self.place(repository, tag), str(error), "Find out who put the tag there"
            ) from error
        return None if content is None else digest_of(content)

    def tag(self, repository: str, tag: str, content: bytes) -> str:
        self._put(repository, tag, content)
        return self.tagged(repository, tag) or "nothing"

    def _manifest(self, repository: str, reference: str) -> bytes | None:
        if not (is_digest(reference) or _TAG.fullmatch(reference)):
            return None
        client, container = self._client(repository)
        url = f"{client.prefix}://{container.manifest_url(reference)}"
        response = client.do_request(url, headers={"Accept": MANIFEST_TYPE}, stream=True)
        if response.status_code == 404:
            response.close()
            return None
        return read_capped(self._content(response), MANIFEST_BYTES)

    def _put(self, repository: str, reference: str, content: bytes) -> None:
        client, container = self._client(repository)
        url = f"{client.prefix}://{container.manifest_url(reference)}"
        client.do_request(url, "PUT", data=content, headers={"Content-Type": MANIFEST_TYPE})

    def _content(self, response: requests.Response) -> Iterator[bytes]:
        try:
            with response:
                yield from response.iter_content(CHUNK)
        except requests.RequestException as error:
            raise failure(self.host, error) from error

    def _client(self, repository: str) -> tuple[Registry, Container]:
        host, _, path = repository.partition("/")
        container = Container("repository", registry=host)
        namespace, _, container.repository = path.rpartition("/")
        container.namespace = namespace or None
        return client_of(host), container

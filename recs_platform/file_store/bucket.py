"""Files in a bucket, through the object store that Delta brings along: `gs://` and `s3://`, let in by the stores' own
variables. A `file://` URL stands for a store in tests.

A file that is written can be read once all of it is there. What a killed writer leaves is an upload that was begun and
that nobody sees; a rule of the bucket deletes those (docs/operations.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recs_platform.file_store.protocol import StoredFile
from recs_platform.file_store.store_errors import RETRIES, store_failure

if TYPE_CHECKING:
    from deltalake._internal import DeltaFileSystemHandler

_CHUNK = 8 * 1024 * 1024
_THREADS = 8

_Given = TypeVar("_Given")


def is_bucket(url: str) -> bool:
    return "://" in url


def client_options(url: str) -> dict[str, str] | None:
    """What Delta is told of a store beside the person's own variables; nothing of a folder."""
    if not url.startswith(("gs://", "s3://")):
        return None
    # A commit is a file that must not be there yet: what keeps two writers apart.
    return RETRIES | ({"aws_conditional_put": "etag"} if url.startswith("s3://") else {})


@dataclass(frozen=True)
class Bucket:
    url: str
    """Of a folder in a bucket."""
    setting: str
    """The variable that names it, for messages."""

    def place(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}"

    def read(self, name: str) -> bytes:
        with self._explained():
            file = self._client.open_input_file(self._path(name))
            return bytes(file.read(file.size()))

    def read_chunks(self, name: str) -> Iterator[bytes]:
        """A file of any size."""
        with self._explained():
            file = self._client.open_input_file(self._path(name))
            while chunk := file.read(_CHUNK):
                yield bytes(chunk)

    def write(self, name: str, content: bytes) -> None:
        self._written(name, iter([content]))

    def upload(self, source: Path, name: str) -> None:
        with source.open("rb") as file:
            self._written(name, iter(lambda: file.read(_CHUNK), b""))

    def copy(self, name: str, target: str) -> None:
        """Within the bucket; no byte passes through here."""
        with self._explained():
            self._client.copy_file(self._path(name), self._path(target))

    def stored(self, name: str) -> StoredFile | None:
        """None where there is no such file."""
        with self._explained():
            (info,) = self._client.get_file_info([self._path(name)])
        return _stored(info) if info.is_file else None

    def listed(self, folder: str) -> Mapping[str, StoredFile]:
        path = self._path(folder).rstrip("/")
        with self._explained():
            infos = self._client.get_file_info_selector(path, allow_not_found=True, recursive=True)
        before = len(self._path(""))
        return {info.path[before:]: _stored(info) for info in sorted(infos, key=lambda i: i.path) if info.is_file}

    def remove(self, names: Sequence[str]) -> None:
        def remove(name: str) -> None:
            with self._explained():
                try:
                    self._client.delete_file(self._path(name))
                except FileNotFoundError as error:
                    if store_failure(error, self.url, self.setting):
                        raise

        each(names, remove)

    def _written(self, name: str, chunks: Iterator[bytes]) -> None:
        with self._explained():
            # deltalake's public PyArrow wrapper hands its stream buffers that the stream refuses; the stream itself
            # works. It is closed when all is written, and only then: closing is what makes the file.
            stream = self._client.open_output_stream(self._path(name))
            for chunk in chunks:
                stream.write(chunk)
            stream.close()  # type: ignore[attr-defined]  # missing in deltalake's stub

    def _path(self, name: str) -> str:
        """In the bucket."""
        return f"{_split(self.url)[1]}/{name}".lstrip("/")

    @property
    def _client(self) -> DeltaFileSystemHandler:
        # One for the whole bucket: each would have connections and a token of its own.
        return _client(_split(self.url)[0], os.getpid())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            failure = store_failure(error, self.url, self.setting)
            if failure is None:
                raise
            raise failure from error


def each(given: Sequence[_Given], do: Callable[[_Given], Any]) -> list[Any]:
    """Several at a time: what takes long is the way to the store."""
    if len(given) < 2:
        return [do(one) for one in given]
    with ThreadPoolExecutor(min(len(given), _THREADS)) as pool:
        return list(pool.map(do, given))


def _split(url: str) -> tuple[str, str]:
    """A bucket, and the path in it.

    >>> _split("gs://bucket/some/path/"), _split("s3://bucket"), _split("file:///some/folder")
    (('gs://bucket', 'some/path'), ('s3://bucket', ''), ('file:///', 'some/folder'))
    """
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        return "file:///", rest.strip("/")
    bucket, _, path = rest.partition("/")
    return f"{scheme}://{bucket}", path.strip("/")


@lru_cache(maxsize=16)
def _client(bucket: str, process: int) -> DeltaFileSystemHandler:  # noqa: ARG001  (a forked child gets its own)
    from deltalake._internal import DeltaFileSystemHandler

    return DeltaFileSystemHandler(bucket, client_options(bucket))


def _stored(info: Any) -> StoredFile:
    changed = datetime.fromtimestamp(info.mtime_ns / 1e9, UTC) if info.mtime_ns else datetime.fromtimestamp(0, UTC)
    return StoredFile(info.size, changed)

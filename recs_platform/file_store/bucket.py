"""Files in a bucket, `gs://` or `s3://`, which lets this process in by the stores' own variables. A `file://` URL
stands for a store in tests.

A file that is written can be read once all of it is there. What a killed writer leaves of a large one is an upload that
was begun and that nobody sees; a rule of the bucket deletes those (docs/operations.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recs_platform.errors import ConflictError, PlatformError, StorageError
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import StoredFile
from recs_platform.file_store.store_errors import plain, store_failure

if TYPE_CHECKING:
    from obstore import Attributes, ObjectMeta, PutMode, UpdateVersion
    from obstore.store import ObjectStore

_CHUNK = 8 * 1024 * 1024
_THREADS = 8
_CONNECT, _REQUEST = timedelta(seconds=10), timedelta(seconds=120)
"""A server that is there answers soon; a request that moves a large file takes its time."""
_RETRIES, _TRIES_FOR = 8, timedelta(seconds=60)
"""What may have been an accident is tried again, with back-off."""

_CHANGES = 20
"""How often a file is changed again that somebody else has changed meanwhile."""

_TYPES = {".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".svg": "image/svg+xml"}
"""What people open: a browser shows them, where the store says what they are."""

_Given = TypeVar("_Given")


def is_bucket(url: str) -> bool:
    return "://" in url


def delta_options(url: str) -> dict[str, str] | None:
    """What Delta, whose client is its own, is told of a store beside the person's variables; nothing of a folder."""
    if not url.startswith(("gs://", "s3://")):
        return None
    patience = {
        "connect_timeout": f"{_CONNECT.seconds}s",
        "timeout": f"{_REQUEST.seconds}s",
        "max_retries": str(_RETRIES),
        "retry_timeout": f"{_TRIES_FOR.seconds}s",
    }
    # A commit is a file that must not be there yet: what keeps two writers apart.
    return patience | ({"aws_conditional_put": "etag"} if url.startswith("s3://") else {})


@dataclass(frozen=True)
class Bucket:
    url: str
    """Of a folder in a bucket."""
    setting: str
    """The variable that names it, for messages."""

    def place(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}"

    def read(self, name: str) -> bytes:
        import obstore

        with self._explained():
            return bytes(obstore.get(self._store, self._path(name)).bytes())

    def read_chunks(self, name: str) -> Iterator[bytes]:
        """A file of any size."""
        import obstore

        with self._explained():
            for chunk in obstore.get(self._store, self._path(name)).stream(_CHUNK):
                yield bytes(chunk)

    def write(self, name: str, content: bytes) -> None:
        self._put(name, content)

    def upload(self, source: Path, name: str) -> None:
        self._put(name, source)

    def change(self, name: str, make: Callable[[bytes | None], bytes]) -> None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        if self.url.startswith("file:"):
            return LocalFiles(Path("/")).change(self._path(name), make)
        for _ in range(_CHANGES):
            before, state = self._with_state(name)
            if (after := make(before)) == before:
                return None
            try:
                with self._explained():
                    return self._put_if(name, after, state)
            except PlatformError as error:
                if not isinstance(error.__cause__, AlreadyExistsError | PreconditionError):
                    raise
        raise ConflictError(f"{self.place(name)}: others change it all the time. Try again.")

    def copy(self, name: str, target: str) -> None:
        """Within the bucket; no byte passes through here."""
        import obstore

        with self._explained():
            obstore.copy(self._store, self._path(name), self._path(target))

    def stored(self, name: str) -> StoredFile | None:
        """None where there is no such file."""
        import obstore

        with self._explained():
            try:
                return _stored(obstore.head(self._store, self._path(name)))
            except FileNotFoundError:
                return None

    def listed(self, folder: str) -> Mapping[str, StoredFile]:
        import obstore

        before = len(self._path(""))
        with self._explained():
            found = obstore.list(self._store, self._path(folder) or None).collect()
        return {meta["path"][before:]: _stored(meta) for meta in sorted(found, key=lambda meta: meta["path"])}

    def remove(self, names: Sequence[str]) -> None:
        import obstore

        with self._explained():
            obstore.delete(self._store, [self._path(name) for name in names])

    def _with_state(self, name: str) -> tuple[bytes | None, PutMode]:
        """A file's content, and what says that it is still the same; none, and what says that there still is none."""
        import obstore

        with self._explained():
            try:
                found = obstore.get(self._store, self._path(name))
            except FileNotFoundError:
                return None, "create"
            state: UpdateVersion = {}
            if e_tag := found.meta["e_tag"]:
                state["e_tag"] = e_tag
            if version := found.meta["version"]:
                state["version"] = version
            return bytes(found.bytes()), state

    def _put_if(self, name: str, content: bytes, state: PutMode) -> None:
        import obstore

        obstore.put(self._store, self._path(name), content, mode=state, use_multipart=False)

    def _put(self, name: str, content: bytes | Path) -> None:
        import obstore

        with self._explained():
            obstore.put(self._store, self._path(name), content, attributes=self._attributes(name))

    def _attributes(self, name: str) -> Attributes | None:
        kind = _TYPES.get(Path(name).suffix)
        # A folder has nowhere to write it.
        return {"Content-Type": kind} if kind and not self.url.startswith("file:") else None

    def _path(self, name: str) -> str:
        """In the bucket."""
        return f"{_split(self.url)[1]}/{name}".lstrip("/")

    @property
    def _store(self) -> ObjectStore:
        # One for the whole bucket: each would have connections and a token of its own.
        return _store(_split(self.url)[0], os.getpid(), _access())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            failure = store_failure(error, self.url, self.setting)
            if failure is None and isinstance(error, FileNotFoundError):
                raise
            raise failure or StorageError(f"{self.url}: the store cannot do this ({plain(error)}).") from error


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


def _access() -> tuple[tuple[str, str], ...]:
    """What lets this process in to stores: a client made by other variables is another one."""
    return tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(("AWS_", "GOOGLE_"))))


@lru_cache(maxsize=16)
def _store(bucket: str, process: int, access: tuple[tuple[str, str], ...]) -> ObjectStore:  # noqa: ARG001
    """A forked child gets its own."""
    from obstore.store import LocalStore, from_url

    if bucket.startswith("file:"):
        return LocalStore("/")
    return from_url(
        bucket,
        client_options={"connect_timeout": _CONNECT, "timeout": _REQUEST, "allow_http": _without_tls(bucket)},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _TRIES_FOR},
    )


def _without_tls(bucket: str) -> bool:
    """Whether the person's variables name a store that is reached so; Google's own never is."""
    return bucket.startswith("gs:") or os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes", "on")


def _stored(meta: ObjectMeta) -> StoredFile:
    return StoredFile(meta["size"], meta["last_modified"])

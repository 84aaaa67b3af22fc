"""What a setting may hold: amounts, folders, places in the cloud, addresses and names. An error says what it should be.

Not here: the settings themselves (settings.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator, SecretStr

from recs_platform.errors import printable

_UNITS = {"MB": 1e6, "MIB": 2.0**20, "GB": 1e9, "GIB": 2.0**30, "TB": 1e12, "TIB": 2.0**40}
_LEAST_MEMORY, _LEAST_READ = "64MiB", "10MiB"
"""BigQuery counts 10 MB for each table that a query reads, however small."""
_MOST_BYTES = 1024 * 2.0**40
_NO_TEXT = r"[\x00-\x1f\x7f\ud800-\udfff]"
_READ_OTHERWISE = rf"[?\\]|%[0-9A-Fa-f]{{2}}|{_NO_TEXT}"
"""In the name of a folder: what begins the options of a URL, what stands for another character in one or in a pattern,
and what is no text. The databases and tables below a folder are opened by URLs, ours and Dagster's."""
_LONGEST_NAME, _LONGEST_PATH = 255, 3_000
_LAST_PORT = 65_535
PROJECT = r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_INNER_NAME = r"[a-z0-9-]*[a-z][a-z0-9-]*|[a-z0-9.-]+\.svc(\.cluster\.local)?"
A_DATABASE = "such as postgresql://db.example.com/recs"
_BUCKET = re.compile(r"(gs|s3)://[a-z0-9][a-z0-9._-]+(/[^?#]*)?")

_Place = TypeVar("_Place", str, Path)


def _amount(limit: str, what: str, example: str, least: str) -> str:
    size = _in_bytes(limit)
    if size is None or not bytes_of(least) <= size <= _MOST_BYTES:
        raise ValueError(
            f'"{limit}" is not an amount of {what}: write a number with MB, MiB, GB, GiB, TB or TiB, such as '
            f"{example}; at least {least}"
        )
    return limit


def _memory(limit: str) -> str:
    return _amount(limit, "memory", "6GiB", _LEAST_MEMORY)


def _read(limit: str) -> str:
    return _amount(limit, "data", "500GiB", _LEAST_READ)


def bytes_of(limit: str) -> float:
    """An amount of memory or data as a setting says it.

    >>> bytes_of("2 GB")
    2000000000.0
    """
    size = _in_bytes(limit)
    assert size is not None  # noqa: S101  (settings hold no other)
    return size


def _in_bytes(limit: str) -> float | None:
    size = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([A-Z]+)", limit.upper(), re.ASCII)
    return float(size[1]) * _UNITS[size[2]] if size and size[2] in _UNITS else None


def _folder(folder: _Place) -> _Place:
    """A name that a folder can have."""
    _refuse(_NO_TEXT, folder, "which no folder that others can read has")
    if len(str(folder)) > _LONGEST_PATH or max(map(len, str(folder).split("/"))) > _LONGEST_NAME:
        raise ValueError("the folder's name is too long; choose another folder")
    return folder


def _plainly_named(folder: _Place) -> _Place:
    _refuse(_READ_OTHERWISE, folder, "which URLs and databases read as something else")
    return folder


def _refuse(pattern: str, folder: str | Path, why: str) -> None:
    full = folder if isinstance(folder, str) else folder.absolute()
    if found := re.search(pattern, str(full)):
        raise ValueError(
            f"the folder {printable(str(folder))} has {printable(found[0])} in its name, {why}; choose another folder"
        )


def _in_the_cloud(url: str) -> str:
    if "://" in url and not _BUCKET.fullmatch(url):
        # It is not repeated: a store's errors, notes and paths repeat a URL, and this one may hold a secret.
        raise ValueError(
            "should be a folder, or a bucket such as gs://bucket/path or s3://bucket/path, without a user, a password "
            "or options: what the store needs to let you in comes from its own variables, such as "
            "GOOGLE_APPLICATION_CREDENTIALS or AWS_ACCESS_KEY_ID"
        )
    return url


def _web_address(url: str) -> str:
    """It is not repeated when it is wrong: it may hold a secret."""
    parts = _parts(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("should be the URL of a page, such as https://dagster.example.com")
    return url.rstrip("/")


def _secret_address(url: SecretStr) -> SecretStr:
    """What is sent there is nobody else's business."""
    _ours(url.get_secret_value())
    return url


def _ours(url: str) -> str:
    if not _is_ours(_parts(url)):
        raise ValueError("should be a URL that begins with https:// (http:// only on this machine)")
    return url


def _is_ours(parts: SplitResult) -> bool:
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname)))


def _inner(url: str) -> str:
    """Of a service of ours. In a network of containers, where names have no dot or are a cluster's own, it is asked
    without TLS, as on one machine."""
    parts = _parts(url)
    inside = parts.scheme == "http" and re.fullmatch(_INNER_NAME, parts.hostname or "")
    if not inside and not _is_ours(parts):
        raise ValueError(
            "should be a URL that begins with https:// (http:// only on this machine, or within a network of "
            "containers: http://service:8000, http://recs-service.recs.svc:8000)"
        )
    return url


def _server(place: str) -> str:
    named = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([1-9]\d{0,4})", place, re.ASCII)
    if not named or int(named[2]) > _LAST_PORT:
        raise ValueError("should be a host and a port, such as code:4000")
    return place


def _mail_server(url: SecretStr) -> SecretStr:
    parts = _parts(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("should be the URL of a mail server, such as smtp://mail.example.com:587")
    if not all(re.fullmatch(r"[^\s@]+@[^\s@]+", sender) for sender in parse_qs(parts.query).get("from", ())):
        raise ValueError("should name an address as its sender, behind ?from=")
    return url


def _on_postgresql(url: SecretStr) -> SecretStr:
    if not is_postgresql(url.get_secret_value()):
        raise ValueError(f"should be the URL of a PostgreSQL database, {A_DATABASE}")
    return url


def _on_redis(url: SecretStr) -> SecretStr:
    """It is not repeated when it is wrong: it may hold a password."""
    parts = _parts(url.get_secret_value())
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError("should be the URL of a Redis server, such as redis://redis.example.com:6379/0")
    return url


def _registry(url: str) -> str:
    """As container tools write it: a host, perhaps a port, and the path below which repositories stand."""
    if url and not re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*", url):
        raise ValueError(
            "should be a registry of OCI artifacts and a path in it, such as europe-docker.pkg.dev/acme-recs/models, "
            "without https://, a user or a password"
        )
    return url


def is_postgresql(url: str) -> bool:
    return bool(re.match(r"postgresql(\+\w+)?://", url))


def _written_as(pattern: str, wanted: str) -> Callable[[str], str]:
    """A name that has this form; the error says what it should be."""

    def judged(name: str) -> str:
        if not re.fullmatch(pattern, name):
            raise ValueError(f"should be {wanted}")
        return name

    return judged


project_id = _written_as(PROJECT, "the id of a Google Cloud project, such as acme-recs")
_location = _written_as(r"[A-Za-z][A-Za-z0-9-]{1,39}", "a location of BigQuery, such as EU, US or europe-west3")
_beginning = _written_as(r"[A-Za-z0-9_]{0,100}", "letters, digits and underscores, such as recs_")
channel_name = _written_as(
    r"#[a-z0-9][a-z0-9_-]{0,79}|[CG][A-Z0-9]{8,20}", 'a Slack channel, such as "#recommendations"'
)
"""By its name or its id."""

_cluster_name = _written_as(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "lower-case letters, digits and -, at most 63")
_image = _written_as(
    r"[a-z0-9][a-z0-9._:/-]{0,300}((:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})|(@sha256:[0-9a-f]{64}))",
    "an image with its tag or digest, such as europe-docker.pkg.dev/acme-recs/images/recs-platform:0.1.0",
)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def is_here(host: str | None) -> bool:
    """Whether a host is this machine."""
    return host in ("localhost", "127.0.0.1", "::1")


Folder = Annotated[Path, AfterValidator(_folder)]
Home = Annotated[Folder, AfterValidator(_plainly_named)]
Place = Annotated[str, AfterValidator(_in_the_cloud), AfterValidator(_folder), AfterValidator(_plainly_named)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Read = Annotated[str, AfterValidator(_read)]
"""An amount of data that a query reads."""
DatabaseUrl = Annotated[SecretStr, AfterValidator(_on_postgresql)]
RedisUrl = Annotated[SecretStr, AfterValidator(_on_redis)]
Registry = Annotated[str, AfterValidator(_registry)]
ServiceUrl = Annotated[str, AfterValidator(_ours)]
"""Over TLS, but on this machine."""
InnerUrl = Annotated[str, AfterValidator(_inner)]
Server = Annotated[str, AfterValidator(_server)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_address)]
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
Project = Annotated[str, AfterValidator(project_id)]
Location = Annotated[str, AfterValidator(_location)]
Beginning = Annotated[str, AfterValidator(_beginning)]
Channel = Annotated[str, AfterValidator(channel_name)]
Memory = Annotated[str, AfterValidator(_memory)]
ClusterName = Annotated[str, AfterValidator(_cluster_name)]
Image = Annotated[str, AfterValidator(_image)]

"""What a database says about its disk, its files and its rights, as one sentence for the person who must settle it.

For every database that this process writes to: the platform's own (engine.py) and Dagster's. Not here: outages, which
a rerun may cure (outages.py), and statements that are wrong.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from recs_platform.errors import ConfigError, PlatformError, StorageError, UnavailableError
from recs_platform.outages import may_recover, sql_state
from recs_platform.plurals import listed

_SHORTEST = 4
"""A shorter part of a URL stands in many words by chance."""

_NO_SECRETS = {"host", "hostaddr", "port", "dbname", "sslmode", "connect_timeout", "target_session_attrs"}
"""Options of a URL that say where a server is."""

_MAKE_ROOM = "Free some space (or inodes) and run the same command again."
_GIVE_ACCESS = "Give this user the right to write there and run the same command again."
_RESTORE = "Restore it from a backup, or move it away to begin with an empty one."
_REMEDIES = {
    sqlite3.SQLITE_FULL: _MAKE_ROOM,
    # Also what SQLite says when it cannot make the small files beside a database.
    sqlite3.SQLITE_IOERR: _MAKE_ROOM,
    sqlite3.SQLITE_CANTOPEN: "Name another file.",
    sqlite3.SQLITE_READONLY: _GIVE_ACCESS,
    sqlite3.SQLITE_PERM: _GIVE_ACCESS,
    sqlite3.SQLITE_AUTH: _GIVE_ACCESS,
    sqlite3.SQLITE_CORRUPT: _RESTORE,
    sqlite3.SQLITE_NOTADB: _RESTORE,
}
_WRONG_FILE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB}
"""Somebody has named a file that is no database."""
_OF_SERVERS = {"53100": _MAKE_ROOM, "25006": _GIVE_ACCESS, "42501": _GIVE_ACCESS}
"""PostgreSQL's codes: its disk is full, it only reads, it does not let this user write."""
_OF_FILES = {
    errno.ENOSPC: _MAKE_ROOM,
    errno.EDQUOT: _MAKE_ROOM,
    errno.EFBIG: _MAKE_ROOM,
    errno.EROFS: _GIVE_ACCESS,
    errno.EACCES: _GIVE_ACCESS,
    errno.EPERM: _GIVE_ACCESS,
}


def storage_error(error: BaseException, what: str, place: Path | None = None) -> StorageError | ConfigError | None:
    """The sentence, if the error is of this kind; `what` names the database or the folder, `place` is a file's."""
    original: BaseException = getattr(error, "orig", None) or error
    remedy = _remedy(original)
    if remedy is None:
        return None
    # SQLite does not say why it cannot make a file.
    no_file = isinstance(original, sqlite3.Error) and _code(original) == sqlite3.SQLITE_CANTOPEN
    if no_file and place is not None and (why := _why_no_file_is_made(place.parent)):
        return StorageError(f"{what} cannot be used ({why[0]}). {why[1]}")
    reason = original.strerror if isinstance(original, OSError) else str(original)
    kind = ConfigError if isinstance(original, sqlite3.Error) and _code(original) in _WRONG_FILE else StorageError
    return kind(f"{what} cannot be used ({' '.join(str(reason).split()).rstrip('.')}). {remedy}")


def unusable(
    error: BaseException, reason: str, url: URL, what: str, settings: Sequence[str], place: Path | None = None
) -> PlatformError:
    """One sentence about a database that cannot be used, without the password and the options of its URL; its kind is
    that of the error. `settings` are those that say where it is."""
    where = f"{what} {shown(url)}"
    if may_recover(error):
        kind: type[PlatformError] = UnavailableError
    elif explained := storage_error(error, f"{where} ({', '.join(settings)})", place):
        return explained
    else:
        kind = ConfigError
    reason = without_secrets(" ".join(reason.split()), url).rstrip(".")
    return kind(f"{where} cannot be used ({reason}); check {listed(settings)}.")


def shown(url: URL) -> str:
    """Enough of a URL to recognize it: no user, password or query, which may hold another password."""
    return URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database).render_as_string()


def _remedy(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.Error):
        return _REMEDIES.get(_code(error))
    if isinstance(error, OSError):
        return _OF_FILES.get(error.errno or 0)
    return _OF_SERVERS.get(sql_state(error))


def _why_no_file_is_made(folder: Path) -> tuple[str, str] | None:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    if disk.f_flag & os.ST_RDONLY or not os.access(folder, os.W_OK):
        return f"{folder} can only be read", _GIVE_ACCESS
    if disk.f_bavail == 0 or (disk.f_files and disk.f_favail == 0):
        return "the disk is full", _MAKE_ROOM
    return None


def _code(error: sqlite3.Error) -> int:
    # The last byte is the kind; the others say more of it.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def without_secrets(reason: str, url: URL) -> str:
    """A driver's or a server's words, which may repeat the password or the options of the URL."""
    values = [url.password]
    for name, value in url.query.items():
        if name not in _NO_SECRETS:
            values += [value] if isinstance(value, str) else value
    for secret in {str(value) for value in values if value}:
        for part in (secret, *_parts(secret)):
            reason = re.sub(_as_repeated(part), "***", reason, flags=re.IGNORECASE)
    return reason


def _parts(secret: str) -> list[str]:
    """Of options such as `-c search_path=shop`, since each may be repeated by itself; the longest first."""
    parts = {part.strip("-") for part in re.split(r"[^\w.-]+", secret)}
    return sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)


def _as_repeated(part: str) -> str:
    """PostgreSQL writes names of parameters with underscores."""
    return re.escape(part).replace("\\-", "[-_]")

"""Which errors of the world outside may be gone at the next try: of disks, object stores, networks and databases.

They say so by number, by code or in words, each system in its own way. Not here: what the platform makes of it
(errors.py), which is decided where the error is caught.
"""

from __future__ import annotations

import errno
import re
import socket

_ERRNOS = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EIO,
        errno.EPIPE,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)

_NETWORK = re.compile(
    r"timed?[ -]?out|connection (was |is )?(refused|reset|closed|aborted|lost)|error sending request|dns error"
    r"|name resolution|could not translate host name|name or service not known|unreachable|no route to host|broken pipe"
    r"|unexpected eof|temporarily|too many requests|slow ?down|service unavailable|bad gateway|internal server error"
    r"|(status|http)( code| error)?:? ?(429|5\d\d)|closed the connection|connection has been closed|starting up"
    r"|shutting down|is the server running|too many (clients|connections)|(database|table) is locked",
    re.IGNORECASE,
)

_SQL_CLASSES = ("08", "53")
"""Connections that fail, and resources of the server that are short."""
_SQL_STATES = frozenset({"40001", "40P01", "57P01", "57P02", "57P03"})
"""Two transactions that met, and a server that stops, has crashed or is not ready."""
_DISK_FULL = "53100"


def may_recover(error: BaseException) -> bool:
    """Whether trying again later may help.

    >>> may_recover(OSError(errno.ECONNRESET, "reset")), may_recover(FileNotFoundError(errno.ENOENT, "gone"))
    (True, False)
    >>> may_recover(Exception("Generic GCS error: 503 Service Unavailable")), may_recover(Exception("no such table"))
    (True, False)
    """
    # SQLAlchemy keeps the driver's own error as `orig`.
    original = getattr(error, "orig", None) or error
    if isinstance(original, socket.gaierror):
        # Its numbers are of their own kind. Names are not found when nobody is there to ask, too.
        return True
    if isinstance(original, OSError) and original.errno is not None:
        return original.errno in _ERRNOS
    if state := sql_state(original):
        return state in _SQL_STATES or (state[:2] in _SQL_CLASSES and state != _DISK_FULL)
    return bool(getattr(error, "connection_invalidated", False)) or _NETWORK.search(str(original)) is not None


def sql_state(error: BaseException) -> str:
    """PostgreSQL's code, under the name that a driver gives it; empty where there is none."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""

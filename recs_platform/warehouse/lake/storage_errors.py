"""Errors of the disk or store that the lake stands on, in a person's words, whichever library met them.

Not here: what is stored and is not what was written (damage.py), and queries that do not fit (refusals.py).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from recs_platform.errors import StorageError, UnavailableError
from recs_platform.file_store.store_errors import plain
from recs_platform.outages import may_recover


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise the disk's errors again in a person's words."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        failure = storage_failure(error, what)
        if failure is None:
            raise
        raise failure from error


def storage_failure(error: Exception, what: str) -> StorageError | UnavailableError | None:
    """What a store's error means where nothing was published; None where it means something else."""
    text = str(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or re.search(r"no space left|disk quota|max_temp_directory_size", text, re.IGNORECASE):
        return StorageError(f"{what}: the disk is full; nothing was published. Free some space and run it again.")
    denied = isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    if denied or re.search(r"permission denied|read-only file system", text, re.IGNORECASE):
        return StorageError(
            f"{what}: the lake's folder cannot be written; nothing was published. Check its permissions."
        )
    if isinstance(error, (OSError, duckdb.IOException)) and may_recover(error):
        return UnavailableError(
            f"{what}: the store does not answer ({plain(error)}); nothing was published. Try again."
        )
    return None

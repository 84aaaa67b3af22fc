"""What is said when a Delta table cannot be opened, written, restored or swept, whatever library met it.

Not here: which rows or files are damaged (damage.py), and errors of the disk without a table (storage_errors.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from recs_platform.errors import ConfigError, DamageError, StorageError, UnavailableError
from recs_platform.file_store.store_errors import plain, store_mistake
from recs_platform.outages import may_recover
from recs_platform.warehouse.lake.bucket_files import SETTING
from recs_platform.warehouse.lake.damage import UnreadableLogError
from recs_platform.warehouse.lake.storage_errors import storage_failure
from recs_platform.warehouse.slices import TableRef


@dataclass(frozen=True)
class TableErrors:
    """Of one table."""

    ref: TableRef
    uri: str
    owner: Callable[[], str]
    """The company, as messages name it."""

    def unpublished(self, what: str, error: Exception) -> StorageError | UnavailableError | ConfigError:
        return self.mistake(error) or storage_failure(error, str(self.ref)) or self.failed(what, error)

    def failed(self, what: str, error: Exception) -> StorageError | UnavailableError | ConfigError:
        kind = UnavailableError if may_recover(error) else StorageError
        return self.mistake(error) or kind(f"{self.ref}: {what}: {plain(error)}")

    def mistake(self, error: Exception) -> ConfigError | None:
        """The error of a lake that nobody can use as it is set."""
        mistake = store_mistake(error, self.uri)
        return ConfigError(f"{SETTING}: {mistake}.") if mistake else None

    def damaged(self, error: Exception) -> DamageError:
        # delta-rs adds a trace of its own.
        reason = next(iter(str(error).splitlines()), "")
        return UnreadableLogError(self.ref, self.owner(), self.uri, reason)

    def lost(self, version: int, wanted: str, retention: timedelta) -> StorageError:
        """The error of a version whose files are gone."""
        return StorageError(
            f"{self.ref}: version {version} cannot be {wanted}, because vacuum has deleted files that it needs. "
            f"Replaced versions are kept for {retention.days} days."
        )

    def no_such_version(self, version: int, numbers: Sequence[int]) -> StorageError:
        return StorageError(f"{self.ref} has no version {version}; it has {sorted(numbers)}")

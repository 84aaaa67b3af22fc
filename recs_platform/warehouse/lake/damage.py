"""What is said of stored data that is not what was written: whose, which table and day, what is wrong, and what to do.

Not here: finding it (`checksums.py` for files, `bookkeeping.py` for logs).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from recs_platform.errors import DamageError
from recs_platform.warehouse.slices import TableRef

PUBLICATION = "publication"
"""In the note of a slice that is live: the version of its publication."""


def damaged_slice(table: TableRef, day: date, note: Mapping[str, Any], what: str) -> DamageError:
    """The error of a day whose files, or whose entry in the log, are not what they were."""
    company = owner(table, note)
    return DamageError(f"{company}: {table.name} of {day}: {what}. {remedy(company, day, note)}")


class UnreadableLogError(DamageError):
    """A table whose log cannot be read at all: nobody knows what is there."""

    def __init__(self, table: TableRef, company: str, location: str, reason: str) -> None:
        super().__init__(
            f"{company}: {table.name}: its log cannot be read ({reason}). Put {location} back from a backup; or delete "
            f"that folder, say that it is gone (recs verify {company} --accept), and make its days again."
        )


def damaged_table(table: TableRef, company: str, what: str) -> DamageError:
    """The error of a table as a whole: its log is gone, or was put back to an earlier version."""
    return DamageError(
        f"{company}: {table.name}: {what}. Put its folder back from a backup; or, to take what is there as it is and "
        f"make the missing days again: recs verify {company} --accept"
    )


def remedy(company: str, day: date, note: Mapping[str, Any]) -> str:
    """What somebody can do about a damaged day."""
    if PUBLICATION in note:
        version = f"Customers may be shown it: go back to an earlier version (recs publications {company} lists them)"
        return f"{version}, or put the file back from a backup."
    return f"Make the day again (recs run {company} --date {day}), or put the file back from a backup."


def owner(table: TableRef, note: Mapping[str, Any]) -> str:
    """The company of a slice, as its writer named it; the dataset's name where a slice is older than that."""
    return str(note.get("company", table.dataset))

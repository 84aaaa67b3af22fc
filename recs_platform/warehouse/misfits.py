"""New rows that do not fit their slice, in words: other columns than declared, other days than meant. The same on every
engine. Not here: rows that break a rule of their table (`audit.py`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from recs_platform.errors import SliceError
from recs_platform.warehouse.protocol import Subject


def require_declared(given: Collection[str], subject: Subject) -> None:
    """Raises a SliceError where the columns are not those of the table."""
    spec = subject.table.spec
    declared = {column.name for column in spec.columns}
    absent, extra = sorted(declared - set(given)), sorted(set(given) - declared)
    if absent or extra:
        problems = [f"lacks {', '.join(absent)}"] if absent else []
        problems += [f"has {', '.join(extra)}, which the table does not declare"] if extra else []
        raise SliceError(f"{subject}: the new slice of {spec.name} {' and '.join(problems)}. Nothing was published.")


def outside(subject: Subject, rows: int, day: date | None) -> SliceError:
    """The error of rows that are of another day than those which are replaced."""
    return SliceError(
        f"{subject}: column {subject.table.spec.date_column}: {rows:,} rows are of {day or 'no day'}, outside the "
        "slice. Nothing was published."
    )

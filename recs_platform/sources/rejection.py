"""When too much of a feed is unusable it is refused as a whole, before anything of it is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recs_platform.declarations.parameters import Parameters
from recs_platform.errors import SourceError
from recs_platform.schemas.landing import REJECTION
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.protocol import Audit, DayCount, StagedSlice, Subject

if TYPE_CHECKING:
    import ibis.expr.types as ir

_REASONS_SHOWN = 5


def rejection_audit(spec: TableSpec, limits: Parameters) -> Audit:
    """Refuses a landed slice in which no row is usable, or more than the tolerated share (and number) is not.

    A range of days is judged as a whole, so that a thin day does not hold up a long history; but a day of which
    nothing can be used is refused within a range too.
    """

    def check(slice_: StagedSlice, subject: Subject) -> None:
        counts = slice_.known_by_day(REJECTION)
        if counts is None:
            counts = _counts(slice_, spec.date_column)
        rows, rejected = sum(count.rows for count in counts), sum(count.filled for count in counts)
        lost = [count for count in counts if count.filled == count.rows and count.filled > limits.rejected_minimum]
        if refused(rejected, rows, limits):
            raise _refusal(_reasons(slice_, slice_.rows), subject, spec, limits, str(subject.days), rows, rejected)
        if lost:
            of_day = slice_.rows.filter(slice_.rows[spec.date_column] == lost[0].day)
            raise _refusal(
                _reasons(slice_, of_day), subject, spec, limits, str(lost[0].day), lost[0].rows, lost[0].filled
            )

    return Audit(check)


def _counts(slice_: StagedSlice, day: str) -> list[DayCount]:
    staged = slice_.rows
    counted = staged.group_by(day=staged[day]).aggregate(
        lambda t: t.count().name("rows"), lambda t: t[REJECTION].count().name("filled")
    )
    return [DayCount(**row) for row in slice_.answer(counted.order_by("day")).to_pylist()]


def refused(rejected: int, rows: int, limits: Parameters) -> bool:
    """Whether so many unusable rows among so many are too many to load the others."""
    if not rows:
        return False
    return rejected == rows or (rejected > limits.rejected_minimum and rejected > limits.rejected_tolerance * rows)


def _refusal(
    reasons: list[tuple[str, int]],
    subject: Subject,
    spec: TableSpec,
    limits: Parameters,
    days: str,
    rows: int,
    rejected: int,
) -> SourceError:
    return SourceError(
        subject.company,
        spec.name,
        f"{rejected:,} of {rows:,} rows for {days} are unusable, and at most "
        f"{limits.rejected_tolerance:.0%} may be: " + "; ".join(f"{reason} ({n:,})" for reason, n in reasons),
        column=reasons[0][0].split(" ", 1)[0],
        remedy="Correct the feed, or raise `parameters.rejected_tolerance` if this is how it is. Nothing was written.",
    )


def _reasons(slice_: StagedSlice, staged: ir.Table) -> list[tuple[str, int]]:
    rejected = staged.filter(staged[REJECTION].notnull())
    counted = rejected.group_by(REJECTION).aggregate(rejected.count().name("n"))
    ordered = counted.order_by([counted.n.desc(), counted[REJECTION]]).limit(_REASONS_SHOWN)
    return [(row[REJECTION], row["n"]) for row in slice_.answer(ordered).to_pylist()]

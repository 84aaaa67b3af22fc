"""Which days of a table a query's view shows, given which were made. The same on every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from recs_platform.errors import MissingSliceError
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.slices import Days, TableRef


def days_shown(days_of: Callable[[TableRef], Sequence[date]], ref: TableRef, view: View, query: BoundQuery) -> Days:
    """The days to show of a table; a MissingSliceError where a slice is required that nobody made."""
    if not (view.required or view.latest):
        return view.days
    materialized = [day for day in days_of(ref) if day in view.days]
    if view.latest:
        return Days.one(materialized[-1]) if materialized else view.days
    if not materialized:
        raise MissingSliceError(
            f"{query.query.path}: {ref} has no slice for {view.days}. Materialize {view.spec.name} for that day first."
        )
    return view.days

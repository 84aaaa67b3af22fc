"""The stored comparison of a day, where it is proven to be of what is stored and live now; so a run makes it once.

A comparison is noted with what it is made of, looked up before its query runs: the query and its values, the slices
that it is shown, and the newest change of the live table. No slice and no change ever comes back under the same name.
So when all of them are the same later, nothing has changed since before the query ran: asked again, it would give the
same rows. What cannot be proven so is computed again.

Not here: what is done with a comparison (proposal.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from recs_platform.publication.inventory import changes
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.scope import AS_OF
from recs_platform.warehouse.slices import Days, TableRef

_DAY, _MADE_OF = "day", "made_of"


def noted_with(live: TableSpec, warehouse: Warehouse, comparison: BoundQuery) -> Mapping[str, str]:
    """What is written down with a new comparison."""
    return {_DAY: str(comparison.values[AS_OF]), _MADE_OF: _made_of(live, warehouse, comparison)}


def stored_comparison(
    table: TableRef, live: TableSpec, warehouse: Warehouse, comparison: BoundQuery, day: Days
) -> list[dict[str, Any]] | None:
    """The rows that the comparison would give now, from its table; None when they must be computed."""
    stored = warehouse.slice_ids(table, day)
    if not stored or _note(warehouse, table, day) != noted_with(live, warehouse, comparison):
        return None
    with warehouse.read(table, day) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    # Somebody may have replaced it between the note and the rows.
    return rows if warehouse.slice_ids(table, day) == stored else None


def _note(warehouse: Warehouse, table: TableRef, day: Days) -> Mapping[str, str] | None:
    """What the day's slice is noted with. A change that does not say which day it is of may have replaced any."""
    for change in changes(warehouse.versions(table)):
        if _DAY not in change.note:
            return None
        if change.note[_DAY] == str(day):
            return {key: change.note[key] for key in (_DAY, _MADE_OF)}
    return None


def _made_of(live: TableSpec, warehouse: Warehouse, comparison: BoundQuery) -> str:
    query = comparison.query
    newest = next(changes(warehouse.versions(comparison.ref(live))), None)
    values = {name: repr(comparison.values[name]) for name in sorted(query.parameters)}
    slices = {
        view.name: [str(view.days), *warehouse.slice_ids(comparison.ref(view.spec), view.days)]
        for view in comparison.views
    }
    # A rollback brings slices of the live table back; the number of its newest change is always a new one.
    parts = [query.fingerprint, values, slices, newest.version if newest else None]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

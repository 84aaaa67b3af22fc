"""Steps that change something, to be broken off anywhere, and what is seen after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.warehouse.tables import DATASET, VISITS, day, days, marks, ref, subject, visits, write

Opened = Callable[[], BigQueryWarehouse]
LIVE = TableRef(DATASET, replace(VISITS, name="live_visits"))
Step = Callable[[BigQueryWarehouse, int], None]


def by_python(warehouse: BigQueryWarehouse, mark: int) -> None:
    write(warehouse, days(0, 1), visits(days(0, 1), pages=mark), note={"run": f"r{mark}"})


def by_query(warehouse: BigQueryWarehouse, mark: int) -> None:
    text = f"SELECT event_date, visit_id, seen_at, email, {mark} AS pages, spent, is_member FROM visits"
    query = BoundQuery(
        parse_query("visits", text, "sql/visits.sql"), DATASET, {}, (View("visits", VISITS, days(0, 1), False),)
    )
    warehouse.replace(subject(days(0, 1)), query, audits=(SCHEMA_AUDIT,), note={"run": f"r{mark}"})


def published(warehouse: BigQueryWarehouse, mark: int) -> None:
    """A day after the other."""
    warehouse.publish(ref(), day(mark % 2), LIVE, {"publication": mark})


def restored(warehouse: BigQueryWarehouse, mark: int) -> None:
    """One of the two versions that were published first, in turn."""
    kept = [one.version for one in warehouse.versions(LIVE) if "publication" in one.note]
    warehouse.restore(LIVE, sorted(kept)[mark % 2], {"restored": mark})


def of_slices(warehouse: BigQueryWarehouse) -> dict[date, list[int]]:
    """What readers see, after the ledger was found to say the same."""
    seen = marks(warehouse)
    assert {s.day: s.rows for s in warehouse.slices(ref())} == {d: len(found) for d, found in seen.items()}
    return seen


def whole_days(mark: int) -> dict[date, list[int]]:
    return {d: [mark] * 3 for d in days(0, 1)}


def live_days(warehouse: BigQueryWarehouse) -> list[date]:
    """The day that is live, after the ledger was found to say the same."""
    (slice_,) = warehouse.slices(LIVE)
    with warehouse.read(LIVE) as rows:
        found = rows.read_all()["event_date"].to_pylist()
    assert found == [slice_.day] * 3
    return sorted(set(found))

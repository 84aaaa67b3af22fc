"""Where a landed slice is refused: exactly at the tolerance, as a whole, and for a day of which nothing can be used."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pyarrow as pa

from recs_platform.declarations.parameters import Parameters
from recs_platform.errors import SourceError
from recs_platform.schemas.landing import landed
from recs_platform.schemas.sources import Events
from recs_platform.schemas.table import spec_of
from recs_platform.sources.rejection import rejection_audit
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.warehouse.memory import MemorySlice

_FIRST = date(2025, 9, 1)
_SPEC = spec_of(landed(Events))


def _judge(*days: list[str | None], tolerance: float = 0.05, minimum: int = 10) -> str:
    """What is said of a slice, given the rejections of each of its days; nothing when it is let through."""
    when = [_FIRST + timedelta(days=n) for n, rows in enumerate(days) for _ in rows]
    reasons = [reason for rows in days for reason in rows]
    staged = ibis.memtable(
        pa.table({"event_date": pa.array(when, pa.date32()), "rejection": pa.array(reasons, pa.string())})
    )
    limits = Parameters(rejected_warning=0, rejected_tolerance=tolerance, rejected_minimum=minimum)
    subject = Subject("x/landed_events", "shop", TableRef("shop", _SPEC), Days.ending(_FIRST, 1))
    try:
        rejection_audit(spec_of(Events), limits).check(MemorySlice(staged), subject)
    except SourceError as error:
        assert error.column is not None
        return error.rule
    return ""


def _rows(usable: int, **rejected: int) -> list[str | None]:
    bad = [f"{column} is missing" for column, count in rejected.items() for _ in range(count)]
    return [*bad, *([None] * usable)]


def test_up_to_the_tolerance_and_the_minimum_rows_are_let_through() -> None:
    assert _judge(_rows(100)) == ""
    assert _judge(_rows(380, event_id=20)) == ""
    assert _judge(_rows(1, event_id=10)) == ""
    assert _judge([]) == ""


def test_more_than_the_tolerance_is_refused_with_the_reasons_by_their_number() -> None:
    assert _judge(_rows(380, event_id=21)) == (
        "21 of 401 rows for 2025-09-01 are unusable, and at most 5% may be: event_id is missing (21)"
    )
    assert _judge(_rows(0, item_id=4, event_ts=8, event_id=4), tolerance=0.5) == (
        "16 of 16 rows for 2025-09-01 are unusable, and at most 50% may be: "
        "event_ts is missing (8); event_id is missing (4); item_id is missing (4)"
    )


def test_a_slice_of_which_nothing_can_be_used_is_refused_however_small() -> None:
    assert _judge(_rows(0, event_id=1), tolerance=1, minimum=100).startswith("1 of 1 rows")


def test_a_range_is_judged_as_a_whole() -> None:
    """A thin day with a bad row does not hold up the history; a day that is lost altogether does, and is named."""
    assert _judge(_rows(500), _rows(0, event_id=10), _rows(4, event_id=12)) == ""
    assert _judge(_rows(500), _rows(0, event_id=11)) == (
        "11 of 11 rows for 2025-09-02 are unusable, and at most 5% may be: event_id is missing (11)"
    )


def test_few_reasons_are_shown() -> None:
    rule = _judge(_rows(0, **{f"column_{n}": 1 for n in range(7)}))
    assert rule.count(" is missing (1)") == 5

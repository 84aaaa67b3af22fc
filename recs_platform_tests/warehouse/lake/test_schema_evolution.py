"""Versions of a lake's table from before its model grew, or a column of it was renamed, are restored."""

from __future__ import annotations

from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.warehouse.tables import day, days, ref, stored, visits, write
from recs_platform_tests.warehouse.test_schema_evolution import GROWN, RENAMED, grown, renamed, seen


def test_a_version_from_before_the_change_is_restored(any_lake: Lake) -> None:
    write(any_lake, days(0, 0), visits([day(0)], each=1))
    write(any_lake, days(0, 0), grown(0), GROWN)
    any_lake.restore(ref(GROWN), 1)
    assert seen(any_lake) == [(1, 1.0, None)]
    write(any_lake, days(1, 1), grown(1), GROWN)
    assert seen(any_lake) == [(1, 1.0, None), (2, 1.5, "NL")]


def test_a_version_from_before_a_column_was_renamed_is_restored(any_lake: Lake) -> None:
    write(any_lake, days(0, 1), visits(days(0, 1), each=1))
    write(any_lake, days(2, 3), [*renamed(2, 7), *renamed(3, None)], RENAMED)
    any_lake.restore(ref(RENAMED), 1)
    assert [row["page_count"] for row in stored(any_lake, spec=RENAMED)] == [1, 1]

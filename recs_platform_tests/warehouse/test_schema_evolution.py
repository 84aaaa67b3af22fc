"""A model that grows: old slices are read with the new columns NULL, new ones are written, old ones rewritten. And one
whose column is renamed: old slices are read under the new name. What was published before comes back under the new
model, and under the old one what was published since."""

from __future__ import annotations

from dataclasses import replace

from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.warehouse.tables import (
    VISITS,
    Row,
    VisitsOfNextYear,
    VisitsRenamed,
    day,
    days,
    ref,
    stored,
    visits,
    write,
)

GROWN, RENAMED = spec_of(VisitsOfNextYear), spec_of(VisitsRenamed)


def grown(offset: int) -> list[Row]:
    return [{**row, "pages": 1.5, "country": "NL"} for row in visits([day(offset)], each=1)]


def seen(warehouse: Warehouse) -> list[tuple[int, float | None, str | None]]:
    return [(row["event_date"].day, row["pages"], row["country"]) for row in stored(warehouse, spec=GROWN)]


def test_old_slices_have_a_new_column_that_is_null(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 0), visits([day(0)], each=1))
    assert seen(any_warehouse) == [(1, 1.0, None)]


def test_new_slices_stand_beside_old_ones(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 1), visits(days(0, 1), each=1))
    write(any_warehouse, days(2, 2), grown(2), GROWN)
    assert seen(any_warehouse) == [(1, 1.0, None), (2, 1.0, None), (3, 1.5, "NL")]
    write(any_warehouse, days(0, 0), grown(0), GROWN)
    assert seen(any_warehouse) == [(1, 1.5, "NL"), (2, 1.0, None), (3, 1.5, "NL")]


def test_a_range_of_old_slices_alone_reads_too(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 1), visits(days(0, 1), each=1))
    write(any_warehouse, days(2, 2), grown(2), GROWN)
    assert [row["country"] for row in stored(any_warehouse, days(0, 1), GROWN)] == [None, None]


def test_code_from_before_reads_what_newer_code_wrote(any_warehouse: Warehouse) -> None:
    """A rollback of the code does not lose the table: a column that the old model does not know is left out."""
    write(any_warehouse, days(0, 0), visits([day(0)], each=1))
    write(any_warehouse, days(1, 1), [{**grown(1)[0], "pages": 2.0}], GROWN)
    rows = stored(any_warehouse, spec=VISITS)
    assert [set(row) for row in rows] == [{column.name for column in VISITS.columns}] * 2
    assert [row["pages"] for row in rows] == [1, 2]


def renamed(offset: int, pages: int | None) -> list[Row]:
    return [
        {name: value for name, value in {**row, "page_count": pages}.items() if name != "pages"}
        for row in visits([day(offset)], each=1)
    ]


def test_old_and_new_slices_are_read_under_the_new_name(any_warehouse: Warehouse) -> None:
    """Without rewriting them: what was stored before stays as it is."""
    write(any_warehouse, days(0, 1), visits(days(0, 1), each=1))
    write(any_warehouse, days(2, 3), [*renamed(2, 7), *renamed(3, None)], RENAMED)
    rows = stored(any_warehouse, spec=RENAMED)
    assert [(row["event_date"].day, row["page_count"]) for row in rows] == [(1, 1), (2, 1), (3, 7), (4, None)]
    assert set(rows[0]) == {column.name for column in RENAMED.columns}
    assert [row["page_count"] for row in stored(any_warehouse, days(0, 0), RENAMED)] == [1]


def published(warehouse: Warehouse, spec: TableSpec, offset: int) -> int:
    return warehouse.publish(ref(spec), day(offset), live_of(spec), {"publication": offset})


def live_of(spec: TableSpec) -> TableRef:
    return ref(replace(spec, name="live_visits"))


def of_live(warehouse: Warehouse, spec: TableSpec, *names: str, version: int | None = None) -> list[tuple[object, ...]]:
    """The day and these columns of what is live."""
    rows = stored(warehouse, spec=live_of(spec).spec, version=version)
    assert [slice_.rows for slice_ in warehouse.slices(live_of(spec))] == [1]
    return [(row["event_date"].day, *(row[name] for name in names)) for row in rows]


def test_what_was_published_before_the_model_grew_comes_back(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 0), visits([day(0)], each=1))
    first = published(any_warehouse, VISITS, 0)
    write(any_warehouse, days(1, 1), grown(1), GROWN)
    second = published(any_warehouse, GROWN, 1)
    assert of_live(any_warehouse, GROWN, "pages", "country") == [(2, 1.5, "NL")]
    assert of_live(any_warehouse, GROWN, "pages", "country", version=first) == [(1, 1.0, None)]
    third = any_warehouse.restore(live_of(GROWN), first)
    assert of_live(any_warehouse, GROWN, "pages", "country") == [(1, 1.0, None)]
    any_warehouse.restore(live_of(GROWN), second)
    assert of_live(any_warehouse, GROWN, "pages", "country") == [(2, 1.5, "NL")]
    assert of_live(any_warehouse, GROWN, "pages", "country", version=third) == [(1, 1.0, None)]


def test_it_comes_back_before_anything_is_published_with_the_new_model(any_warehouse: Warehouse) -> None:
    """The rollback that brings a live table its new column."""
    for offset in (0, 1):
        write(any_warehouse, days(offset, offset), visits([day(offset)], each=1))
        published(any_warehouse, VISITS, offset)
    any_warehouse.restore(live_of(GROWN), any_warehouse.versions(live_of(VISITS))[1].version)
    assert of_live(any_warehouse, GROWN, "pages", "country") == [(1, 1.0, None)]


def test_code_from_before_brings_back_what_newer_code_published(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 0), [{**grown(0)[0], "pages": 2.0}], GROWN)
    first = published(any_warehouse, GROWN, 0)
    write(any_warehouse, days(1, 1), visits([day(1)], each=1))
    published(any_warehouse, VISITS, 1)
    any_warehouse.restore(live_of(VISITS), first)
    assert of_live(any_warehouse, VISITS, "pages") == [(1, 2)]


def test_what_was_published_before_a_column_was_renamed_comes_back(any_warehouse: Warehouse) -> None:
    write(any_warehouse, days(0, 0), visits([day(0)], each=1))
    first = published(any_warehouse, VISITS, 0)
    write(any_warehouse, days(1, 1), renamed(1, 7), RENAMED)
    published(any_warehouse, RENAMED, 1)
    assert of_live(any_warehouse, RENAMED, "page_count") == [(2, 7)]
    any_warehouse.restore(live_of(RENAMED), first)
    assert of_live(any_warehouse, RENAMED, "page_count") == [(1, 1)]

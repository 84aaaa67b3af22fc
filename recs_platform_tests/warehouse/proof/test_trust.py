"""A query relies on the key of a stored table only where its slices are known to have been audited by it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from recs_platform.errors import SliceError
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, TableSpec, snapshot, spec_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake import evidence
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.lake.staged import StagedView
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import DATASET, day, days, subject

TODAY = days(0, 0)
TEXT = "SELECT as_of, name, kind FROM people"


@snapshot(key=("name",))
class People(Table):
    """One row per name."""

    as_of: datetime.date = Field()
    name: str = Field()
    kind: str = Field(isin=["old", "new"])


@snapshot(key=("name", "kind"), name="people")
class PeopleOfLastYear(Table):
    """The same table when a name could stand there twice."""

    as_of: datetime.date = Field()
    name: str = Field()
    kind: str = Field(isin=["old", "new"])


@snapshot(key=("name",), name="people")
class PeopleOfAnyKind(Table):
    """The same table when any kind was let pass."""

    as_of: datetime.date = Field()
    name: str = Field()
    kind: str = Field()


@snapshot(key=("name",))
class Guests(Table):
    """Made of people."""

    as_of: datetime.date = Field()
    name: str = Field()
    kind: str = Field(isin=["old", "new"])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The tables whose keys were counted; every query is asked first, however few rows it gives."""
    seen: list[str] = []
    count = StagedView._all_differ

    def watched(self: StagedView, spec: TableSpec, rows: int) -> bool:
        seen.append(spec.name)
        return count(self, spec, rows)

    monkeypatch.setattr(StagedView, "_all_differ", watched)
    monkeypatch.setattr(evidence, "QUERY_ASKED", 0)
    return seen


def put(lake: Lake, model: type[Table], *rows: tuple[str, str], audited: bool = True) -> None:
    spec = spec_of(model)
    frame = pa.Table.from_pylist(
        [{"as_of": day(0), "name": name, "kind": kind} for name, kind in rows], schema=spec.arrow_schema
    )
    lake.replace(subject(TODAY, spec), frame.to_reader(), audits=(SCHEMA_AUDIT,) if audited else ())


def make_guests(lake: Lake, text: str = TEXT) -> None:
    query = BoundQuery(
        parse_query("guests", text, "guests.sql"), DATASET, {}, (View("people", spec_of(People), TODAY, required=True),)
    )
    lake.replace(subject(TODAY, spec_of(Guests)), query, audits=(SCHEMA_AUDIT,))


def test_the_key_of_audited_slices_is_not_counted_again(lake: Lake, counted: list[str]) -> None:
    put(lake, People, ("a", "old"), ("b", "new"))
    counted.clear()
    make_guests(lake)
    assert counted == []


def test_a_key_that_is_not_the_tables_is_counted(lake: Lake, counted: list[str]) -> None:
    put(lake, People, ("a", "old"), ("b", "new"))
    with pytest.raises(SliceError, match="name must be unique"):
        make_guests(lake, "SELECT as_of, 'a' AS name, kind FROM people")


def test_a_slice_that_nobody_audited_is_not_believed(lake: Lake, counted: list[str]) -> None:
    put(lake, People, ("a", "old"), ("a", "new"), audited=False)
    with pytest.raises(SliceError, match="name must be unique"):
        make_guests(lake)


def test_a_slice_that_was_audited_by_another_key_is_not_believed(lake: Lake, counted: list[str]) -> None:
    put(lake, PeopleOfLastYear, ("a", "old"), ("a", "new"))
    with pytest.raises(SliceError, match="name must be unique"):
        make_guests(lake)


def test_a_slice_that_was_audited_by_other_rules_is_not_believed(lake: Lake, counted: list[str]) -> None:
    put(lake, PeopleOfAnyKind, ("a", "old"), ("b", "odd"))
    with pytest.raises(SliceError, match="isin"):
        make_guests(lake)


def test_what_a_person_has_accepted_is_not_believed(lake: Lake, counted: list[str]) -> None:
    put(lake, People, ("a", "old"), ("b", "new"))
    lake.accept(subject(TODAY, spec_of(People)).table)
    counted.clear()
    make_guests(lake)
    assert counted == ["guests"]


def test_without_proofs_everything_is_counted(tmp_path: Path, counted: list[str]) -> None:
    lake = replace(open_lake(str(tmp_path / "lake"), tmp_path / "scratch"), proofs=False)
    put(lake, People, ("a", "old"), ("b", "new"))
    make_guests(lake)
    assert counted == ["people", "guests"]
    put(lake, People, ("a", "old"), ("a", "new"), audited=False)
    with pytest.raises(SliceError, match="name must be unique"):
        make_guests(lake)


def test_a_small_slice_is_counted_without_reading_its_query(
    lake: Lake, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "QUERY_ASKED", 3)
    put(lake, People, ("a", "old"), ("b", "new"))
    make_guests(lake)
    assert counted == ["people", "guests"]


def test_a_key_of_another_type_than_the_querys_is_counted(lake: Lake, counted: list[str]) -> None:
    """The query guarantees its fractions, and the table keeps them as texts: a cast may make two values one."""
    put(lake, People, ("a", "old"), ("b", "new"))
    text = """
        SELECT DATE '2025-12-01' AS as_of, place AS name, MAX(kind) AS kind
        FROM (SELECT kind, IF(name = 'a', 0.0, -0.0) AS place FROM people)
        GROUP BY place
    """
    counted.clear()
    make_guests(lake, text)
    assert counted == ["guests"]

"""Drift reports of many companies, a part of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest

from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics import lake_books
from recs_platform.automation.metrics.lake_books import LakeBooks
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, Slice, TableRef
from recs_platform_tests.warehouse.memory import MemoryWarehouse

NAMES = ("a", "b", "c")


class Asked(MemoryWarehouse):
    def __init__(self) -> None:
        super().__init__()
        self.datasets: list[str] = []

    def slices(self, table: TableRef) -> Sequence[Slice]:
        self.datasets.append(table.dataset)
        return super().slices(table)


def drifted(warehouse: MemoryWarehouse, company: Company) -> None:
    assert company.strategy.model is not None
    table, day = pipeline_of(company).ref(company.strategy.model.drift, company), date(2025, 9, 2)
    row = {
        "as_of": day, "name": "recency_days", "figure": "psi", "value": 0.9, "threshold": 0.25, "chance": 0.1,
        "verdict": "drifted", "words": "it has drifted", "digest": "sha256:a", "trained_on": day,
    }  # fmt: skip
    rows = pa.Table.from_pylist([row], schema=table.spec.arrow_schema)
    warehouse.replace(Subject("drift_report", company.name, table, Days.one(day)), rows.to_reader())


@pytest.fixture
def warehouse(own_home: object, monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(lake_books, "existing_warehouse", lambda: made)
    return made


def companies() -> Companies:
    metro = load_companies()["metro"]
    return Companies({name: metro.model_copy(update={"name": name, "dataset": name}) for name in NAMES})


def test_a_reading_that_has_no_time_asks_for_one_company_and_the_next_goes_on(
    warehouse: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = companies()
    for company in known.values():
        drifted(warehouse, company)
    monkeypatch.setattr(lake_books, "_SECONDS", -1.0)
    warehouse.datasets.clear()
    books, told = LakeBooks(), []
    for _ in range(4):
        samples = [one for one in books.read(known) if one.family is of.DRIFT]
        told.append(sorted(one.labels[0] for one in samples if one.labels[2] == "drifted" and one.value == 1))
    assert warehouse.datasets == ["a", "b", "c", "a"]
    assert told == [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"]]


def test_with_time_all_are_asked_for_and_a_report_is_read_once(warehouse: Asked) -> None:
    known = companies()
    drifted(warehouse, known["b"])
    warehouse.datasets.clear()
    books = LakeBooks()
    for _ in range(2):
        assert {one.labels[0] for one in books.read(known) if one.family is of.DRIFT} == {"b"}
    assert sorted(warehouse.datasets) == ["a", "a", "b", "b", "c", "c"]

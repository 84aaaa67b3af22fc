"""The rows of a small table, as they stand for a company's day: what stories and summaries are told from."""

from __future__ import annotations

from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days


def stored_rows(
    warehouse: Warehouse, pipeline: Pipeline, company: Company, table: str, day: date
) -> list[dict[str, Any]]:
    with warehouse.read(pipeline.ref(table, company), Days.one(day)) as reader:
        rows: list[dict[str, Any]] = reader.read_all().to_pylist()
    return rows

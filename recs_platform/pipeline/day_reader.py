"""The answers of one company's day, for who explains it. Not here: what is asked (`sql/explanation/`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.due import command_to_make, newest_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.plurals import counted
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.values import Value

Row: TypeAlias = dict[str, Any]


class DayReader:
    """Asks the strategy's questions of one company's day."""

    def __init__(self, warehouse: Warehouse, pipeline: Pipeline, company: Company, day: date) -> None:
        self.warehouse, self.pipeline, self.company, self.day = warehouse, pipeline, company, day

    def table(self, question: str, **given: Value) -> pa.Table:
        with self.warehouse.run(self.pipeline.ask(question, self.company, self.day, given)) as reader:
            return reader.read_all()

    def rows(self, question: str, **given: Value) -> list[Row]:
        rows: list[Row] = self.table(question, **given).to_pylist()
        return rows

    def pairs(self, question: str, pairs: Sequence[tuple[str, str]]) -> pa.Table:
        """Asks about pairs of a customer and an item, which are named by both ids with a space between. Of several
        customers the answer may hold others, too."""
        customers = tuple(dict.fromkeys(customer for customer, _ in pairs))
        return self.table(question, customers=customers, pairs=tuple(f"{customer} {item}" for customer, item in pairs))


def day_to_explain(
    warehouse: Warehouse,
    pipeline: Pipeline,
    company: Company,
    day: date | None,
    *,
    recommendations: str,
    live: date | None,
) -> date:
    """The day asked for, or the one that is live, or the newest; it must have a slice of the table of recommendations,
    though perhaps no row."""
    made = warehouse.days(pipeline.ref(recommendations, company))
    if not made:
        make = command_to_make(pipeline, company, recommendations)
        raise ConfigError(f"{company.name} has no recommendations yet. Make a day: {make}")
    if day is not None and day not in made:
        there = f"it has {counted(len(made), 'day')} up to {made[-1]}"
        raise ConfigError(
            f"{company.name} has no recommendations of {day}; {there}."
            f"{_of_its_week(pipeline, company, recommendations, day, made)}"
        )
    return day or (live if live in made else None) or made[-1]


def _of_its_week(pipeline: Pipeline, company: Company, table: str, day: date, made: Sequence[date]) -> str:
    """Where those are that a day stands between."""
    due = newest_due(pipeline, company, table, day)
    if due == day:
        return ""
    if due in made:
        return f" They are made once a week: those of that week are of {due}."
    return f" They are made once a week: {command_to_make(pipeline, company, table, day)}"

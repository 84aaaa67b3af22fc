"""A terminal whose lake holds what attacks are after: customers of two companies, written without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.cli.terminal import Terminal, small_companies

DAY = date(2025, 9, 2)


def stocked(folder: Path, rows: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], **variables: str) -> Terminal:
    """Rows of a day by company and table; a column that a row leaves out is NULL."""
    small_companies(folder)
    terminal = Terminal(folder, variables)
    with terminal.inside():
        for name, tables in rows.items():
            company = company_named(name)
            for table, given in tables.items():
                spec = pipeline_of(company).specs[table]
                ref = TableRef(company.dataset, spec)
                dated = [{spec.date_column: DAY, **row} for row in given]
                subject = Subject(table, name, ref, Days.one(DAY))
                open_warehouse().replace(subject, spec.arrow_table(dated).to_reader())
    return terminal

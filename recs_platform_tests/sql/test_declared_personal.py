"""Every table declares the personal columns that its query gives it: previews and messages mask what is declared."""

from __future__ import annotations

import pytest

from recs_platform.pipeline.stage import SqlTable
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.personal import personal_columns

WORDS = {("dropped_customers", "reason")}
"""Chosen by a condition on an address, from a list that stands in the query."""


@pytest.mark.slow
def test_no_table_keeps_what_is_personal_undeclared() -> None:
    followed, undeclared = set(), set()
    for pipeline in pipelines().values():
        for name, table in pipeline.tables.items():
            if not isinstance(table, SqlTable):
                continue
            outside = {spec.name: spec for spec in table.incoming_specs}
            earlier = {as_: pipeline.specs[one.table] for as_, one in pipeline.looks[name].earlier.items()}
            columns = table.query.tree.named_selects
            found = personal_columns(table.query, {**pipeline.specs, **outside, **earlier}, columns)
            followed |= {(name, column) for column in found.personal | found.derived}
            undeclared |= {(name, column) for column in (found.personal | found.derived) - table.spec.personal}
    assert undeclared == WORDS
    assert {("customers", "email"), ("users_with_vehicles", "email_lower")} <= followed

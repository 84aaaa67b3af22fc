"""What Pandera judges rows by is what the declaration says, for every table of every strategy."""

from __future__ import annotations

import datetime
from typing import Any

import pandera.ibis as pandera
import pytest

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, TableSpec, log, spec_of
from recs_platform.strategies.catalogue import pipelines

_TYPES = {
    "string": "STRING",
    "int64": "INT64",
    "float64": "FLOAT64",
    "boolean": "BOOL",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
SPECS = sorted({spec for pipeline in pipelines().values() for spec in pipeline.specs.values()}, key=lambda s: s.name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_pandera_has_the_declared_columns_and_no_others(spec: TableSpec) -> None:
    schema = spec.schema
    theirs = [
        (name, _TYPES[str(c.dtype).partition("(")[0]], c.nullable, c.description or "", c.metadata or {})
        for name, c in schema.columns.items()
    ]
    ours = [
        (c.name, c.sql_type, c.nullable, c.description, dict(getattr(spec.model, c.name).metadata))
        for c in spec.columns
    ]
    assert theirs == ours
    assert (schema.strict, schema.coerce) == (True, True)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_rule_is_a_check_of_its_column(spec: TableSpec) -> None:
    theirs = {name: len(column.checks) for name, column in spec.schema.columns.items()}
    assert theirs == {name: len(getattr(spec.model, name).rules) for name in theirs}


def test_rules_become_panderas_own() -> None:
    ours = _spec().schema.columns["share"]
    theirs = _theirs().to_schema().columns["share"]
    assert ours == theirs
    assert [check.error for check in ours.checks] == ["greater_than_or_equal_to(0)", "less_than(1)"]


def test_a_rule_that_nobody_knows_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="has no rule at_least; known: eq, ne, gt"):
        Field(at_least=1)  # type: ignore[call-arg]


def test_a_column_without_a_field_is_refused() -> None:
    class Visits(Table):
        event_date: datetime.date = Field()
        visits: int

    with pytest.raises(TypeError, match=r"^Visits\.visits must be given a Field of recs_platform"):
        log(key=())(Visits)


def _spec() -> TableSpec:
    @log(key=())
    class Shares(Table):
        event_date: datetime.date = Field()
        share: float = Field(ge=0, lt=1, nullable=True, description="A share.")

    return spec_of(Shares)


def _theirs() -> Any:
    class Shares(pandera.DataFrameModel):
        share: float = pandera.Field(ge=0, lt=1, nullable=True, description="A share.")

        class Config:
            coerce = True
            strict = True

    return Shares

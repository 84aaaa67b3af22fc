"""The types of what queries may name agree with the values that companies give."""

from __future__ import annotations

from typing import get_args

import pytest

from recs_platform.companies.query_parameters import parameter_types, query_parameters
from recs_platform.pipeline.stage import SqlTable
from recs_platform.pipeline.typed_queries import typed_queries
from recs_platform.strategies.catalogue import STRATEGIES, built_in_companies, pipelines
from recs_platform.warehouse.compile import bigquery_type


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_query_of_a_pipeline_comes_with_what_it_reads(name: str) -> None:
    pipeline = pipelines()[name]
    typed = list(typed_queries(pipeline))
    made = [table for table in pipeline.tables.values() if isinstance(table, SqlTable)]
    assert len(typed) == len(made) + len(pipeline.checks) + len(pipeline.questions)
    for one in typed:
        assert one.query.tables <= one.tables.keys(), one.query.path
        assert one.query.parameters <= one.parameters.keys(), one.query.path


def test_what_arrives_has_no_date_and_an_earlier_snapshot_its_own_name() -> None:
    typed = {one.query.name: one for one in typed_queries(pipelines()["vehicle_fitment"])}
    assert "event_date" not in typed["landed_events"].tables["source_events"]
    assert typed["landed_events"].tables["source_events"]["event_ts"] == "TIMESTAMP"
    earlier = {name for one in typed.values() for name in one.tables} - pipelines()["vehicle_fitment"].specs.keys()
    assert {name for name in earlier if not name.startswith("source_")} - {"published"}


def test_types_are_those_of_the_values_that_companies_give() -> None:
    companies = built_in_companies()
    assert companies
    for company in companies:
        types, values = parameter_types(company.strategy), query_parameters(company)
        assert types.keys() == values.keys()
        given = {name: bigquery_type(value) for name, value in values.items() if value is not None}
        assert {name: types[name] for name in given} == given


def test_a_parameter_that_may_be_nothing_is_used_by_queries_only_when_it_is_a_text() -> None:
    """Nothing is bound as a text, whatever it would be otherwise (`bigquery_type`)."""
    for pipeline in pipelines().values():
        fields = pipeline.strategy.parameters.model_fields
        optional = {name for name, field in fields.items() if type(None) in get_args(field.annotation)}
        assert optional
        used = {name for typed in typed_queries(pipeline) for name in typed.query.parameters}
        assert {name for name in optional & used if pipeline.parameter_types[name] != "STRING"} == set()

"""Every query of the platform is valid to Google's own analyzer, with the types of its tables and parameters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from recs_platform.companies.query_parameters import parameter_types, query_parameters
from recs_platform.strategies.catalogue import built_in_companies
from recs_platform.warehouse.compile import literal_of
from recs_platform.warehouse.query import sql_folder
from recs_platform_tests.googlesql.server import GoogleSql, NotGoogleSql
from recs_platform_tests.googlesql.texts import all_texts

pytestmark = pytest.mark.googlesql

_CONVERTED = {("INT64", "FLOAT64")}
"""What BigQuery makes of another type when rows are stored."""


@pytest.mark.slow
def test_every_file_and_every_wrapped_check_is_valid(googlesql: GoogleSql) -> None:
    refused, analyzed = [], set()
    for text in all_texts():
        try:
            googlesql.analyze(text.sql, text.tables, text.parameters)
        except NotGoogleSql as error:
            refused.append(f"{text.path}: {text.name}: {error}")
        analyzed.add((text.path, text.sql))
    assert refused == []
    folder = sql_folder()
    files = {path.relative_to(folder.parent).as_posix(): path.read_text() for path in folder.rglob("*.sql")}
    assert len(files) > 150
    assert files.items() - analyzed == set()


def test_every_check_is_analyzed_as_it_is_judged() -> None:
    names = [text.name for text in all_texts()]
    checks = [path.stem for path in (sql_folder() / "validation").rglob("*.sql")]
    parts = ("judged", "counted")
    assert [check for check in checks if any(f"{check}, {part}" not in names for part in parts)] == []
    assert "vehicle_recommendations: blocking_checks" in names


def test_what_a_query_gives_fits_its_table(googlesql: GoogleSql) -> None:
    differing = []
    for text in all_texts():
        if text.makes is None:
            continue
        given = googlesql.analyze(text.sql, text.tables, text.parameters)
        declared = {column.name: column.sql_type for column in text.makes.columns}
        assert given.keys() == declared.keys(), text.path
        differing += [
            f"{text.path}: {name} is {given[name]}, declared {declared[name]}"
            for name in declared
            if given[name] != declared[name] and (given[name], declared[name]) not in _CONVERTED
        ]
    assert differing == []


def test_values_of_parameters_are_written_as_what_they_are(googlesql: GoogleSql) -> None:
    """As `recs sql show --engine bigquery` declares them."""
    for company in built_in_companies():
        types = parameter_types(company.strategy)
        values = {name: value for name, value in query_parameters(company).items() if value is not None}
        listed = ", ".join(f"{literal_of(value).sql(dialect='bigquery')} AS {name}" for name, value in values.items())
        assert googlesql.analyze(f"SELECT {listed}", {}, {}) == {name: types[name] for name in values}


_TABLES: Mapping[str, Mapping[str, str]] = {
    "sales": {"item_id": "STRING", "sold": "INT64", "price": "FLOAT64", "event_date": "DATE", "sold_at": "TIMESTAMP"}
}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT item_id AS at FROM sales", "Unexpected keyword AT"),
        ("SELECT item_id FROM sales LIMIT 1 + 1", "Expected end of input"),
        ("SELECT sold FROM sales WHERE item_id = 7", "No matching signature for operator ="),
        ("SELECT sold FROM sales WHERE event_date = sold_at", "No matching signature for operator ="),
        ("SELECT sold FROM sales WHERE sold > @least", "No matching signature for operator >"),
        ("SELECT sold FROM sales WHERE item_id IN UNNEST(@least)", "must be an array"),
        ("SELECT colour FROM sales", "Unrecognized name: colour"),
        ("SELECT item_id, SUM(sold) AS sold FROM sales", "neither grouped nor aggregated"),
        ("SELECT [sold] = [1] AS same FROM sales", "Equality is not defined for arguments of type ARRAY"),
        ("SELECT item_id FROM events", "Table not found: events"),
        ("SELECT list_sum(item_id) AS s FROM sales", "Function not found: list_sum"),
    ],
)
def test_what_is_wrong_is_found(sql: str, message: str, googlesql: GoogleSql) -> None:
    with pytest.raises(NotGoogleSql, match=message):
        googlesql.analyze(sql, _TABLES, {"least": "STRING"})


def test_any_text_is_analyzed_also_one_with_its_tables_before_it(googlesql: GoogleSql) -> None:
    text = "WITH items AS (SELECT * FROM sales WHERE event_date <= @as_of) SELECT item_id, SUM(sold) AS n FROM items"
    given = googlesql.analyze(f"{text} GROUP BY item_id", _TABLES, {"as_of": "DATE"})
    assert given == {"item_id": "STRING", "n": "INT64"}

"""The columns of source tables in words, and the files to begin with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recs_platform.companies.source_tables import (
    all_source_tables,
    column_comments,
    fed,
    missing_columns_text,
    source_table,
    template_csv,
)
from recs_platform.errors import ConfigError
from recs_platform.sources.check import LineStatus, check_company
from recs_platform.strategies.catalogue import STRATEGIES, pipelines
from recs_platform_tests.companies.shop import shop

TABLES = all_source_tables(STRATEGIES)
WITHOUT_EXAMPLE = {("deliveries", "failure_reason")}
"""Of the example, which is a success."""


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_a_feed_is_described_and_has_an_example(table: str) -> None:
    for column in fed(TABLES[table]):
        assert column.description, f"{table}.{column.name} says nothing of what it is"
        if (table, column.name) not in WITHOUT_EXAMPLE:
            assert column.example, f"give {table}.{column.name} an example in schemas/"
        if column.sql_type in ("INT64", "FLOAT64", "TIMESTAMP"):
            assert column.unit, f"give {table}.{column.name} a unit in schemas/"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_company_of_templates_alone_is_green(tmp_path: Path, strategy: str) -> None:
    tables = STRATEGIES[strategy].sources
    for name, spec in tables.items():
        (tmp_path / f"{name}.csv").write_text(template_csv(spec))
    sources = {name: {"connector": "files", "path": f"{name}.csv"} for name in tables}
    company = shop(tmp_path, strategy=strategy, sources=sources, without="simulation")
    lines = list(check_company(company, date(2025, 9, 1), pipelines()))
    assert [line.message for line in lines if line.status is not LineStatus.OK] == []
    looked_at = {line.table for line in lines if line.message.startswith("1 row")}
    assert looked_at == set(tables)


def test_a_missing_column_is_said_with_its_type_and_meaning() -> None:
    assert missing_columns_text(TABLES["catalog"], ["price"]) == (
        "price is number (company's currency): Price of one unit, in the company's currency; zero when not for sale, "
        "such as 19.90. A feed to begin with: recs companies template catalog"
    )
    assert "status is text (delivered, failed)" in missing_columns_text(TABLES["deliveries"], ["status"])


def test_required_columns_are_marked() -> None:
    marked = {line.split()[1] for line in column_comments(TABLES["catalog"]) if line.startswith("*")}
    assert marked == {"item_id", "price"}


def test_an_unknown_table_lists_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r'"event" is not a source table\. Did you mean "events"\? Allowed: events,'):
        source_table("event", STRATEGIES)
    with pytest.raises(ConfigError, match='"offers" is not a source table of replenishment'):
        source_table("offers", STRATEGIES, "replenishment")

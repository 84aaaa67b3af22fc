"""Which stages use a source table and its columns, and the page of the docs that says so."""

from __future__ import annotations

from recs_platform.pipeline.source_usage import source_usage
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.docs.source_tables_page import derived, stated


def test_the_page_of_source_tables_is_what_schemas_and_queries_say() -> None:
    assert stated() == derived(), "write it anew: python -m recs_platform_tests.docs.source_tables_page"


def test_a_column_is_used_by_the_stages_whose_queries_read_it() -> None:
    usage = source_usage(pipelines())
    assert usage["treatments", "arm"] == dict.fromkeys(pipelines(), ("campaigns",))
    assert "features" in usage["catalog", "cost"]["offer_ranking"]
    assert ("fitment", "vehicle_year") in usage
    assert ("events", "no_such_column") not in usage
    assert not any(table.startswith("landed_") for table, _ in usage)

"""Which fixtures there must be: a case of every query, a failing and a passing one of every check, every reason.

A query without a fixture is a query that nobody has seen work, a check that never failed is none.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

import pytest
from sqlglot import exp

from recs_platform.pipeline.stage import SqlTable
from recs_platform.schemas.landing import REJECTION
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.catalogue import STRATEGIES, VALIDATION, pipelines
from recs_platform.warehouse.query import Query
from recs_platform_tests.sql.case import FOLDER, Case, all_cases
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.sql.running import difference


def _queries() -> dict[str, Query]:
    """The queries that make tables or answer questions: those of `sql/`, and those that a stage puts together."""
    written = {n: q for n, q in platform_queries().items() if not q.path.startswith(VALIDATION)}
    made = (table for pipeline in pipelines().values() for table in pipeline.tables.values())
    return {table.spec.name: table.query for table in made if isinstance(table, SqlTable)} | written


def _checks() -> dict[str, Query]:
    return {n: q for n, q in platform_queries().items() if q.path.startswith(VALIDATION)}


def _cases() -> dict[str, list[Case]]:
    found = defaultdict(list)
    for case in all_cases():
        found[case.table].append(case)
    return found


def test_every_query_has_a_case() -> None:
    assert sorted(_queries().keys() - _cases().keys()) == []


@pytest.mark.parametrize("passes", [True, False], ids=["passes", "fails"])
def test_every_check_has_a_case_in_which_it(passes: bool) -> None:
    cases = _cases()
    without = [
        name
        for name in _checks()
        if not any(case.expected["passed"] is passes and "violations" in case.expected for case in cases[name])
    ]
    assert without == []


def test_every_case_stands_where_its_query_does() -> None:
    """A case of a query that is gone, or in another folder, is no case of anything."""
    paths = {name: PurePosixPath(query.path).parent for name, query in (_queries() | _checks()).items()}
    areas = {name: path.as_posix().removeprefix("sql/") for name, path in paths.items()}
    assert [str(case) for case in all_cases() if areas.get(case.table) != case.area] == []
    assert all((case.folder / "expect.yaml").is_file() for case in all_cases())
    assert len(all_cases()) == len(list(FOLDER.rglob("expect.yaml")))


@pytest.mark.parametrize("name", [n for n in sorted(_queries()) if n.startswith("landed_")])
def test_every_reason_to_reject_a_row_is_seen(name: str) -> None:
    """Also the row that cannot be read, and the one that nothing is wrong with."""
    aliased = next(c for c in _queries()[name].tree.find_all(exp.Alias) if c.alias == REJECTION)
    outcomes = (branch.args["true"] for branch in aliased.this.args["ifs"])
    reasons = {outcome.this for outcome in outcomes if isinstance(outcome, exp.Literal)}
    seen = {row[REJECTION] for case in _cases()[name] for row in case.expected}
    assert reasons - seen == set()
    assert None in seen
    assert any(reason not in reasons for reason in seen if reason), "no row that cannot be read"


_SOURCES = {spec_of(model).name: spec_of(model) for s in STRATEGIES.values() for model in s.source_tables}


@pytest.mark.parametrize("name", sorted(_SOURCES))
def test_of_several_rows_it_is_always_the_same_one_that_stands(name: str) -> None:
    """Two rows that are equal in all columns by which a query chooses must be equal altogether."""
    windows = _queries()[name].tree.find_all(exp.Window)
    (chooses,) = (window for window in windows if isinstance(window.this, exp.RowNumber))
    chosen_by = {column.name for column in chooses.find_all(exp.Column)}
    # The raw name says more than the canonical one.
    derived = {"event_name"} if "_raw_name" in chosen_by else set()
    assert {c.name for c in _SOURCES[name].columns} - chosen_by - derived - {"as_of"} == set()


def test_a_fixture_can_fail() -> None:
    rows = [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}]
    assert difference([{"a": 1}, {"a": 1}], rows) == ""
    assert difference([{"a": 1}], rows) == "too many: {'a': 1}"
    assert difference([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], rows) == (
        "missing: {'a': 2, 'b': 'y'}\ntoo many: {'a': 1, 'b': 'y'}"
    )
    assert difference([], []) == ""
    with pytest.raises(AssertionError, match="same columns"):
        difference([{"a": 1}, {"b": "x"}], rows)

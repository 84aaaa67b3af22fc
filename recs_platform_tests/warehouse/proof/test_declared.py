"""The rules that are proved are the rules that Pandera judges: neither fewer nor others."""

from __future__ import annotations

import ibis
import pytest

from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.bigquery.tables import ibis_type
from recs_platform.warehouse.lake.conditions import any_broken
from recs_platform.warehouse.proof.declared import NOT_NAN, NOT_NULL, DeclaredRule, declared_rules
from recs_platform.warehouse.rules import rules_of
from recs_platform_tests.schemas.test_pandera_model import SPECS

_TEXTS = {
    NOT_NULL: "must not be NULL",
    NOT_NAN: "must be a number, not NaN",
    "ge": "greater_than_or_equal_to({})",
    "gt": "greater_than({})",
    "le": "less_than_or_equal_to({})",
    "lt": "less_than({})",
    "isin": "isin({})",
}


def told(rule: DeclaredRule) -> tuple[str, str]:
    return rule.column, _TEXTS[rule.word].format(rule.value)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_rule_of_each_table_is_panderas(spec: TableSpec) -> None:
    rows = ibis.table({column.name: ibis_type(column) for column in spec.columns}, name="staged")
    panderas = sorted((str(rule.column), rule.text) for rule in rules_of(rows, spec))
    assert sorted(map(told, declared_rules(spec))) == panderas
    assert not spec.has_own_checks
    assert any_broken(declared_rules(spec)), "a rule of this table is counted through Pandera, which takes long"

"""The one-scan audit says of a slice what Pandera itself says of it, in few words and without personal data."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Sequence
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandera.ibis as pandera
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.api.ibis.types import IbisData
from pandera.errors import SchemaError, SchemaErrors

from recs_platform.errors import SliceError
from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, TableSpec, log, spec_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT, violations
from recs_platform.warehouse.lake import staged as staged_slices
from recs_platform.warehouse.lake.staged import StagedView
from recs_platform.warehouse.protocol import StagedSlice
from recs_platform_tests.warehouse.memory import MemorySlice
from recs_platform_tests.warehouse.tables import day, days, subject

Found = set[tuple[str | None, str]]


@log(key=("number", "part"), personal=("phone",))
class Rules(Table):
    """One column for each kind of rule that a model can state."""

    event_date: datetime.date = Field()
    number: int = Field()
    part: str = Field(nullable=True)
    at_least: int = Field(nullable=True, ge=2)
    at_most: float = Field(nullable=True, le=5.0)
    above: float = Field(nullable=True, gt=0)
    below: int = Field(nullable=True, lt=3)
    equal: int = Field(nullable=True, eq=1)
    unequal: int = Field(nullable=True, ne=1)
    in_bounds: float = Field(nullable=True, in_range={"min_value": 0, "max_value": 1, "include_max": False})
    one_of: str = Field(nullable=True, isin=["a", "b"])
    none_of: str = Field(nullable=True, notin=["a"])
    matches: str = Field(nullable=True, str_matches="^[ab]+$")
    containing: str = Field(nullable=True, str_contains="b")
    starts: str = Field(nullable=True, str_startswith="a")
    ends: str = Field(nullable=True, str_endswith="b")
    length: str = Field(nullable=True, str_length={"min_value": 1, "max_value": 2})
    two_rules: int = Field(nullable=True, ge=1, lt=3)
    needed: str = Field()
    phone: str = Field(nullable=True, str_startswith="0")

    @pandera.check("at_least", name="not_seven")
    def not_seven(cls, data: IbisData) -> ir.BooleanColumn:
        return data.table[data.key] != 7

    @pandera.dataframe_check(name="ordered", error="below must not exceed at_most")
    def ordered(cls, data: IbisData) -> ir.BooleanColumn:
        return data.table.below <= data.table.at_most


RULES = spec_of(Rules)
FINE: dict[str, Any] = {"event_date": day(0), "needed": "yes", "below": 1, "at_most": 2.0}
WHOLE, FRACTION = st.sampled_from([None, 0, 1, 2, 3, 7]), st.sampled_from([None, -1.0, 0.0, 0.5, 1.0, 5.0, 6.5])
TEXT = st.sampled_from([None, "", "a", "b", "ab", "ba", "abc"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {"event_date": st.just(day(0))}
        | {
            column.name: {"INT64": WHOLE, "FLOAT64": FRACTION, "STRING": TEXT}[column.sql_type]
            for column in RULES.columns
            if column.name not in ("event_date", "number")
        }
    ),
    min_size=4,
    max_size=8,
)


def arrow(rows: Sequence[dict[str, Any]], spec: TableSpec = RULES) -> pa.Table:
    numbered = [{"number": number, **row} for number, row in enumerate(rows)]
    schema = pa.schema([pa.field(column.name, column.type) for column in spec.columns])
    return pa.Table.from_pylist(numbered, schema=schema)


def staged(rows: Sequence[dict[str, Any]], spec: TableSpec = RULES) -> StagedSlice:
    """As the lake stages them."""
    connection = duckdb.connect()
    connection.register("staged", arrow(rows, spec))
    return StagedView(connection, "staged")


def ours(rows: StagedSlice) -> Found:
    return {(violation.column, violation.rule) for violation in violations(rows, RULES)[1]}


def panderas(rows: StagedSlice) -> Found:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pandas, about Pandera's own code
            RULES.schema.validate(rows.rows, lazy=True)
    except SchemaErrors as errors:
        return {(column_of(error), words_of(error.check)) for error in errors.schema_errors}
    return set()


def column_of(error: SchemaError) -> str | None:
    return None if error.schema is RULES.schema else error.schema.name


def words_of(check: Any) -> str:
    return "must not be NULL" if check == "not_nullable" else check.error or check.name


@pytest.mark.slow
@settings(max_examples=4)
@given(rows=ROWS)
def test_the_verdict_is_panderas_own(rows: list[dict[str, Any]]) -> None:
    # Pandera takes a rule whose outcome is NULL on every row for broken, an empty slice's included; we do not.
    table = staged([FINE, *rows])
    assert ours(table) == panderas(table)


@pytest.mark.slow
@settings(max_examples=4)
@given(rows=ROWS)
def test_one_scan_counts_what_a_question_for_each_rule_counts(rows: list[dict[str, Any]]) -> None:
    """The lake's way of counting against the plainest one; the examples and messages are made of the same."""
    in_memory = MemorySlice(ibis.memtable(arrow([FINE, *rows, *rows])))
    on_the_lake = staged([FINE, *rows, *rows])
    assert on_the_lake.count(RULES) == in_memory.count(RULES)
    assert violations(on_the_lake, RULES) == violations(in_memory, RULES)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("needed", None, "must not be NULL"),
        ("at_least", 1, "greater_than_or_equal_to(2)"),
        ("at_least", 7, "not_seven"),
        ("at_most", 5.5, "less_than_or_equal_to(5.0)"),
        ("above", 0.0, "greater_than(0)"),
        ("equal", 2, "equal_to(1)"),
        ("unequal", 1, "not_equal_to(1)"),
        ("in_bounds", 1.0, "in_range(0, 1)"),
        ("one_of", "c", "isin(['a', 'b'])"),
        ("none_of", "a", "notin(['a'])"),
        ("matches", "abc", "str_matches('^[ab]+$')"),
        ("containing", "a", "str_contains('b')"),
        ("starts", "ba", "str_startswith('a')"),
        ("ends", "ba", "str_endswith('b')"),
        ("length", "", "str_length(1, 2)"),
        ("two_rules", 3, "less_than(3)"),
        ("two_rules", 0, "greater_than_or_equal_to(1)"),
    ],
)
def test_each_kind_of_rule_is_seen_broken(column: str, value: object, rule: str) -> None:
    table = staged([FINE, FINE | {column: value}])
    assert ours(table) == panderas(table) == {(column, rule)}


def test_a_rule_between_columns_is_seen_broken() -> None:
    table = staged([FINE, FINE | {"at_most": 0.0}])
    assert ours(table) == panderas(table) == {(None, "below must not exceed at_most")}


def test_a_slice_that_keeps_every_rule_passes() -> None:
    assert violations(staged([FINE] * 3), RULES) == (3, [])
    assert violations(staged([]), RULES) == (0, [])


def test_nan_is_refused_though_pandera_lets_it_pass() -> None:
    table = staged([FINE | {"above": float("nan")}])
    assert panderas(table) == set()
    assert ours(table) == {("above", "must be a number, not NaN")}


KEYS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, "a", "b"]), st.integers(0, 1)), max_size=8)


@pytest.mark.parametrize("most_hashed", [staged_slices.MOST_HASHED, 0])
def test_a_key_stands_once_a_day(most_hashed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether hashes are asked first or not."""
    monkeypatch.setattr(staged_slices, "MOST_HASHED", most_hashed)
    settings(max_examples=20)(given(KEYS)(assert_each_repeated_key_is_counted))()


def assert_each_repeated_key_is_counted(keys: list[tuple[int, str | None, int]]) -> None:
    rows = [FINE | {"number": number, "part": part, "event_date": day(offset)} for number, part, offset in keys]
    repeated = {key for key in keys if keys.count(key) > 1}
    found = [violation for violation in violations(staged(rows), RULES)[1] if violation.column is None]
    assert [violation.rows for violation in found] == ([len(repeated)] if repeated else [])
    assert all(violation.rule == "number, part must be unique" for violation in found)


def message(rows: StagedSlice) -> str:
    with pytest.raises(SliceError) as caught:
        SCHEMA_AUDIT.check(rows, subject(days(0, 0), RULES))
    return str(caught.value)


def test_a_message_names_asset_partition_column_rule_count_and_a_few_examples() -> None:
    assert message(staged([FINE | {"below": 3, "at_most": 5.0}] * 12_345)) == (
        "shop/rules, shop 2025-12-01: the new rows (12,345 in all) violate 1 rule of rules. "
        "Nothing was published; what was there before stays.\n"
        "  - column below: less_than(3): 12,345 bad rows, such as {'number': 0, 'part': None, 'below': 3}; "
        "{'number': 1, 'part': None, 'below': 3}; {'number': 2, 'part': None, 'below': 3}; "
        "{'number': 3, 'part': None, 'below': 3}; {'number': 4, 'part': None, 'below': 3}"
    )


def test_a_message_is_the_same_however_the_rows_lie() -> None:
    rows = [FINE | {"number": number, "below": 3 + number % 2, "at_most": 5.0} for number in range(50)]
    assert message(staged(rows)) == message(staged(rows[::-1]))


def test_a_message_tells_no_personal_data() -> None:
    text = message(staged([FINE | {"phone": "31-555-1234", "matches": "jane.doe@mail.example"}]))
    assert "'phone': '3***'" in text
    assert "'matches': 'j***@***.example'" in text
    assert not {"555", "jane", "mail."} & set(text.replace("'", " ").replace("-", " ").split())


def test_a_table_that_may_not_be_empty_names_the_days_without_rows() -> None:
    @log(key=(), empty=Empty.FAIL, name="full")
    class Full(Table):
        """A log that has rows on every day."""

        event_date: datetime.date = Field()

    spec = spec_of(Full)
    rows = staged([{"event_date": day(1)}], spec)
    SCHEMA_AUDIT.check(rows, subject(days(1, 1), spec))
    with pytest.raises(SliceError) as caught:
        SCHEMA_AUDIT.check(rows, subject(days(0, 2), spec))
    assert str(caught.value) == (
        "shop/full, shop 2025-12-01 to 2025-12-03: no rows on 2025-12-01, 2025-12-03, and full may not be empty. "
        "Nothing was published."
    )

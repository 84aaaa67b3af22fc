"""Every rule of every table is seen broken by an audit that proves what it can, and in the same words as without."""

from __future__ import annotations

import datetime
import subprocess
import sys
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from recs_platform.errors import SliceError
from recs_platform.schemas.table import Column, TableSpec
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.evidence import Evidence
from recs_platform.warehouse.lake.relations import read_new_files
from recs_platform.warehouse.lake.staged import StagedView
from recs_platform.warehouse.lake.staging import stage
from recs_platform.warehouse.proof.declared import NOT_NAN, DeclaredRule, declared_rules
from recs_platform.warehouse.protocol import Subject
from recs_platform_tests.schemas.test_pandera_model import SPECS
from recs_platform_tests.warehouse.tables import day, days, subject

ROWS = 3


@lru_cache(maxsize=1)
def connection_of_all() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def staged(rows: list[dict[str, Any]], of: Subject, folder: Path, *, proofs: bool) -> StagedView:
    """As the lake stages them."""
    spec, connection = of.table.spec, connection_of_all().cursor()
    frame = pa.Table.from_pylist(rows, schema=pa.schema([(column.name, column.type) for column in spec.columns]))
    with ExitStack() as opened:
        made = stage(connection, None, of, frame.to_reader(), folder, opened)  # type: ignore[arg-type]
    connection.execute(
        f"CREATE TEMP VIEW staged AS {read_new_files(spec, [str(folder / file.path) for file in made.files])}"
    )
    return StagedView(connection, "staged", Evidence(spec, made.statistics) if proofs else None)


def verdict(rows: list[dict[str, Any]], of: Subject, folder: Path, *, proofs: bool) -> str:
    """The audit's message; nothing where it passes."""
    view = staged(rows, of, folder / str(proofs), proofs=proofs)
    try:
        SCHEMA_AUDIT.check(view, of)
    except SliceError as error:
        return str(error)
    return ""


def good_rows(spec: TableSpec) -> list[dict[str, Any]]:
    """A few that keep every rule, with keys that differ."""
    rows = [{column.name: good_value(spec, column, number) for column in spec.columns} for number in range(ROWS)]
    return list({tuple(row[name] for name in spec.key): row for row in rows}.values()) if spec.key else rows


def good_value(spec: TableSpec, column: Column, number: int) -> object:
    rules = spec.fields[column.name].rules
    if "isin" in rules:
        return rules["isin"][number % len(rules["isin"])]
    match column.sql_type:
        case "STRING":
            return f"{column.name} {number}"
        case "INT64":
            return min(rules.get("ge", 1) + number, rules.get("le", 100))
        case "FLOAT64":
            return 1.0 if "le" in rules else number + 1.0
        case "BOOL":
            return True
        case "DATE":
            return day(0)
        case "TIMESTAMP":
            return datetime.datetime(2025, 12, 1, 8, number)
        case _:
            return ["a", "b"]


def bad_value(rule: DeclaredRule) -> object:
    match rule.word:
        case "isin":
            return "no such word" if isinstance(rule.value[0], str) else -77
        case "ge":
            return rule.value - 1
        case "gt":
            return rule.value
        case "le":
            return rule.value + 1
        case _:
            return float("nan") if rule.word == NOT_NAN else None


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_each_kind_of_rule_of_each_table_is_seen_broken(spec: TableSpec, tmp_path: Path) -> None:
    """What is broken is counted as if there were no proofs, and told by the same code; that is tried of the key."""
    of, good = subject(days(0, 0), spec), good_rows(spec)
    unbroken = staged(good, of, tmp_path / "good", proofs=True).count(spec)
    assert (unbroken.rows, any(unbroken.broken), unbroken.repeated_keys) == (len(good), False, 0)
    types = {column.name: column.sql_type for column in spec.columns}
    # A slice whose day is NULL is refused before it is audited.
    kinds = {(rule.word, types[rule.column]): rule for rule in declared_rules(spec) if rule.column != spec.date_column}
    for number, rule in enumerate(kinds.values()):
        rows = [*good[:-1], good[-1] | {rule.column: bad_value(rule)}]
        view = staged(rows, of, tmp_path / str(number), proofs=True)
        assert view.evidence is not None
        assert view._nothing_broken(spec, view.evidence) is None, rule
    if spec.key:
        doubled = verdict([*good, good[0]], of, tmp_path / "doubled", proofs=True)
        assert f"{', '.join(spec.key)} must be unique" in doubled
        assert doubled == verdict([*good, good[0]], of, tmp_path / "doubled", proofs=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.name in ("events", "treatments")], ids=lambda spec: spec.name
)
def test_a_range_of_days_is_judged_as_one(spec: TableSpec, tmp_path: Path) -> None:
    of = subject(days(0, 2), spec)
    good = [row | {spec.date_column: day(offset)} for offset in (0, 2) for row in good_rows(spec)]
    view = staged(good, of, tmp_path / "good", proofs=True)
    counted = view.count(spec)
    assert (counted.rows, any(counted.broken), counted.repeated_keys) == (len(good), False, 0)
    rule = next(rule for rule in declared_rules(spec) if rule.column != spec.date_column)
    bad = [*good, good[-1] | {rule.column: bad_value(rule)}]
    told = verdict(bad, of, tmp_path, proofs=True)
    assert told.startswith(f"shop/{spec.name}, shop 2025-12-01 to 2025-12-03: ")
    assert told == verdict(bad, of, tmp_path, proofs=False)


def test_what_is_known_of_days_is_what_is_counted(tmp_path: Path) -> None:
    spec = next(spec for spec in SPECS if spec.name == "landed_events")
    of, good = subject(days(0, 2), spec), good_rows(spec)
    rows = [
        row | {"event_date": day(offset), "rejection": said} for row in good for offset, said in ((0, None), (2, "no"))
    ]
    rows.append(rows[0] | {"rejection": "event_id is missing"})
    known = staged(rows, of, tmp_path / "new", proofs=True).known_by_day("rejection")
    assert known is not None
    assert [(count.day, count.rows, count.filled) for count in known] == [(day(0), ROWS + 1, 1), (day(2), ROWS, ROWS)]


_WITHOUT_PANDERA = """
import sys
from pathlib import Path
from recs_platform_tests.warehouse.proof.loads_nothing import write_a_slice
write_a_slice(Path(sys.argv[1]))
loaded = {"ibis", "pandera"} & set(sys.modules)
assert not loaded, f"loaded {sorted(loaded)}"
"""


@pytest.mark.slow
def test_what_keeps_its_rules_is_written_without_loading_pandera(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _WITHOUT_PANDERA, str(tmp_path)], check=True)

"""`recs bench foundation` at a tiny size: both sides do the same work on the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from recs_platform.bench import event_rows, slices
from recs_platform.bench.event_rows import EVENTS, table
from recs_platform.cli import main
from recs_platform.warehouse.slices import Days

ROWS = 20_000
DAYS = 4


def all_of(folder: Path) -> duckdb.DuckDBPyRelation:
    """What the lake holds of the events."""
    with event_rows.lake(folder).read(table(EVENTS)) as reader:
        held = reader.read_all()
    return duckdb.from_arrow(held)


def differences(one: duckdb.DuckDBPyRelation, other: duckdb.DuckDBPyRelation) -> int:
    return len(one.except_(other).fetchall()) + len(other.except_(one).fetchall())


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Shares of the generated rows, by what they are about."""
    rows = duckdb.sql(event_rows.made_up_rows(EVENTS, 2, ROWS // 2))
    names, shares = rows.columns, duckdb.sql("SELECT * FROM rows")
    counted = shares.aggregate(
        "COUNT(*) AS all_rows, COUNT(DISTINCT event_id) AS ids, COUNT(DISTINCT customer_id) AS customers, "
        "COUNT(DISTINCT item_id) AS items, COUNT(DISTINCT event_date) AS days, "
        "COUNT_IF(event_ts::DATE <> event_date) AS misplaced, "
        "COUNT_IF(event_name = 'order_line' AND (order_id IS NULL OR item_id IS NULL OR quantity IS NULL)) AS broken"
    )
    return {"names": names} | dict(zip(counted.columns, counted.fetchone() or (), strict=True))


def test_the_rows_are_like_a_retailers_events(made: dict[str, Any]) -> None:
    assert made["names"] == [column.name for column in EVENTS.columns]
    assert made["all_rows"] == made["ids"] == ROWS
    assert made["days"] == 2
    assert made["misplaced"] == made["broken"] == 0
    assert made["customers"] > ROWS * 0.9
    assert made["items"] > ROWS * 0.7


def test_the_written_slice_and_the_baselines_file_hold_the_same_rows(tmp_path: Path) -> None:
    slices.land(tmp_path, ROWS)
    ours, theirs = slices.replace_slice(tmp_path), slices.copy_slice(tmp_path)
    assert ours.rows == theirs.rows == ROWS
    assert list(ours.steps) == ["write", "audit", "publish"]
    assert ours.seconds >= sum(ours.steps.values())
    held, copied = all_of(tmp_path), duckdb.read_parquet(str(slices.plain_file(tmp_path)))
    assert len(held) == len(copied) == ROWS
    assert differences(held, copied) == 0


def test_the_read_slices_and_the_baselines_file_hold_the_same_rows(tmp_path: Path) -> None:
    slices.fill(tmp_path, DAYS, ROWS)
    lake = event_rows.lake(tmp_path)
    for day in event_rows.days(DAYS):
        with lake.read(table(EVENTS), Days.one(day)) as reader:
            assert slices.consume(reader) == ROWS // DAYS
    held, copied = all_of(tmp_path), duckdb.read_parquet(str(slices.plain_file(tmp_path)))
    assert differences(held, copied) == 0
    ours, theirs = slices.read_slices(tmp_path, DAYS), slices.read_file(tmp_path)
    groups = held.aggregate("customer_id, event_name").shape[0]
    assert ours.rows == theirs.rows == ROWS + groups
    assert list(ours.steps) == list(theirs.steps) == ["stream", "aggregate"]


@pytest.mark.slow
def test_a_part_is_measured_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "foundation", "--part", "write", "--rows", str(ROWS), "--repeat", "1", "--json"])
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)
    assert found["sizes"] == {"rows": ROWS, "slices": 1}
    assert set(found["steps"]) == {"write", "audit", "publish"}
    assert set(found["baseline"]["steps"]) == {"write"}
    assert found["seconds"] > 0
    assert found["ratio"] == pytest.approx(found["baseline"]["seconds"] / found["seconds"], rel=0.01)
    assert found["rows_per_second"] == pytest.approx(ROWS / found["seconds"], rel=0.01)

"""A copy under another day is a sound file of that day; a file whose bytes are not as expected is not copied so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.warehouse.lake.day_bytes import copied_under

DAY, OTHER = date(2025, 12, 2), date(2026, 1, 17)
COPIED = "SELECT DATE '2025-12-02' AS as_of, range AS n, 'c' || (range % 7) AS name FROM range({rows})"


def written(folder: Path, select: str, options: str = "") -> Path:
    path = folder / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet{options})")
    return path


def of_day(path: Path, day: date) -> tuple[int, date | None, date | None]:
    """As an engine finds the rows, by statistics and filters; and what is read."""
    with duckdb.connect() as connection:
        asked = f"SELECT count(*) FROM read_parquet('{path}') WHERE as_of = DATE '{day}'"
        read = f"SELECT min(as_of + 0 * n::INT), max(as_of + 0 * n::INT) FROM read_parquet('{path}')"
        ((count,),), ((least, most),) = connection.execute(asked).fetchall(), connection.execute(read).fetchall()
    return count, least and least, most and most


@pytest.mark.parametrize("rows", [9, 122_880, 300_000])
@pytest.mark.parametrize("other", [OTHER, date(2025, 12, 3), date(1970, 1, 1), date(2199, 12, 31)])
def test_a_copy_is_of_the_other_day_and_otherwise_the_same(tmp_path: Path, rows: int, other: date) -> None:
    source, target = written(tmp_path, COPIED.format(rows=rows)), tmp_path / "b.parquet"
    assert copied_under(source, target, "as_of", DAY, other)
    assert of_day(target, other) == (rows, other, other)
    assert of_day(target, DAY)[0] == 0
    before, after = pq.read_table(source), pq.read_table(target)
    assert after["as_of"].unique().to_pylist() == [other]
    assert after.drop_columns("as_of").equals(before.drop_columns("as_of"))
    assert target.stat().st_size == source.stat().st_size


def test_a_copy_back_is_what_it_was(tmp_path: Path) -> None:
    source, there, back = written(tmp_path, COPIED.format(rows=300_000)), tmp_path / "b.parquet", tmp_path / "c.parquet"
    assert copied_under(source, there, "as_of", DAY, OTHER)
    assert copied_under(there, back, "as_of", OTHER, DAY)
    assert back.read_bytes() == source.read_bytes()
    made = written(tmp_path, COPIED.format(rows=300_000).replace(str(DAY), str(OTHER)))
    assert there.read_bytes() == made.read_bytes()


def test_a_file_without_rows_is_of_any_day(tmp_path: Path) -> None:
    source, target = written(tmp_path, COPIED.format(rows=0)), tmp_path / "b.parquet"
    assert copied_under(source, target, "as_of", DAY, OTHER)
    assert pq.read_table(target).num_rows == 0


@pytest.mark.parametrize(
    ("select", "options"),
    [
        (COPIED.format(rows=9), ", COMPRESSION zstd"),
        (COPIED.format(rows=9), ", COMPRESSION uncompressed"),
        (COPIED.format(rows=9), ", PARQUET_VERSION v2"),
        (COPIED.format(rows=9), ", DICTIONARY_SIZE_LIMIT 0"),
        # Another column says the same day, and nothing tells which statistic is whose.
        (COPIED.format(rows=9).replace("range AS n", "range AS n, DATE '2025-12-02' AS made_on"), ""),
        ("SELECT DATE '2025-12-02' + (range % 2)::INT AS as_of, range AS n FROM range(9)", ""),
        ("SELECT if(range = 0, NULL, DATE '2025-12-02') AS as_of, range AS n FROM range(9)", ""),
        (COPIED.format(rows=9).replace("2025-12-02", "2025-12-01"), ""),
    ],
)
def test_a_file_that_is_otherwise_is_not_copied(tmp_path: Path, select: str, options: str) -> None:
    source, target = written(tmp_path, select, options), tmp_path / "b.parquet"
    assert not copied_under(source, target, "as_of", DAY, OTHER)
    assert not target.exists()


def test_a_file_of_another_writer_is_not_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(pa.table({"as_of": [DAY] * 9, "n": range(9)}), source)
    assert not copied_under(source, target, "as_of", DAY, OTHER)
    assert not target.exists()


def test_a_filter_that_is_another_is_no_ground_to_copy(tmp_path: Path) -> None:
    source, target = written(tmp_path, COPIED.format(rows=9)), tmp_path / "b.parquet"
    place = pq.read_metadata(source).row_group(0).column(0).bloom_filter_offset + 20
    content = bytearray(source.read_bytes())
    content[place] ^= 1
    source.write_bytes(content)
    assert not copied_under(source, target, "as_of", DAY, OTHER)

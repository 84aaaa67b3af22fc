"""What a writer of a lake leaves that was killed between two of its files: it is not read, and is no hindrance.

Not here: writers that are killed at any moment (../test_crash.py).
"""

from __future__ import annotations

from pathlib import Path

from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.warehouse.tables import days, stored, visits, write


def test_a_writer_killed_before_its_commit_leaves_files_that_nobody_reads(lake: Lake) -> None:
    """The moment between moving the files into the table and the commit, where a kill seldom hits."""
    write(lake, days(0, 0), visits(days(0, 0)))
    stray = next((Path(lake.root) / "company_7" / "visits").glob("event_date=*/*.parquet"))
    stray.with_name("stray.parquet").write_bytes(stray.read_bytes())
    assert len(stored(lake)) == 3
    write(lake, days(0, 0), visits(days(0, 0), each=4))
    assert len(stored(lake)) == 4


def test_a_table_whose_creation_was_cut_off_can_be_written(lake: Lake) -> None:
    for left in ("_delta_log", "event_date=2025-12-01"):
        (Path(lake.root) / "company_7" / "visits" / left).mkdir(parents=True)
    assert stored(lake) == []
    write(lake, days(0, 0), visits(days(0, 0)))
    assert len(stored(lake)) == 3

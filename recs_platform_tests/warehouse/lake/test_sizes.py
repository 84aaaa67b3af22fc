"""How much is stored: all of it, measured again when a table changes and not otherwise, some of it at a time."""

from __future__ import annotations

from pathlib import Path

from recs_platform.warehouse.lake.sizes import LakeSizes


def table(lake: Path, dataset: str, name: str, size: int) -> Path:
    folder = lake / dataset / name
    (folder / "_delta_log").mkdir(parents=True)
    commit(folder, 0)
    (folder / "as_of=2025-12-02").mkdir()
    (folder / "as_of=2025-12-02" / "a.parquet").write_bytes(b"x" * size)
    return folder


def commit(folder: Path, version: int) -> None:
    (folder / "_delta_log" / f"{version:020}.json").write_bytes(b"y" * 10)


def test_all_files_of_a_companys_tables_are_added_up(tmp_path: Path) -> None:
    table(tmp_path, "acme", "events", 100)
    table(tmp_path, "acme", "orders", 50)
    table(tmp_path, "holley", "events", 7)
    (tmp_path / "holley" / "no table").mkdir()
    assert LakeSizes(tmp_path).measure(["acme", "holley", "nobody"], 60) == {"acme": 170, "holley": 17}


def test_a_table_is_walked_again_when_its_log_has_grown(tmp_path: Path) -> None:
    folder, sizes = table(tmp_path, "acme", "events", 100), LakeSizes(tmp_path)
    assert sizes.measure(["acme"], 60) == {"acme": 110}
    added = folder / "as_of=2025-12-02" / "b.parquet"
    added.write_bytes(b"x" * 1000)
    assert sizes.measure(["acme"], 60) == {"acme": 110}  # nobody reads it before it is committed
    commit(folder, 1)
    assert sizes.measure(["acme"], 60) == {"acme": 1120}


def test_without_any_time_each_call_gets_on_and_tells_no_part_of_a_company(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        table(tmp_path, "acme", name, 10)
    table(tmp_path, "holley", "a", 10)
    sizes = LakeSizes(tmp_path)
    told = [sizes.measure(["acme", "holley"], -1) for _ in range(5)]
    assert told == [{}, {}, {"acme": 60}, {"acme": 60, "holley": 20}, {"acme": 60, "holley": 20}]

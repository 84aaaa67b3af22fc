"""How much is stored: all of it, measured again when a table changes and not otherwise, some of it at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.file_store.bucket import Bucket
from recs_platform.warehouse.lake.bucket_sizes import BucketSizes
from recs_platform.warehouse.lake.sizes import LakeSizes
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.stores.proxy import proxied


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


@pytest.mark.slow
def test_a_bucket_is_listed_once_in_a_while_and_gets_on_a_company_at_a_time(store: Store) -> None:
    with proxied(store) as (proxy, behind), pytest.MonkeyPatch.context() as patch:
        behind.let_in(patch)
        bucket = Bucket(store.new_folder(), "RECS_LAKE_URL")
        for name, size in (("acme/events/a.parquet", 100), ("acme/events/_delta_log/0.json", 7), ("holley/x/b", 17)):
            bucket.write(name, b"x" * size)
        assert BucketSizes(bucket).measure(["acme", "holley", "nobody"], 60) == {"acme": 107, "holley": 17}
        sizes = BucketSizes(bucket)
        told = [sizes.measure(["acme", "holley"], -1) for _ in range(2)]
        assert told == [{"acme": 107}, {"acme": 107, "holley": 17}]
        proxy.requests.clear()
        assert sizes.measure(["acme", "holley"], 60) == told[1]
        assert proxy.requests == []

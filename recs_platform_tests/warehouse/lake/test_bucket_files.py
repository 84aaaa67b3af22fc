"""Copies of files in a bucket: brought once, kept while they are read, and gone when there is no room for them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.warehouse.lake import checksums, newest
from recs_platform.warehouse.lake.bucket_files import copies_folder, make_room, sweep_copies
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.stores.proxy import Proxy, proxied
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import day, days, marks, ref, visits, write

HOUR = 3_600


@pytest.fixture
def proxy(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxied(store) as (proxy, behind):
        behind.let_in(monkeypatch)
        yield proxy


def afresh(lake: Lake, folder: Path) -> Lake:
    """As another process of this machine sees it, or of another machine."""
    checksums._PROVED.clear()
    newest._NEWEST.clear()
    return open_lake(lake.root, folder)


def fetched(proxy: Proxy) -> int:
    """Data files that were asked for since the last time."""
    count = sum(request.startswith("GET ") and request.endswith(".parquet") for request in proxy.requests)
    proxy.requests.clear()
    return count


@pytest.mark.slow
def test_a_file_is_brought_once_to_a_machine(proxy: Proxy, tmp_path: Path) -> None:
    lake = open_lake(proxy.store.new_folder(), tmp_path / "here")
    write(lake, days(0, 4), visits(days(0, 4)))
    assert fetched(proxy) == 0
    assert len(marks(lake)) == 5
    assert fetched(proxy) == 0, "who writes has them already"
    elsewhere = afresh(lake, tmp_path / "elsewhere")
    assert len(marks(elsewhere, days(1, 2))) == 2
    assert fetched(proxy) == 2, "no more than are asked for"
    assert len(marks(elsewhere)) == 5
    assert fetched(proxy) == 3
    assert len(marks(afresh(lake, tmp_path / "elsewhere"))) == 5
    assert fetched(proxy) == 0
    write(lake, days(4, 4), visits([day(4)], pages=2))
    fetched(proxy)
    assert marks(elsewhere)[day(4)] == [2] * 3
    assert fetched(proxy) == 1


@pytest.mark.slow
def test_a_slice_takes_a_handful_of_requests_however_long_its_table_is(proxy: Proxy, tmp_path: Path) -> None:
    lake = open_lake(proxy.store.new_folder(), tmp_path / "here")
    for number in range(12):
        write(lake, days(number, number), visits([day(number)]))
    proxy.requests.clear()
    write(lake, days(12, 12), visits([day(12)]))
    writing = len(proxy.requests)
    proxy.requests.clear()
    assert lake.days(ref()) == list(days(0, 12))
    assert marks(lake, days(12, 12)) == {day(12): [1] * 3}
    assert writing <= 13
    assert len(proxy.requests) <= 2


def test_copies_that_were_read_longest_ago_make_room(tmp_path: Path) -> None:
    folder = copies_folder("gs://bucket/lake", tmp_path)
    for number, age in enumerate((30 * HOUR, 20 * HOUR, 10 * HOUR, HOUR)):
        copy(folder / "shop" / "visits" / f"{number}.parquet", age)
    make_room(folder, most=300)
    assert kept(folder) == ["1.parquet", "2.parquet", "3.parquet"]
    make_room(folder, most=0)
    assert kept(folder) == ["3.parquet"], "a query may be reading it"


def test_copies_that_nobody_reads_are_swept(tmp_path: Path) -> None:
    folder = copies_folder("gs://bucket/lake", tmp_path)
    for number, age in enumerate((9 * 24 * HOUR, 24 * HOUR)):
        copy(folder / f"{number}.parquet", age)
    for dry_run in (True, False):
        assert sweep_copies(tmp_path, timedelta(days=7), dry_run=dry_run) == {str(folder / "0.parquet"): 100}
    assert kept(folder) == ["1.parquet"]


def copy(path: Path, age: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 100)
    os.utime(path, (time.time() - age,) * 2)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.parquet"))

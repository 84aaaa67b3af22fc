"""A store that fails now and then, or is gone, or lets nobody in: what passes is tried again, a commit whose answer is
lost is known by what it wrote, and a mistake is said at once, with the variable to set right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.file_store import bucket
from recs_platform.warehouse.lake import newest
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.stores import keeper
from recs_platform_tests.stores.fixtures import Store, store_named
from recs_platform_tests.stores.proxy import HUNG_UP, KINDS, LOST, OVERLOADED, Fault, Proxy, proxied
from recs_platform_tests.warehouse.conftest import open_lake
from recs_platform_tests.warehouse.tables import DATASET, day, days, marks, ref, stored, visits, write

pytestmark = pytest.mark.slow
TODAY = days(0, 0)
COMMITS = r"^PUT .*/_delta_log/\d{20}\.json"


@pytest.fixture
def proxy(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxied(store) as (proxy, behind):
        behind.let_in(monkeypatch)
        yield proxy


@pytest.fixture
def lake(proxy: Proxy, tmp_path: Path) -> Lake:
    return open_lake(proxy.store.new_folder(), tmp_path / "scratch")


def in_the_store(lake: Lake, store: Store, patch: pytest.MonkeyPatch, tmp_path: Path) -> Lake:
    """The lake as another machine sees it, which nothing goes wrong for."""
    store.let_in(patch)
    newest._NEWEST.clear()
    return open_lake(lake.root, tmp_path / "another machine")


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_wrong_now_and_then_is_tried_again(lake: Lake, proxy: Proxy, kind: str) -> None:
    for number, request in enumerate(("^GET ", "^PUT ", "^GET .*list-type")):
        proxy.faults[:] = [Fault(kind, request, times=2)]
        write(lake, TODAY, visits(TODAY, pages=number))
        assert marks(lake) == {day(0): [number] * 3}
        assert proxy.faults[0].times < 2, f"nothing was asked by {request}"
    assert [version.note["rows"] for version in lake.versions(ref()) if version.note] == [3] * 3


@pytest.mark.parametrize("kind", [LOST, HUNG_UP])
@pytest.mark.parametrize("before", [0, 1], ids=["first commit", "later commit"])
def test_a_commit_whose_answer_is_lost_is_made_once(
    lake: Lake, proxy: Proxy, kind: str, before: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lake, days(-1, -1), [])
    for _ in range(before):
        write(lake, TODAY, visits(TODAY, pages=1))
    versions = len(lake.versions(ref()))
    proxy.faults.append(Fault(kind, COMMITS))
    written = write(lake, TODAY, visits(TODAY, pages=2), note={"run": "r2"})
    assert proxy.faults[0].times == 0
    for each in (lake, in_the_store(lake, proxy.store, monkeypatch, tmp_path)):
        assert marks(each) == {day(0): [2] * 3}
        assert each.versions(ref())[0].version == written.version == versions
        assert each.versions(ref())[0].note["run"] == "r2"
        assert each.inspect(ref()).findings == ()


def test_a_store_that_is_gone_may_come_back(
    lake: Lake, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lake, TODAY, visits(TODAY, pages=1))
    quickly(monkeypatch)
    proxy.faults.append(Fault(OVERLOADED, "", times=10_000))
    for ask in (stored, versions, write_today, vacuum):
        with pytest.raises(UnavailableError, match=r"company_7.*the store does not answer|cannot be opened"):
            ask(lake)
    proxy.faults.clear()
    assert marks(lake) == {day(0): [1] * 3}


def test_a_write_that_a_store_does_not_take_leaves_what_was_there(
    lake: Lake, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lake, TODAY, visits(TODAY, pages=1))
    quickly(monkeypatch)
    for request in (COMMITS, r"^PUT .*\.parquet"):
        proxy.faults[:] = [Fault(OVERLOADED, request, times=10_000)]
        with pytest.raises(UnavailableError):
            write(lake, TODAY, visits(TODAY, pages=2))
        proxy.faults.clear()
        assert marks(lake) == {day(0): [1] * 3}
        assert len([name for name in bucket.Bucket(lake.root, "").listed(DATASET) if name.endswith(".parquet")]) == 1


@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_a_mistake_is_said_at_once_and_names_the_variable(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_named(request, kind)
    there = store.new_folder()
    with proxied(store) as (proxy, behind):
        behind.let_in(monkeypatch)
        nowhere = rf"there is no bucket nobodys-bucket at {kind}://\. Make it, or name another"
        refuses(open_lake(f"{kind}://nobodys-bucket/lake", tmp_path / "scratch"), nowhere)
        # Each of the three asks asks at most twice for the log's checkpoint and its commits.
        assert len(proxy.requests) <= 12
    store.let_in(monkeypatch)
    if kind == "gs":
        return
    for name, value in (("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "wrong")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            refuses(
                open_lake(there, tmp_path / "scratch"), f"the store does not let the platform in at {there}/.*{name}"
            )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keeper.READERS_KEY)
    lake = open_lake(there, tmp_path / "scratch")
    assert stored(lake) == []
    with pytest.raises(ConfigError, match=r"RECS_LAKE_URL: the store does not let the platform in .*write"):
        write(lake, TODAY, visits(TODAY))


def refuses(lake: Lake, words: str) -> None:
    for ask in (stored, write_today, versions):
        with pytest.raises(ConfigError, match=f"^RECS_LAKE_URL: {words}"):
            ask(lake)


def quickly(patch: pytest.MonkeyPatch) -> None:
    """Nobody waits a minute for a store in a test."""
    patch.setattr(bucket, "_RETRIES", 1)
    bucket._store.cache_clear()
    newest._NEWEST.clear()


def write_today(lake: Lake) -> None:
    write(lake, TODAY, visits(TODAY))


def versions(lake: Lake) -> None:
    lake.versions(ref())


def vacuum(lake: Lake) -> None:
    lake.vacuum(ref())


@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_a_command_on_a_bucket_that_is_not_there_ends_with_2(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    store_named(request, kind)
    small_companies(tmp_path)
    terminal = Terminal(tmp_path, {"RECS_LAKE_URL": f"{kind}://nobodys-bucket/lake"})
    ended = terminal.recs("status", "holley")
    assert ended.code == 2
    assert f"RECS_LAKE_URL: there is no bucket nobodys-bucket at {kind}://." in ended.told
    assert "Traceback" not in ended.told

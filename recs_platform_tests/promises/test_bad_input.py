"""A source that is missing, broken or of the wrong shape: one sentence that says what to do, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.automation import failures
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Platform
from recs_platform_tests.promises.shop import DATABASE, FIRST, SECOND, THIRD, Shop, events_of
from recs_platform_tests.slow import takes_seconds

_CATALOG = [{"item_id": f"i{n}", "name": f"Item {n}", "price": 10 * n} for n in range(1, 4)]
_NOT_WRITTEN = "Correct the feed, or raise `parameters.rejected_tolerance` if this is how it is. Nothing was written."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("feeds"))


@pytest.fixture(scope="module")
@takes_seconds
def loaded(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The shop after a first day on which all was well."""
    platform = Platform(tmp_path_factory.mktemp("home"), [shop.company])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATABASE, shop.database_url)
        platform.succeeded(platform.run_day("shop", FIRST))
    yield platform


@pytest.fixture
def platform(loaded: Platform, monkeypatch: pytest.MonkeyPatch, shop: Shop) -> Platform:
    monkeypatch.setenv(DATABASE, shop.database_url)
    return loaded


def _put_events(shop: Shop, rows: list[dict[str, object]]) -> None:
    shop.put("events", [{**row} for row in rows], f"{SECOND}.csv")


def _prices(shop: Shop, prices: pa.Array[Any]) -> None:
    (shop.folder / "catalog" / "all.csv").unlink()
    pq.write_table(pa.table({"item_id": ["i1"], "price": prices}), shop.folder / "catalog" / "all.parquet")


def _cut_row(shop: Shop) -> None:
    path = shop.folder / "events" / f"{SECOND}.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], "e2-broken,2025-09-02T08:00:00Z", *lines[3:]]) + "\n")


def _unknown_names(count: int) -> Callable[[Shop], None]:
    def spoil(shop: Shop) -> None:
        rows = events_of(SECOND, 100)
        _put_events(shop, [{**row, "event_name": "Scroll"} for row in rows[:count]] + rows[count:])

    return spoil


@dataclass(frozen=True)
class Bad:
    table: str
    spoil: Callable[[Shop], object]
    sentence: str
    """What is said, without the folder."""
    day: date = SECOND


_BAD = {
    "missing file": Bad(
        "events",
        lambda shop: (shop.folder / "events" / f"{SECOND}.csv").unlink(),
        "shop: source table events: there is no file for 2025-09-02 at events/{date}.csv. "
        "Deliver the files, or set sources.events.missing_day: empty in the company file.",
    ),
    "empty folder": Bad(
        "catalog",
        lambda shop: (shop.folder / "catalog" / "all.csv").unlink(),
        "shop: source table catalog: the folder catalog has no .parquet, .csv, .csv.gz, .zip or .xlsx file. "
        "Deliver the file, or correct sources.catalog.path in the company file.",
    ),
    "nested values": Bad(
        "catalog",
        lambda shop: _prices(shop, pa.array([[1.0, 2.0]])),
        "shop: source table catalog, column price: is nested (list<element: double>) in catalog/all.parquet, where one "
        "value per row is expected. Write the value as a column of its own.",
    ),
    "type that can never fit": Bad(
        "catalog",
        lambda shop: _prices(shop, pa.array([True])),
        "shop: source table catalog, column price: is of type bool, which cannot be converted to FLOAT64. "
        "Convert it in the source, or rename the right column to it under `columns:`.",
    ),
    "text that is no number in any row": Bad(
        "catalog",
        lambda shop: shop.put("catalog", [{**row, "price": "cheap"} for row in _CATALOG]),
        "shop: source table catalog, column price: 3 of 3 rows for 2025-09-02 are unusable, and at most 5% may be: "
        f"price is not a number (3). {_NOT_WRITTEN}",
    ),
    "missing column": Bad(
        "catalog",
        lambda shop: shop.put("catalog", [{"item_id": "i1", "prise": 1}]),
        "shop: source table catalog, column price: catalog/all.csv has no column price; it has item_id, prise. "
        'Name the source\'s column in the company file: sources.catalog.columns.price. Did you mean "prise"? '
        "price is number (company's currency): Price of one unit, in the company's currency; zero when not for sale, "
        "such as 19.90. A feed to begin with: recs companies template catalog",
    ),
    "broken row": Bad(
        "events",
        _cut_row,
        "shop: source table events: line 3 of events/2025-09-02.csv has 2 fields where the header has 6. "
        "Correct the export and deliver the file again.",
    ),
    "too many unknown events": Bad(
        "events",
        _unknown_names(11),
        "shop: source table events, column event_name: 11 of 100 rows for 2025-09-02 are unusable, and at most 5% may "
        f"be: event_name is unknown (11). {_NOT_WRITTEN}",
    ),
    "nothing of its day": Bad(
        "events",
        lambda shop: _put_events(shop, events_of(THIRD, 3)),
        "shop: source table events, column event_ts: 3 of 3 rows for 2025-09-02 are unusable, and at most 5% may be: "
        f"event_ts is outside its day (3). {_NOT_WRITTEN}",
    ),
}


@pytest.mark.parametrize("name", _BAD)
def test_bad_input_is_refused_in_one_sentence(name: str, platform: Platform, shop: Shop) -> None:
    bad = _BAD[name]
    landed = f"landed_{bad.table}"
    before, versions = platform.days("shop", landed), len(platform.lake.versions(platform.ref("shop", landed)))
    kept = {path: path.read_bytes() for path in (shop.folder / bad.table).iterdir()}
    try:
        bad.spoil(shop)
        run = platform.run_day("shop", bad.day, only=[landed, bad.table])
    finally:
        for path in (shop.folder / bad.table).iterdir():
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
    summary = platform.summary(run)
    assert not run.success
    assert summary.user_mistake
    assert summary.errors[0].replace(f"{shop.folder}/", "") == bad.sentence
    assert platform.days("shop", landed) == before
    assert len(platform.lake.versions(platform.ref("shop", landed))) == versions
    assert list((platform.home / "lake" / ".staging").iterdir()) == []


@pytest.mark.slow
def test_few_unknown_events_are_rejected_and_the_others_loaded(platform: Platform, shop: Shop) -> None:
    before = (shop.folder / "events" / f"{SECOND}.csv").read_bytes()
    _unknown_names(10)(shop)
    run = platform.load_days("shop", Days.one(SECOND))
    (shop.folder / "events" / f"{SECOND}.csv").write_bytes(before)
    assert run.success
    rejected = platform.rows("shop", "rejected_rows", Days.one(SECOND))
    assert [row["reason"] for row in rejected] == ["event_name is unknown"] * 10
    assert len(platform.rows("shop", "events", Days.one(SECOND))) == 90


def test_a_feed_from_before_the_start(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "feeds", undated=True)
    shop.put("events", [{**row, "event_ts": "2025-08-31T23:59:59Z"} for row in events_of(FIRST)])
    platform = Platform(tmp_path / "home", [shop.company])
    run = platform.run_day("shop", FIRST, only=["landed_events"])
    assert platform.summary(run).errors == (
        "shop: source table events, column event_ts: 6 of 6 rows for 2025-09-01 are unusable, and at most 5% may be: "
        f"event_ts is before the start date (6). {_NOT_WRITTEN}",
    )
    assert platform.days("shop", "landed_events") == []


def test_a_database_that_does_not_answer(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "RETRIES", dg.RetryPolicy(max_retries=1, delay=0.01))
    monkeypatch.setenv(DATABASE, "postgresql+psycopg://reader:geheim@127.0.0.1:1/shop")
    before = platform.days("shop", "landed_deliveries")
    run = platform.run_day("shop", THIRD, only=["landed_deliveries"])
    (message,) = platform.summary(run).errors
    assert re.fullmatch(
        r"shop: source table deliveries: the database cannot be reached: .*refused.*\. "
        r"Check the database and the URL in SHOP_DATABASE_URL\.",
        message,
        re.DOTALL,
    )
    assert "geheim" not in message
    assert "\n" not in message
    assert platform.days("shop", "landed_deliveries") == before

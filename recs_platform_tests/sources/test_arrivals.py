"""What a feed says of a day without landing it: files by name and time, databases by a count."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.model import Company
from recs_platform.errors import SourceError
from recs_platform.sources.arrivals import (
    SETTLED_AFTER,
    Arrival,
    arrival,
    changed_at,
    may_lack_days,
    rows_now,
    tells_arrival,
)
from recs_platform.sources.connectors import simulated
from recs_platform_tests.automation.sensors.lifts import FEEDS, PER_DAY, day, deliver, lifts
from recs_platform_tests.companies.shop import shop

DAY = day(3)
LATER = timedelta(hours=1)


def company_with(folder: Path, **sources: Any) -> Company:
    files = {feed: {"connector": "files", "path": f"lifts/{feed}/{{date}}.csv"} for feed in FEEDS}
    return lifts(folder, sources={**files, **sources})


def came(company: Company, table: str, one: date = DAY, *, wait: timedelta = LATER) -> Arrival | None:
    return arrival(company, company.tables[table], one, datetime.now(UTC) + wait)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A database of orders; its URL is in the environment."""
    path = tmp_path / "orders.db"
    monkeypatch.setenv("ORDERS_URL", f"sqlite:///{path}")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("CREATE TABLE orders (id TEXT, day TEXT)")
    return database


def sql(where: str = "WHERE day = :as_of") -> dict[str, str]:
    return {"connector": "sql", "url_env": "ORDERS_URL", "query": f"SELECT id FROM orders {where};"}


def test_a_file_for_a_day_has_come_when_it_has_settled(tmp_path: Path) -> None:
    company = company_with(tmp_path)
    assert came(company, "events") is None
    assert changed_at(company, company.tables["events"], DAY) is None
    before = datetime.now(UTC) - timedelta(seconds=1)
    deliver(tmp_path, [DAY])
    first = came(company, "events")
    assert first is not None
    assert first.at is not None
    assert before <= first.at <= datetime.now(UTC)
    assert changed_at(company, company.tables["events"], DAY) == first.at
    assert came(company, "events", wait=timedelta()) is None
    assert came(company, "events", wait=SETTLED_AFTER) == first
    assert came(company, "events", day(4)) is None


def test_other_content_has_another_mark(tmp_path: Path) -> None:
    company = company_with(tmp_path)
    deliver(tmp_path, [DAY])
    first = came(company, "interactions")
    deliver(tmp_path, [DAY], opens=0.5)
    second = came(company, "interactions")
    assert first is not None
    assert second is not None
    assert first.mark != second.mark


def test_a_copy_that_keeps_its_time_has_come_when_it_was_copied(tmp_path: Path) -> None:
    company = company_with(tmp_path)
    deliver(tmp_path, [DAY])
    long_ago = (datetime.now(UTC) - timedelta(days=30)).timestamp()
    os.utime(tmp_path / "lifts" / "events" / f"{DAY}.csv", (long_ago, long_ago))
    copied = came(company, "events")
    assert copied is not None
    assert copied.at is not None
    assert datetime.now(UTC) - copied.at < timedelta(minutes=5)


def test_one_file_for_all_days_has_a_day_when_it_was_written_after_it(tmp_path: Path) -> None:
    company = company_with(tmp_path, events={"connector": "files", "path": "events.csv"})
    (tmp_path / "events.csv").write_text("event_id\n")
    today = datetime.now(UTC).date()
    assert came(company, "events", today - timedelta(days=1)) is not None
    assert came(company, "events", today) is None
    assert changed_at(company, company.tables["events"], DAY) is None


def test_a_database_says_how_many_rows(tmp_path: Path, orders: sqlite3.Connection) -> None:
    company = company_with(tmp_path, events=sql())
    assert came(company, "events") is None
    assert rows_now(company, company.tables["events"], DAY) is None
    for number in range(3):
        orders.execute("INSERT INTO orders VALUES (?, ?)", (str(number), str(DAY)))
    orders.execute("INSERT INTO orders VALUES ('9', ?)", (str(day(4)),))
    assert came(company, "events") == Arrival("3", None)
    assert rows_now(company, company.tables["events"], DAY) == 3


def test_a_query_that_fails_says_so_and_shows_no_url(tmp_path: Path, orders: sqlite3.Connection) -> None:
    orders.execute("DROP TABLE orders")
    with pytest.raises(SourceError, match=r"events: its rows cannot be counted: no such table: orders\. Check the"):
        came(company_with(tmp_path, events=sql()), "events")


def test_rows_are_counted_as_they_would_land(tmp_path: Path) -> None:
    company = company_with(tmp_path)
    deliver(tmp_path, [DAY])
    assert rows_now(company, company.tables["interactions"], DAY) == 2 * PER_DAY
    # A feed that forgets is not one that has changed.
    assert rows_now(company, company.tables["interactions"], day(9)) is None


def test_a_simulated_world_is_counted_where_it_landed_and_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("it is simulated")

    monkeypatch.setattr(simulated, "simulate", never)
    company = shop(tmp_path)
    assert not tells_arrival(company, company.tables["events"])
    assert rows_now(company, company.tables["events"], DAY) is None
    assert changed_at(company, company.tables["events"], DAY) is None
    assert not list(own_home.glob("**/*.parquet"))


@pytest.mark.parametrize(
    ("source", "tells", "may_lack"),
    [
        ({"connector": "files", "path": "{date}.csv"}, True, False),
        ({"connector": "files", "path": "{date}.csv", "missing_day": "empty"}, True, True),
        ({"connector": "files", "path": "all.csv"}, True, False),
        (sql(), True, False),
        (sql(""), False, False),
    ],
)
def test_which_feeds_tell(tmp_path: Path, source: dict[str, str], tells: bool, may_lack: bool) -> None:
    company = company_with(tmp_path, deliveries=source)
    spec = company.tables["deliveries"]
    assert (tells_arrival(company, spec), may_lack_days(company, spec)) == (tells, may_lack)


def test_tables_of_which_days_without_rows_are_usual_and_states_in_one_file(tmp_path: Path) -> None:
    customers = {"connector": "files", "path": "customers.csv"}
    company = company_with(tmp_path, treatments=sql(), customers=customers)
    assert may_lack_days(company, company.tables["treatments"])
    assert not tells_arrival(company, company.tables["customers"])

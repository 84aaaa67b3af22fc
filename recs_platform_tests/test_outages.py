"""Errors as the world raises them, none of them made up: which of them a rerun may cure, and as what they are told."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from recs_platform.errors import ErrorKind, kind_of
from recs_platform.outages import may_recover
from recs_platform.platform_db import engine as platform_engine
from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.locks import lock
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.sources.connectors.sql import count_sql
from recs_platform.warehouse.lake.storage_errors import storage_failure
from recs_platform_tests.automation.sensors.lifts import FEEDS, lifts
from recs_platform_tests.stores.postgres_server import PostgresServer, own_postgres

DAY = date(2025, 9, 3)


def raised(work: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:
        work()
    return caught.value


def _refused(_: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        socket.create_connection(closed.getsockname(), timeout=5)


def _silent(_: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()) as asking:
            asking.settimeout(0.01)
            asking.recv(1)


def _hung_up(_: Path) -> None:
    here, there = socket.socketpair()
    there.close()
    with here:
        here.sendall(b"?")


def _unknown_host(_: Path) -> None:
    socket.getaddrinfo("no-such-host.invalid", 80)


def _full(_: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123  (a device)
        full.write("rows")


def _not_there(folder: Path) -> None:
    (folder / "missing").read_text()


def _busy(folder: Path) -> None:
    path = folder / "busy.db"
    with sqlite3.connect(path) as holder, sqlite3.connect(path, timeout=0.01) as other:
        holder.execute("CREATE TABLE t (n)")
        holder.commit()
        holder.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO t VALUES (1)")


def _no_table(folder: Path) -> None:
    sqlite3.connect(folder / "empty.db").execute("SELECT * FROM goods")


def _no_database(folder: Path) -> None:
    (folder / "other.db").write_text("not a database, whatever it is called " * 50)
    sqlite3.connect(folder / "other.db").execute("SELECT * FROM sqlite_master")


@pytest.mark.parametrize(
    ("provoke", "passes"),
    [
        (_refused, True),
        (_silent, True),
        (_hung_up, True),
        (_unknown_host, True),
        (_busy, True),
        (_full, False),
        (_not_there, False),
        (_no_table, False),
        (_no_database, False),
    ],
)
def test_what_may_be_gone_at_the_next_try(provoke: Callable[[Path], None], passes: bool, tmp_path: Path) -> None:
    assert may_recover(raised(lambda: provoke(tmp_path))) is passes


def test_a_full_disk_is_a_persons_to_settle(tmp_path: Path) -> None:
    failure = storage_failure(raised(lambda: _full(tmp_path)), "events")  # type: ignore[arg-type]
    assert failure is not None
    assert kind_of(failure) is ErrorKind.MISTAKE


def test_the_platforms_database_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform_engine, "SQLITE_WAIT_MS", 20)
    one, other = (engine(f"sqlite:///{tmp_path / 'platform.db'}") for _ in range(2))
    with one.begin() as holding:
        holding.execute(text("CREATE TABLE t (n INTEGER)"))
    with one.connect() as holding:
        holding.exec_driver_sql("BEGIN IMMEDIATE")

        def write() -> None:
            with other.begin() as asking:
                asking.execute(text("INSERT INTO t VALUES (1)"))

        assert kind_of(raised(write)) is ErrorKind.TRANSIENT


def test_a_lock_that_somebody_holds(tmp_path: Path) -> None:
    def take() -> None:
        with lock(tmp_path, "lake", patience=0):
            pass

    with lock(tmp_path, "lake"), ThreadPoolExecutor(1) as another:
        assert kind_of(raised(another.submit(take).result)) is ErrorKind.TRANSIENT


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_postgres() as own:
        yield own


@pytest.mark.slow
def test_a_postgres_that_is_restarted_in_the_middle(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", server.url)
    sql = {"connector": "sql", "url_env": "SHOP_URL", "query": "SELECT 1 AS n"}
    files = {feed: {"connector": "files", "path": f"{feed}/{{date}}.csv"} for feed in FEEDS}
    company = lifts(tmp_path, sources={**files, "events": sql})
    events = SourceRequest(company, company.tables["events"], DAY, DAY)
    opened: Engine = engine(server.url)

    def ask() -> object:
        return count_sql(events, company.sources["events"])  # type: ignore[arg-type]

    assert ask() == 1
    wrong = raised(lambda: _run(opened, "SELECT * FROM goods"))
    assert kind_of(wrong) is ErrorKind.DEFECT

    with opened.connect() as connection:
        connection.execute(text("SELECT 1"))
        server.stop()
        assert kind_of(raised(lambda: connection.execute(text("SELECT 1")))) is ErrorKind.TRANSIENT
    assert kind_of(raised(lambda: _run(opened, "SELECT 1"))) is ErrorKind.TRANSIENT
    assert kind_of(raised(ask)) is ErrorKind.TRANSIENT
    server.start()
    monkeypatch.setenv("SHOP_URL", server.url)
    assert ask() == 1


def _run(opened: Engine, query: str) -> None:
    with opened.connect() as connection:
        connection.execute(text(query))

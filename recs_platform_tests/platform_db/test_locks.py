"""The contract of the platform's lock, wherever it is held: in a folder, a database or a transaction, of either engine.

Holders and waiters are processes, and die by SIGKILL.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from recs_platform.errors import LockBusyError, kind_of
from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.locks import is_locked, lock
from recs_platform_tests.platform_db.jobs import Asking
from recs_platform_tests.warehouse.processes import PATIENCE


@dataclass
class Place:
    """Where a lock is held: a folder, or a database's URL."""

    where: str
    transaction: bool = False

    @contextmanager
    def lock(self, name: str, patience: float | None = None, busy: str | None = None) -> Iterator[None]:
        with ExitStack() as opened:
            database = engine(self.where) if "://" in self.where else None
            if database is None:
                opened.enter_context(lock(Path(self.where), name, patience=patience, busy=busy))
            else:
                opened.callback(database.dispose)
                held = opened.enter_context(database.begin()) if self.transaction else database
                opened.enter_context(lock(held, name, patience=patience, busy=busy))
            yield

    def process(self, name: str = "orders") -> Asking:
        return Asking.started(self.where, name, in_transaction=self.transaction)


OWN = ["folder", "sqlite", "postgres"]
NAMED = [*OWN, "postgres transaction"]
"""Where a name excludes none but itself: a SQLite transaction has the one write lock of its database."""


@pytest.fixture(params=[*NAMED, "sqlite transaction"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    kind, _, transaction = request.param.partition(" ")
    if kind == "folder":
        return Place(str(tmp_path / "locks"))
    url = f"sqlite:///{tmp_path / 'platform.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    return Place(url, bool(transaction))


named = pytest.mark.parametrize("place", NAMED, indirect=True)


def wait_until_waiting(place: Place, count: int) -> None:
    """So many wait for the lock: they have a ticket, or PostgreSQL has them in its queue."""
    deadline = time.monotonic() + PATIENCE
    while _waiting(place) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _waiting(place: Place) -> int:
    if not place.where.startswith("postgresql"):
        folder = Path(place.where.removeprefix("sqlite:///"))
        return len(list((folder if folder.is_dir() else folder.parent).glob("*.lock.*")))
    with engine(place.where).connect() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return int(connection.scalar(text(waiting)) or 0)


def waits_in_vain(place: Place, name: str) -> None:
    said = r"^the shop is busy; waited 0.2 s\. Try again\.$"
    with pytest.raises(LockBusyError, match=said), place.lock(name, patience=0.2, busy="the shop is busy"):
        raise AssertionError("unreachable")


@pytest.mark.slow
def test_one_process_at_a_time(place: Place) -> None:
    with place.lock("orders"):
        waiting = place.process()
        reading = threading.Thread(target=lambda: heard.append(waiting.says()))
        heard: list[str] = []
        reading.start()
        time.sleep(0.3)
        assert heard == []
    reading.join(PATIENCE)
    assert heard == ["holds"]
    waiting.end()


@pytest.mark.slow
def test_who_is_killed_lets_go(place: Place) -> None:
    holder = place.process()
    assert holder.says() == "holds"
    holder.kill()
    with place.lock("orders", patience=PATIENCE):
        pass


@pytest.mark.slow
def test_who_is_killed_while_it_waits_keeps_nobody_else_waiting(place: Place) -> None:
    with place.lock("orders"):
        killed = place.process()
        if place.transaction and place.where.startswith("sqlite"):
            time.sleep(0.3)  # nobody can see who waits for SQLite
        else:
            wait_until_waiting(place, 1)
        killed.kill()
    with place.lock("orders", patience=PATIENCE):
        pass


def test_a_thread_that_takes_it_twice_is_told(place: Place) -> None:
    said = r"^'orders' is locked by this thread already"
    with place.lock("orders"), pytest.raises(RuntimeError, match=said) as error, place.lock("orders"):
        raise AssertionError("unreachable")
    assert kind_of(error.value) == "defect"
    with place.lock("orders", patience=PATIENCE):
        pass


def test_it_is_let_go_when_the_work_fails(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), place.lock("orders"):
        raise ZeroDivisionError
    with place.lock("orders", patience=PATIENCE):
        pass


@named
def test_who_waits_in_vain_says_for_what(place: Place) -> None:
    holder = place.process()
    assert holder.says() == "holds"
    waits_in_vain(place, "orders")
    holder.end()


@named
def test_each_name_is_a_lock_of_its_own(place: Place) -> None:
    with place.lock("orders"), place.lock("orders allocation", patience=0.2), place.lock("a/b", patience=0.2):
        pass


@named
def test_another_thread_of_the_process_waits(place: Place) -> None:
    with ThreadPoolExecutor(1) as threads, place.lock("orders"):
        threads.submit(waits_in_vain, place, "orders").result(PATIENCE)


@pytest.mark.slow
@named
def test_who_waits_is_served_in_the_order_of_coming(place: Place) -> None:
    """One that takes it again and again would otherwise starve those who look now and then whether it is free."""
    with place.lock("orders"):
        waiting = []
        for number in range(3):
            waiting.append(place.process())
            wait_until_waiting(place, number + 1)
    with ThreadPoolExecutor(1) as threads:
        again = threads.submit(_take, place)
        for process in waiting:
            assert process.says() == "holds"
            assert not again.done()
            process.end()
        again.result(PATIENCE)


def _take(place: Place) -> None:
    with place.lock("orders", patience=PATIENCE):
        pass


@pytest.mark.parametrize("place", OWN, indirect=True)
def test_whether_it_is_held(place: Place) -> None:
    where = engine(place.where) if "://" in place.where else Path(place.where)
    assert not is_locked(where, "orders")
    holder = place.process()
    assert holder.says() == "holds"
    assert is_locked(where, "orders")
    assert not is_locked(where, "visits")
    holder.end()
    assert not is_locked(where, "orders")
    with lock(where, "orders"):
        assert is_locked(where, "orders")


def test_what_an_older_version_or_a_killed_waiter_left_holds_nothing(tmp_path: Path) -> None:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    for name in (
        "platform.db.lock",
        "platform.db.shop.publishing.lock",
        "platform.db.publishing.shop.lock",
        f"platform.db.publishing.shop.lock.{0:020}-1-1",
        "acme.lock",
    ):
        (tmp_path / name).touch(mode=0o444)
    with lock(database, "publishing shop", patience=1), lock(tmp_path, "acme", patience=1):
        pass
    assert not (tmp_path / f"platform.db.publishing.shop.lock.{0:020}-1-1").exists()
    with database.connect() as connection, lock(connection, "models shop"):
        pass
    database.dispose()


def test_nothing_but_the_lock_file_stays(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: _take(Place(str(tmp_path))), range(40)))
    assert list(tmp_path.iterdir()) == [tmp_path / "orders.lock"]

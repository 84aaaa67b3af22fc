"""Tables of a company are swept, and nothing of them that is live or can come back; nobody is met at it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.automation.housekeeping.sweeping import Swept
from recs_platform.automation.housekeeping.tables import sweep_tables
from recs_platform.automation.locks import company_lock
from recs_platform.errors import StorageError
from recs_platform.file_store.local import LocalFiles
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.locks import lock
from recs_platform.strategies.catalogue import company_named, pipelines
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.warehouse.memory import MemoryWarehouse

SOON = datetime.now(UTC)


class Noted(MemoryWarehouse):
    """A warehouse that says which tables it was asked to sweep, and fails at those of one company."""

    def __init__(self, failing: str = "") -> None:
        super().__init__()
        self.swept: list[str] = []
        self.failing = failing

    def vacuum(self, table: TableRef, *, dry_run: bool = False) -> Mapping[str, int]:
        if table.dataset == self.failing:
            raise StorageError(f"{table} cannot be read")
        self.swept.append(str(table))
        return {"a.parquet": 7}


def swept(warehouse: Noted, home: Path, instance: Any = None) -> Swept:
    companies = {name: company_named(name) for name in ("acme", "concord")}
    instance = instance or SimpleNamespace(root_directory=str(home))
    return Swept(
        companies, pipelines(), warehouse, opened_database(), instance, LocalFiles(home), SOON, timedelta(days=90)
    )


def of_tables(swept: Swept, **options: Any) -> dict[str, Freed]:
    told = {freed.what: freed for freed in swept.sweep(**options)}
    return {name: told[f"tables of {name}"] for name in swept.companies}


def test_every_table_and_every_live_one_is_swept(own_home: Path) -> None:
    warehouse, acme = Noted(), company_named("acme")
    pipeline = pipelines()[acme.strategy.name]
    freed = sweep_tables(acme, pipeline, warehouse, opened_database())
    live = {product.live.name for product in pipeline.products.values()}
    assert {name.rpartition(".")[2] for name in warehouse.swept} == {*pipeline.tables, *live}
    assert (freed.files, freed.size) == (len(warehouse.swept), 7 * len(warehouse.swept))


def test_a_company_that_runs_is_left_alone_and_keeps_no_other_waiting(own_home: Path) -> None:
    warehouse = Noted()
    with held(company_lock("acme")):
        told = of_tables(swept(warehouse, own_home), patience=0)
        assert told["acme"].busy
        assert "a run of acme is going on" in told["acme"].problem
        assert told["acme"].files == 0
        assert told["concord"].files > 0
        foretold = of_tables(swept(warehouse, own_home), dry_run=True, patience=0)
        assert foretold["acme"].files > 0, "who only looks waits for nobody"


def test_a_company_that_runs_is_waited_for_after_the_others(own_home: Path) -> None:
    warehouse, released = Noted(), threading.Event()
    with held(company_lock("acme"), released):
        begun = swept(warehouse, own_home).sweep(patience=60)
        assert next(begun).what == "tables of concord"
        released.set()
        assert next(begun).what == "tables of acme"
    assert [name for name in warehouse.swept if name.startswith("acme")]


def test_one_that_fails_keeps_no_other_from_it(own_home: Path) -> None:
    told = of_tables(swept(Noted(failing="acme"), own_home), patience=0)
    assert "cannot be read" in told["acme"].problem
    assert not told["acme"].busy
    assert told["concord"].files > 0
    assert not told["concord"].problem


def test_one_at_a_time_does(own_home: Path) -> None:
    with held(lock(opened_database(), "housekeeping")):
        warehouse = Noted()
        (told,) = swept(warehouse, own_home).sweep()
        assert told.busy
        assert "housekeeping is under way" in told.problem
        assert warehouse.swept == []
        assert of_tables(swept(Noted(), own_home), dry_run=True)["acme"].files > 0


def held(lock: Any, released: threading.Event | None = None) -> Any:
    """A lock that somebody else holds, until it is released or the block ends."""
    return _Held(lock, released or threading.Event())


class _Held:
    def __init__(self, lock: Any, released: threading.Event) -> None:
        self.lock, self.released, self.taken = lock, released, threading.Event()

    def __enter__(self) -> None:
        self.thread = threading.Thread(target=self._hold)
        self.thread.start()
        assert self.taken.wait(20)

    def _hold(self) -> None:
        with self.lock:
            self.taken.set()
            self.released.wait(60)

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.thread.join()

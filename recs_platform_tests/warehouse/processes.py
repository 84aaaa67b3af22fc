"""Writers and readers in processes of their own, forked from one that has imported everything already."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Queue
from typing import Any
from unittest.mock import patch

from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.emulator import EMULATOR
from recs_platform_tests.stores.fixtures import VARIABLES
from recs_platform_tests.stores.proxy import LOST, Fault, Proxy
from recs_platform_tests.warehouse.conftest import open_at
from recs_platform_tests.warehouse.tables import ref, stored, visits, write

PATIENCE = 60
"""Seconds after which a process that does not answer is a failure."""

# delta-rs and DuckDB run threads, which a plain fork would break; the server that forks for us has none.
FORKING = multiprocessing.get_context("forkserver")
_PRELOADED = [__name__]
FORKING.set_forkserver_preload(_PRELOADED)


def preload(module: str) -> None:
    """The server that forks imports this one too, if nobody has started it yet."""
    _PRELOADED.append(module)
    FORKING.set_forkserver_preload(_PRELOADED)


def start(job: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process that ends with the test, whatever happens."""
    # The server that forks has the environment of the moment when it was started.
    environment = {name: value for name, value in os.environ.items() if name.startswith((*VARIABLES, EMULATOR))}
    process = FORKING.Process(target=_run, args=(environment, job, *arguments), daemon=True)
    process.start()
    return process


def end_at_a_change(proxy: Proxy, changes: int, job: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process that is killed when the store behind the proxy has made a change more than so many, before it learns of
    it; not at all when it makes no more."""
    processes: Queue[BaseProcess] = Queue()

    def kill() -> None:
        processes.get(timeout=PATIENCE).kill()

    proxy.faults[:] = [Fault(LOST, "^(PUT|POST|DELETE) ", spared=changes, kill=kill)]
    processes.put(process := start(job, *arguments))
    process.join(PATIENCE)
    return process


def _run(environment: dict[str, str], job: Callable[..., None], *arguments: object) -> None:
    os.environ.update(environment)
    job(*arguments)


def replace_for_ever(root: str, scratch: Path, of: Days, rows: int, first_mark: int, told: Any) -> None:
    """Replace one slice over and over, each time with rows that carry the next mark, and tell each."""
    warehouse = open_at(root, scratch)
    mark = first_mark
    while True:
        write(warehouse, of, visits(of, each=rows, pages=mark))
        told.send(mark)
        mark += 1


def write_once(root: str, scratch: Path, of: Days, rows: int, mark: int) -> None:
    write(open_at(root, scratch), of, visits(of, each=rows, pages=mark))


def replace_in_turn(
    root: str, scratch: Path, ranges: Sequence[Days], rows: int, mark: int, gate: Any, answers: Any, midway: Any = None
) -> None:
    """Replace each range once, with rows that carry the mark, when everybody is ready; the second half of them when
    everybody is midway."""
    warehouse = open_at(root, scratch)
    gate.wait(PATIENCE)
    for number, of in enumerate(ranges):
        if midway and number == len(ranges) // 2:
            midway.wait(PATIENCE)
        write(warehouse, of, visits(of, each=rows, pages=mark))
    answers.put(mark)


def write_and_die_before_it_is_entered(root: str, scratch: Path, database: str, of: Days, mark: int) -> None:
    """Replace days, and be killed between the commit and the ledger."""
    warehouse = open_at(root, scratch, ledger=DatabaseLedger(database))
    with patch.object(DatabaseLedger, "advance", lambda *_: os.kill(os.getpid(), signal.SIGKILL)):
        write(warehouse, of, visits(of, each=2, pages=mark), note={"run": f"killed {mark}"})


def write_with_a_ledger(
    root: str, scratch: Path, database: str, ranges: Sequence[Days], mark: int, gate: Any, answers: Any
) -> None:
    """Replace each range once, when everybody is ready, and look after each at what there is."""
    warehouse = open_at(root, scratch, ledger=DatabaseLedger(database))
    gate.wait(PATIENCE)
    for of in ranges:
        write(warehouse, of, visits(of, each=mark, pages=mark), note={"run": f"w{mark}"})
        assert set(of) <= set(warehouse.days(ref()))
    answers.put(mark)


def watch(root: str, scratch: Path, rows: int, gate: Any, done: Any, answers: Any, midway: Any = None) -> None:
    """Read over and over until told to stop; answers how often, and every slice that was not one writer's, whole. Is
    midway when it has read twice."""
    warehouse = open_at(root, scratch)
    gate.wait(PATIENCE)
    reads, torn = 0, []
    while reads == 0 or not done.is_set():
        torn += torn_slices(seen(warehouse), rows)
        reads += 1
        if midway and reads == 2:
            midway.wait(PATIENCE)
    answers.put((reads, torn))


def seen(warehouse: Warehouse) -> dict[date, Counter[int]]:
    """Day: how many rows of each mark it has."""
    found: dict[date, Counter[int]] = {day: Counter() for day in warehouse.days(ref())}
    for row in stored(warehouse):
        found.setdefault(row["event_date"], Counter())[row["pages"]] += 1
    return found


def torn_slices(slices: dict[date, Counter[int]], rows: int) -> list[str]:
    return [f"{day}: {dict(marks)}" for day, marks in slices.items() if list(marks.values()) != [rows]]

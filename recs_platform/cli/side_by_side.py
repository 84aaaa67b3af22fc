"""Several companies at once: a process for each, as many as there are cores, reporting each run as it ends.

A company's own runs stay one after the other, as everywhere. Ctrl-C ends the runs that go on, and no other begins:
a run hears it by itself (Dagster listens while it works), and what waits is told by an event that all processes share.
A process that is killed ends the others: with this one they go at once, and without one of them this one says so.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from recs_platform.errors import TransientError
from recs_platform.process import collect_garbage_rarely

if TYPE_CHECKING:
    from recs_platform.automation.plan import Step
    from recs_platform.automation.sequence import Ended

_POLL_SECONDS = 0.2
_reports: Any = None
_stopped: Any = None
"""In a worker process: where it puts the runs that ended, and whether it should begin another."""


@dataclass(frozen=True)
class Processes:
    """Processes that carry out companies' runs, and how they speak with this one."""

    pool: ProcessPoolExecutor
    reports: Any
    stopped: Any


@contextmanager
def company_processes(companies: int) -> Iterator[Processes]:
    """Processes that load the platform at once, while this one still plans what they are to do: one for each company,
    as many as there are cores."""
    from recs_platform.process import cores

    count = min(cores(), companies)
    context = multiprocessing.get_context("spawn")
    reports, stopped = context.Queue(), context.Event()
    with ProcessPoolExecutor(count, context, initializer=_remember, initargs=(reports, stopped)) as pool:
        with _children_deaf_to_ctrl_c():
            for _ in range(count):
                pool.submit(_load)
        try:
            yield Processes(pool, reports, stopped)
        finally:
            stopped.set()


def run_companies(steps: Sequence[Step], processes: Processes) -> Iterator[Ended]:
    """Carry out the runs of several companies; each is given back when it ends."""
    from recs_platform.automation.instance import instance

    instance().dispose()  # its databases are made here, before several processes want them
    work: dict[str, Future[int]] = {}
    try:
        with _children_deaf_to_ctrl_c():
            for name in dict.fromkeys(step.company for step in steps):
                work[name] = processes.pool.submit(_run_company, [s for s in steps if s.company == name])
        yield from _reported(processes.reports, list(work.values()))
        for done in work.values():
            done.result()
    except BrokenProcessPool:
        raise _killed(steps, work) from None


def _killed(steps: Sequence[Step], work: Mapping[str, Future[int]]) -> TransientError:
    complete = {name for name, done in work.items() if done.done() and not done.exception()}
    others = sorted({step.company for step in steps} - complete)
    return TransientError(
        "a process that ran companies was killed (perhaps the machine ran out of memory), which ended the others; not "
        f"all runs of {' and '.join(others)} were made. Nothing half-done was published. The same command goes on "
        "where it stopped."
    )


@contextmanager
def _children_deaf_to_ctrl_c() -> Iterator[None]:
    """A process that begins here ignores Ctrl-C from its very start; in the middle of its imports it would break off
    with a traceback."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _reported(reports: Any, work: Sequence[Future[int]]) -> Iterator[Ended]:
    """Everything the processes report, until all have ended and said how many runs they made."""
    given = 0
    while True:
        finished = all(future.done() for future in work)
        if finished and given >= sum(future.result() for future in work):
            return
        try:
            report = reports.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if report.outcome.summary.interrupted and any(map(_is_broken, work)):
            # The pool stops the other processes as Ctrl-C would.
            raise BrokenProcessPool
        given += 1
        yield report


def _is_broken(work: Future[int]) -> bool:
    return work.done() and isinstance(work.exception(), BrokenProcessPool)


def _remember(reports: Any, stopped: Any) -> None:
    global _reports, _stopped
    collect_garbage_rarely()
    _reports, _stopped = reports, stopped
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """Nobody waits for this process any more, and nobody would tell it to stop. What it was doing ends as by a kill:
    whole or not at all."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _load() -> None:
    """What every run needs takes seconds to import."""
    import recs_platform.definitions  # noqa: F401


def _run_company(steps: list[Step]) -> int:
    from recs_platform.automation.instance import instance
    from recs_platform.automation.sequence import carried_out
    from recs_platform.definitions import defs_of

    count = 0
    if _stopped.is_set():
        return count
    with instance() as dagster:
        for ended in carried_out(defs_of(steps[0].strategy), dagster, steps):
            _reports.put(ended)
            count += 1
            if ended.outcome.summary.interrupted:
                _stopped.set()
            if _stopped.is_set():
                break
    return count

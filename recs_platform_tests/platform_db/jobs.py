"""Processes that ask for a lock and say so, or upgrade a database at the same moment. They can be killed."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from recs_platform.platform_db import engine as platform
from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.locks import lock
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start


@dataclass(frozen=True)
class Asking:
    """A process that asks for a lock; it says when it holds it, and goes on until it is told to end."""

    process: BaseProcess
    talk: Connection

    @classmethod
    def started(cls, place: str, name: str, *, in_transaction: bool) -> Asking:
        here, there = FORKING.Pipe()
        asking = cls(start(_ask, place, name, in_transaction, there), here)
        there.close()
        assert asking.says() == "asks"
        return asking

    def says(self) -> str:
        assert self.talk.poll(PATIENCE)
        return str(self.talk.recv())

    def end(self) -> None:
        self.talk.send("go")
        self.process.join(PATIENCE)
        assert self.process.exitcode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.join(PATIENCE)


def _ask(place: str, name: str, in_transaction: bool, talk: Connection) -> None:
    where: Any = engine(place) if "://" in place else Path(place)
    with ExitStack() as opened:
        if in_transaction:
            where = opened.enter_context(where.begin())
        talk.send("asks")
        opened.enter_context(lock(where, name))
        talk.send("holds")
        talk.recv()


def upgrade_slowly(url: str, gate: Any) -> None:
    """When everybody is at the gate; it lingers before the commit, so that they meet."""
    import alembic.command  # noqa: F401  (takes long)

    migrate = platform._migrate

    def linger(connection: Any) -> None:
        migrate(connection)
        time.sleep(0.3)

    platform._migrate = linger
    gate.wait(PATIENCE)
    platform.upgrade(engine(url))

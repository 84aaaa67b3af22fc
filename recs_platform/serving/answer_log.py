"""What was recommended, and what became of it, on its way to the platform database.

An answer is appended to a spool on the disk, which takes some microseconds and needs no database. Beside the requests
it is shipped in batches; each has an id, so that what is shipped twice is kept once. A reaction is kept before it is
answered. Not here: files that wait (spool.py), and how this lands as a table (`sources/connectors/service.py`).
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.errors import PlatformError
from recs_platform.platform_db.serving_tables import ServedAnswer, ServedReaction
from recs_platform.serving.clock import Clock, now
from recs_platform.serving.items import id_of, items_of
from recs_platform.serving.protocols import Recommended
from recs_platform.serving.spool import Spool, taken

MOST_BYTES = 256 * 2**20
"""That may wait on the disk: an hour without a database at a hundred lists a second."""
SHIP_SECONDS = 1.0
_LONGEST_WAIT = 30.0
_END_SECONDS = 5.0
"""That the end waits for a database that hangs."""
_ROWS_AT_ONCE = 500
_MOST_CHARACTERS = 40
_TURN_SECONDS = 0.0002
_log = logging.getLogger(__name__)


class SpooledAnswerLog:
    """`keeps` says of which companies answers are kept; reactions are of all."""

    def __init__(
        self,
        database: Engine,
        folder: Path,
        keeps: Callable[[str], bool],
        *,
        clock: Clock = now,
        most_bytes: int = MOST_BYTES,
        ship_seconds: float = SHIP_SECONDS,
    ) -> None:
        self._database, self._keeps, self._clock = database, keeps, clock
        self._ship_seconds = ship_seconds
        self.spool = Spool(folder, most_bytes)
        self._told = False
        self._task: asyncio.Task[None] | None = None
        self.shipped = 0
        """Answers that are in the database by this process's doing."""

    def served(self, answer: Recommended) -> None:
        if not self._keeps(answer.company):
            return
        line = b"%b\n" % orjson.dumps(
            {
                "id": answer.request_id,
                "company": answer.company,
                "product": answer.product,
                "version": answer.version,
                "customer_id": answer.customer_id,
                "answered_at": answer.answered_at,
                "rows": orjson.Fragment(answer.items),
            }
        )
        kept = self.spool.append(line)
        if kept == self._told:  # it begins to fail, or no longer does
            self._told = not kept
            if not kept:
                _log.warning("answers are not kept: %s", self.spool.trouble)

    async def react(self, company: str, events: Sequence[Mapping[str, Any]]) -> int:
        received = self._clock()
        rows = [{**event, "company": company, "received_at": received} for event in events]
        return await asyncio.to_thread(_insert, self._database, ServedReaction, rows)

    async def start(self) -> None:
        # Who ships has the interpreter for so long at most while a request waits for it; usually it is 5 ms.
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_SECONDS))
        self._task = asyncio.create_task(self._ship_again_and_again())

    async def stop(self) -> None:
        """What still waits is shipped if the database is there, else by the next process."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await asyncio.to_thread(self.ship)

    async def _ship_again_and_again(self) -> None:
        wait = self._ship_seconds
        while True:
            await asyncio.sleep(wait)
            well = await asyncio.shield(asyncio.to_thread(self.ship))
            wait = self._ship_seconds if well else min(2 * wait, _LONGEST_WAIT)

    def ship(self) -> bool:
        """Everything that waits, a file after the other; False when the database does not take it just now."""
        self.spool.close()
        for path in self.spool.waiting():
            try:
                with taken(path) as content:
                    if content is None:
                        continue
                    for rows in _batches(_rows(content, self._clock())):
                        self.shipped += _insert(self._database, ServedAnswer, rows)
                    path.unlink(missing_ok=True)
                    self.spool.forget(len(content))
            except (PlatformError, SQLAlchemyError) as error:
                _log.warning("answers wait for the platform database: %s", error)
                return False
            except OSError as error:
                _log.warning("answers that wait cannot be read: %s", error.strerror)
                return False
        return True


def _rows(content: bytes, received: datetime) -> Iterator[dict[str, Any]]:
    """What cannot be read was broken off by a full disk or a kill: it never was an answer that somebody counts on."""
    for line in content.splitlines():
        try:
            said = orjson.loads(line)
            items = [_told(item) for item in items_of(said.pop("rows"))]
            answered = datetime.fromisoformat(said.pop("answered_at"))
        except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError, ValueError):
            continue
        yield {**said, "answered_at": answered, "received_at": received, "items": orjson.dumps(items).decode()}


def _told(item: Mapping[str, Any]) -> dict[str, Any]:
    told = {"item_id": id_of(item), "rank": item["rank"]}
    if isinstance(arm := item.get("version"), str):
        told["arm"] = arm[:_MOST_CHARACTERS]
    if item.get("propensity") is not None:
        told["propensity"] = item["propensity"]
    return told


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _insert(database: Engine, model: type[ServedAnswer | ServedReaction], rows: Sequence[Mapping[str, Any]]) -> int:
    """In one transaction; how many are new. Those that are there stay as they are."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  (a mapped class of one table)
    insert = postgresql.insert if database.dialect.name == "postgresql" else sqlite.insert
    kept, new = insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True), 0
    with database.begin() as connection:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = [dict(row) for row in rows[first : first + _ROWS_AT_ONCE]]
            # One statement for all rows, prepared once: a text of thousands of values is new each time.
            new += connection.execute(kept, some).rowcount
    return new

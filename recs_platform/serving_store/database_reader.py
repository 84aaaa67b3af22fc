"""How the service reads the platform database without ever blocking its event loop: PostgreSQL by a few connections of
its own, and a SQLite file directly, which takes a tenth of a millisecond.

One statement reads which version is live and a list of it, so an answer is of one version. Not here: filling it
(`database_store.py`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy.engine import make_url

from recs_platform.errors import UnavailableError
from recs_platform.platform_db.database_errors import shown
from recs_platform.platform_db.engine import file_of
from recs_platform.serving_store.protocol import Chunk, Served

_COLUMNS = ", ".join(field.name for field in fields(Served))
_LIST = (
    "SELECT v.id, v.digest, l.content FROM served_versions v "
    "LEFT JOIN served_lists l ON l.served_id = v.id AND l.customer_key = ? "
    "WHERE v.company = ? AND v.product = ? AND v.is_live"
)
_VERSION = f"SELECT {_COLUMNS} FROM served_versions WHERE id = ?"
_LIVE = "SELECT id, digest FROM served_versions WHERE is_live"
_FIRST = "SELECT customer_key, content FROM served_lists WHERE served_id = ? ORDER BY customer_key LIMIT ?"
_NEXT = _FIRST.replace("ORDER BY", "AND customer_key > ? ORDER BY")
_MOST_CONNECTIONS = 8
_SECONDS = 2.0
"""How long an answer of PostgreSQL may take."""


class Found(NamedTuple):
    id: int
    served: Served
    content: bytes | None


class Ask(Protocol):
    async def __call__(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that a statement gives. Raises an UnavailableError."""

    async def close(self) -> None:
        """Let go of connections."""


class DatabaseReader:
    def __init__(self, url: str) -> None:
        file = file_of(url)
        self._ask: Ask = _Postgres(url) if file is None else _Sqlite(file)
        self._versions: dict[tuple[int, str], Served] = {}

    async def close(self) -> None:
        await self._ask.close()

    async def read(self, company: str, product: str, key: bytes) -> Found | None:
        """What is live, and a customer's list of it; None where nothing is live."""
        rows = await self._ask(_LIST, (key, company, product))
        if not rows:
            return None
        ((id_, digest, content),) = rows
        served = await self._version(id_, digest)
        return None if served is None else Found(id_, served, None if content is None else bytes(content))

    async def live(self) -> Mapping[tuple[str, str], Served]:
        """Everything that is live, by company and product."""
        rows = await self._ask(_LIVE, ())
        self._versions = {key: served for key, served in self._versions.items() if key in rows}
        versions = [await self._version(id_, digest) for id_, digest in rows]
        return {(served.company, served.product): served for served in versions if served is not None}

    async def some(self, id_: int, after: bytes | None, count: int) -> Chunk:
        """Lists of a version, by customer: the first ones, or those after a customer."""
        rows = await (self._ask(_FIRST, (id_, count)) if after is None else self._ask(_NEXT, (id_, after, count)))
        return [(bytes(key), bytes(text)) for key, text in rows]

    async def _version(self, id_: int, digest: str) -> Served | None:
        """What is live never changes, so each is read once; None of one that is gone since."""
        if (id_, digest) not in self._versions:
            rows = await self._ask(_VERSION, (id_,))
            if not rows:
                return None
            self._versions[id_, digest] = _served(rows[0])
        return self._versions[id_, digest]


def _served(row: tuple[Any, ...]) -> Served:
    told = {field.name: value for field, value in zip(fields(Served), row, strict=True)}
    for name in ("generated_at", "published_at"):
        time = datetime.fromisoformat(told[name]) if isinstance(told[name], str) else told[name]
        told[name] = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if isinstance(told["as_of"], str):
        told["as_of"] = date.fromisoformat(told["as_of"])
    return Served(**told)


class _Sqlite:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None

    async def __call__(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=0.05)
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            await self.close()
            raise UnavailableError(f"platform database {self._file} does not answer ({error}).") from None

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Postgres:
    """Connections are opened when they are needed, and lent to one question at a time."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._where = shown(parsed)
        self._address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        self._idle: list[Any] = []
        self._places = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._going: set[asyncio.Task[Any]] = set()
        """Questions that nobody waits for any more."""

    async def __call__(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        import psycopg

        asking = asyncio.create_task(self._ask(statement, values))
        try:
            # Whose time is over is not waited for: the driver takes ten seconds to let go of a server that hangs.
            await asyncio.wait({asking}, timeout=_SECONDS)
            if not asking.done():
                raise TimeoutError
            return await asking
        except (psycopg.Error, TimeoutError, OSError) as error:
            why = str(error) or "no answer in time"
            raise UnavailableError(f"platform database {self._where} does not answer ({why.strip()}).") from None
        finally:
            self._let_go(asking)

    def _let_go(self, asking: asyncio.Task[Any]) -> None:
        if not asking.done():
            asking.cancel()
            self._going.add(asking)
            asking.add_done_callback(self._going.discard)

    async def _ask(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        import psycopg

        async with self._places:
            while self._idle:
                with suppress(psycopg.OperationalError):
                    return await self._asked(self._idle.pop(), statement, values)
                # The database has closed it since: it was started again, or something between was.
            new = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
            return await self._asked(new, statement, values)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _asked(self, connection: Any, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            cursor = await connection.execute(statement.replace("?", "%s"), values)
            rows: list[tuple[Any, ...]] = await cursor.fetchall()
        except BaseException:
            # Whatever went wrong, an answer may still be on its way.
            await connection.close()
            raise
        self._idle.append(connection)
        return rows

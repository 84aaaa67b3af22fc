"""The emulator of BigQuery, answering one request at a time. Run by the Python of its own environment.

All of its requests share one connection to its database, and readers do not wait for writers: of two requests at once,
one may be given the other's answer, or see rows of a transaction that is not committed. Google does neither.

Each of its steps parses the same text again, some fifteen times for a statement, which is four fifths of its time. Here
they are given what the first one parsed: those that change it a copy, the others the same.

Not here: when it is started and ended (emulator.py).
"""

from __future__ import annotations

import asyncio
import gc
import sys
from functools import lru_cache
from typing import Any

from bqemulator import server
from bqemulator.cli import main
from sqlglot.dialects.dialect import Dialect

_create_app, _parse = server.create_app, Dialect.parse
_TEXTS, _NEW_OBJECTS = 256, 50_000
_ONLY_READ = frozenset(
    {
        "_capture_dml_snapshots",
        "_detect_catalog_drop",
        "_detect_create_schema",
        "_detect_plain_create_table",
        "_detect_plain_create_view",
        "_parse_for_classification",
        "_reject_dml_on_immutable",
        "build_catalog_schema",
        "detect_drop_routine",
    }
)
"""Functions of the emulator that look at what `parse_one` gives them, and leave it as it is."""


class OneAtATime:
    def __init__(self, app: Any) -> None:
        self.app, self.turn = app, asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with self.turn:
            await self.app(scope, receive, send)


def _create_app_in_turn(*given: Any, **options: Any) -> Any:
    app = _create_app(*given, **options)
    app.add_middleware(OneAtATime)
    return app


@lru_cache(_TEXTS)
def _parsed(dialect: Dialect, sql: str) -> list[Any]:
    return _parse(dialect, sql)


def _parse_once(dialect: Dialect, sql: str, **options: Any) -> list[Any]:
    if any(value is not None for value in options.values()):
        return _parse(dialect, sql, **options)
    trees = _parsed(dialect, sql)
    # Between this function and who asks stands `parse_one`.
    if sys._getframe(2).f_code.co_name in _ONLY_READ:
        return list(trees)
    return [None if tree is None else tree.copy() for tree in trees]


if __name__ == "__main__":
    server.create_app = _create_app_in_turn
    Dialect.parse = _parse_once
    # Trees are many small objects, none of which is lost in a circle for long.
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    sys.exit(main())

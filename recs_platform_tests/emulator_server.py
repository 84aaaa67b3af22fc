"""The emulator of BigQuery, answering one request at a time. Run by the Python of its own environment.

All of its requests share one connection to its database, and readers do not wait for writers: of two requests at once,
one may be given the other's answer, or see rows of a transaction that is not committed. Google does neither.

It parses each statement a dozen times, which is most of its work: here once, and each asker gets a copy.

Not here: when it is started and ended (emulator.py).
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from bqemulator import server
from bqemulator.cli import main
from sqlglot import Dialect

_create_app = server.create_app
_REMEMBERED = 64
"""Statements: more than are asked between two parses of the same one."""


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


def parsed_once(parse: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @lru_cache(_REMEMBERED)
    def remembered(dialect: type[Dialect], sql: str, options: tuple[tuple[str, Any], ...]) -> list[Any]:
        return parse(dialect(), sql, **dict(options))

    def parse_or_copy(self: Dialect, sql: str, **options: Any) -> list[Any]:
        if self.settings:
            return parse(self, sql, **options)
        return [one and one.copy() for one in remembered(type(self), sql, tuple(options.items()))]

    return parse_or_copy


if __name__ == "__main__":
    Dialect.parse = parsed_once(Dialect.parse)
    server.create_app = _create_app_in_turn
    gc.freeze()
    gc.set_threshold(50_000)
    sys.exit(main())

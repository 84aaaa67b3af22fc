"""The emulator of BigQuery, answering one request at a time. Run by the Python of its own environment.

All of its requests share one connection to its database, and readers do not wait for writers: of two requests at once,
one may be given the other's answer, or see rows of a transaction that is not committed. Google does neither.

Not here: when it is started and ended (emulator.py).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from bqemulator import server
from bqemulator.cli import main

_create_app = server.create_app


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


if __name__ == "__main__":
    server.create_app = _create_app_in_turn
    sys.exit(main())

"""A job's page of partitions counts right: a mistake in a script of Dagster's UI, mended as the script is served.

The page turns the two parts of a partition (company, date) around in place, for one asset after the other. So every
other asset is looked up by (date, company), is not found, and the page says that all partitions are missing. It does so
wherever the other part's name sorts before the date's. Of a version without the mistake nothing is changed; a test then
fails, and this module goes.
"""

from __future__ import annotations

import re
from pathlib import Path

import dagster_webserver
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

SCRIPTS = Path(dagster_webserver.__file__).parent / "webapp" / "build" / "_next" / "static" / "chunks"
_WHERE = "isRangeDataInverted"
_TURNED_IN_PLACE = re.compile(r"=>(\w+)\((\w+)\?(\w+)\.reverse\(\):\3\)")
_TURNED_COPY = r"=>\1(\2?[...\3].reverse():\3)"


class MendedScripts:
    """An ASGI application before another one, which answers for the scripts that have the mistake."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.scripts = app, mended_scripts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].rpartition("/")[2] if scope["type"] == "http" else ""
        if name in self.scripts:
            await Response(self.scripts[name], media_type="application/javascript")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def mended_scripts() -> dict[str, str]:
    """Name: the text as it should be, of every script that has the mistake."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.rglob("*.js"))}
    mended = {name: _TURNED_IN_PLACE.sub(_TURNED_COPY, text) for name, text in texts.items() if _WHERE in text}
    return {name: text for name, text in mended.items() if text != texts[name]}
